using System.Diagnostics;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Envelopes;

/// <summary>What the watch for repeated people costs the intake. Run by hand: it measures, it does not judge.</summary>
[Explicit]
internal sealed class IntakeSpeedTests : IntegrationTest
{
    private const int PerCall = 10_000;
    private const int Calls = 10;

    [Test]
    public async Task Lines_a_second_for_new_people_and_for_people_who_are_all_in_another_envelope()
    {
        foreach (var id in new[] { "E1", "E2" })
        {
            await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(id, PerCall * Calls, PerCall * Calls * 10m, envelope => envelope["cycle_code_mnemonic"] = "2026-06"))));
            var bodies = Enumerable.Range(0, Calls).Select(call => Wire.Request(Wire.Lines(id, PerCall, 10m, (call * PerCall) + 1), $"{id}-{call}")).ToArray();
            var watch = Stopwatch.StartNew();
            foreach (var body in bodies)
            {
                Assert.That((await PostAsync("create_disbursements", body)).Succeeded());
            }

            TestContext.Out.WriteLine($"{id}: {PerCall * Calls / watch.Elapsed.TotalSeconds:N0} lines/s, held {await ScalarAsync<long>("select count(*) from envelopes.line_hold")}");
        }
    }

    [Test]
    public async Task Places_in_their_order_against_places_as_they_come()
    {
        for (var round = 1; round <= 6; round++)
        {
            var scope = Entitlements.ScopeOf(new Envelope
            {
                Id = "E",
                CycleMnemonic = $"{round}",
                BenefitType = BenefitType.CashDigital,
                Unit = "USD",
                NumberOfBeneficiaries = 1,
                NumberOfDisbursements = 1,
                TotalQuantity = 1,
                ScheduleDate = default,
                ReceivedAt = default,
                Sender = "",
            });
            var watch = Stopwatch.StartNew();
            for (var call = 0; call < 20; call++)
            {
                var keys = Enumerable.Range(0, PerCall).Select(i => Entitlements.KeyOf(scope, $"B{(call * PerCall) + i}")).ToArray();
                var seqs = Enumerable.Range(0, PerCall).Select(i => (long)i).ToArray();
                if (round % 2 == 0)
                {
                    Array.Sort(keys, seqs);
                }

                await using var connection = await TestHost.Source.OpenConnectionAsync();
                await using var transaction = await connection.BeginTransactionAsync();
                await Entitlements.CopyAsync(connection, keys, seqs, CancellationToken.None);
                await TestHost.Services.GetRequiredService<BridgeDatabase>().CommitAsync(transaction, CancellationToken.None);
            }

            TestContext.Out.WriteLine($"{(round % 2 == 0 ? "in order" : "as they come")}: {20 * PerCall / watch.Elapsed.TotalSeconds:N0} places/s");
        }
    }
}
