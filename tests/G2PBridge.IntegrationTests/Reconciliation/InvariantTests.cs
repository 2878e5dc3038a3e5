using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>What verify says of reconciliation is red on exactly what somebody's SQL broke.</summary>
internal sealed class InvariantTests : ReconciliationTest
{
    [TestCase("I4", "entry 1-3", "delete from reconciliation.unmatched")]
    [TestCase("I4", "entry 1-1", "delete from reconciliation.match where entry_no = 1; update reconciliation.envelope_progress set reconciled = 1, reconciled_amount = 1000")]
    [TestCase("I4", "line ", "update reconciliation.match set ordinal = ordinal + 1 where entry_no = 1")]
    [TestCase("I6", "envelope E", "update reconciliation.envelope_progress set reconciled = reconciled - 1")]
    [TestCase("I8", "decision ", "alter table reconciliation.decision drop constraint ck_decision_second_person; update reconciliation.decision set confirmed_by = proposed_by")]
    public async Task A_row_changed_in_sql_is_named(string invariant, string offender, string tampering)
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Entry("D", "X", 5m, "FEE", "WHO KNOWS").Entry("D", "X", 7m, "FEE2", "WHO KNOWS"));
        var id = (string)(await OpenAsync())[1]!["id"]!;
        var proposed = await PostAsActorAsync($"v1/exceptions/{id}/decisions", "ana", new() { ["kind"] = "WRITE_OFF", ["reason"] = "x" });
        await PostAsActorAsync($"v1/exceptions/{id}/decisions/{proposed["id"]}/confirm", "ben", null);
        await AssertInvariantsHoldAsync();
        try
        {
            await ExecuteAsync($"set session_replication_role = replica; {tampering}; reset session_replication_role");
            var broken = new List<InvariantResult>();
            foreach (var check in TestHost.Services.GetServices<IInvariantCheck>())
            {
                broken.AddRange((await check.CheckAsync(CancellationToken.None)).Where(result => result.IsBroken));
            }

            Assert.That(broken.Select(result => result.Id).Distinct(), Is.EquivalentTo(new[] { "I7", invariant }));
            Assert.That(broken.First(result => result.Id == invariant).Offenders[0], Does.StartWith(offender));
        }
        finally
        {
            await ExecuteAsync(
                """
                set session_replication_role = replica;
                truncate reconciliation.decision cascade;
                reset session_replication_role;
                alter table reconciliation.decision drop constraint if exists ck_decision_second_person;
                alter table reconciliation.decision add constraint ck_decision_second_person check (confirmed_by is null or lower(confirmed_by) <> lower(proposed_by))
                """);
        }
    }
}
