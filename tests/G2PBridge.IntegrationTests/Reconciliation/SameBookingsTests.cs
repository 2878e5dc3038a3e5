using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>One script of bookings, written in every format a bank may use: each line must end the same.</summary>
internal sealed class SameBookingsTests : ReconciliationTest
{
    private static readonly (string Code, string Words)[] Reasons = [("AC04", "ACCOUNT_CLOSED"), ("AC01", "ACCOUNT_NOT_FOUND"), ("AC06", "ACCOUNT_DORMANT"), ("MD07", "ACCOUNT_DECEASED")];

    private static readonly string[] Formats =
    [
        "camt.053", "camt.053, one sum with its payments", "camt.053, one sum", "camt.054, then pain.002", "pain.002, then camt.054", "pain.002, camt.054, then camt.053",
    ];

    /// <summary>What became of one line.</summary>
    private sealed record Outcome(string DisbursementId, LineState State, decimal? Debited, DateOnly? ValueDate, decimal? Returned, string? Reason, DateOnly? ReturnDate);

    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task In_every_format_each_line_ends_with_the_same_state_value_returned_amount_and_reason()
    {
        var expected = await OutcomesAsync("MT940");
        Assert.Multiple(async () =>
        {
            Assert.That(expected.Take(4).Select(line => (line.State, line.Returned, line.Reason)), Is.EqualTo(Reasons.Select(reason => (LineState.Returned, (decimal?)112.35m, reason.Code))));
            Assert.That(expected.Skip(4).Select(line => (line.State, line.Debited)), Is.All.EqualTo((LineState.Sent, (decimal?)112.35m)));
            foreach (var format in Formats)
            {
                Assert.That(await OutcomesAsync(format), Is.EqualTo(expected), format);
            }
        });
    }

    private static async Task<List<Outcome>> OutcomesAsync(string format)
    {
        await TestHost.ResetAsync();
        var payments = await PayAsync(12, 112.35m);
        foreach (var text in Write(format, payments))
        {
            IdOf(await UploadAsync(text, text.StartsWith('<') ? "application/xml" : "text/plain"));
            await ReadAsync();
        }

        Assert.That((await OpenAsync()).Select(item => (string?)item!["explanation"]), Is.Empty, format);
        var outcomes = new List<Outcome>();
        foreach (var payment in payments)
        {
            var matches = await MatchesAsync(payment);
            var (debit, back) = (matches.SingleOrDefault(match => !match.IsReturn), matches.SingleOrDefault(match => match.IsReturn));
            outcomes.Add(new Outcome(payment.DisbursementId, await StateAsync(payment), debit?.Amount, debit?.ValueDate, back?.Amount, back?.ReasonCode, back?.ValueDate));
        }

        return outcomes;
    }

    private static string[] Write(string format, Payment[] payments)
    {
        var returned = payments.Zip(Reasons).ToList();
        string Camt(CamtText text) => returned.Aggregate(text, (statement, pair) => statement.Return(pair.First, pair.Second.Code)).ToString();
        string Singly(string kind) => Camt(payments.Aggregate(new CamtText(kind), (statement, payment) => statement.Debit(payment)));
        var report = payments.Select((payment, index) => (Payment: payment, Code: index < Reasons.Length ? Reasons[index].Code : null))
            .Aggregate(new StatusText(), (text, line) => text.Payment(line.Payment, line.Code is null ? "ACSC" : "RJCT", line.Code)).ToString();
        return format switch
        {
            "MT940" => [returned.Aggregate(payments.Aggregate(new StatementText(), (text, payment) => text.Debit(payment)), (text, pair) => text.Return(pair.First, pair.Second.Words)).ToString()],
            "camt.053" => [Singly("053")],
            "camt.053, one sum with its payments" => [Camt(new CamtText().Batch(payments, null, detailed: true))],
            "camt.053, one sum" => [Camt(new CamtText().Batch(payments, Bank.Orders.Single().IdempotencyKey, detailed: false))],
            "camt.054, then pain.002" => [Singly("054"), report],
            "pain.002, then camt.054" => [report, Singly("054")],
            _ => [report, Singly("054"), Singly("053")],
        };
    }
}
