using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>Books 100,000 payments and reports the rates; correctness is asserted, time is not.</summary>
internal sealed class LoadTests
{
    private const int Calls = 20;
    private const int PerCall = 5_000;

    [Test]
    public async Task A_hundred_thousand_payments_are_taken_booked_and_reported()
    {
        await using var bridge = await BridgeStub.StartAsync();
        await using var simulators = await TestSimulators.StartAsync(o =>
        {
            o.StatementCallbackUrl = bridge.Url + "/upload_mt940";
            o.Accounts.Add(new() { Number = "SPONSOR0001", OpeningBalance = 1_000_000_000m });
        });
        var bodies = Enumerable.Range(0, Calls).Select(c => JsonSerializer.Serialize(
            Payments($"L{c:D2}-", PerCall, 1_000m).Select((p, i) => i % 10 == 0 ? Payment((string)p["payment_reference_number"]!, bank: "OTHER") : p))).ToList();
        await simulators.PayAsync(Payments("WARM", 100));
        await simulators.WhenBookedAsync(100);

        var intake = new List<double>();
        var started = Stopwatch.GetTimestamp();
        foreach (var body in bodies)
        {
            var call = Stopwatch.GetTimestamp();
            Assert.That((string)(await simulators.BankAsync("initiate_payment", body))["status"]!, Is.EqualTo("success"));
            intake.Add(Stopwatch.GetElapsedTime(call).TotalMilliseconds);
        }

        var taken = Stopwatch.GetElapsedTime(started);
        await UntilAsync("all is booked", async () => !(await simulators.Bank.GetStringAsync("")).Contains("<td>Accepted, not yet booked</td><td class=\"n\">1", StringComparison.Ordinal)
            && (long)(await simulators.GetBankAsync("ledger/summary"))["accepted"]! == 0);
        var booked = Stopwatch.GetElapsedTime(started);
        var summary = await simulators.WhenBookedAsync(Calls * PerCall + 100);
        var entries = (long)summary["debits"]! + (long)summary["returns"]!;
        await UntilAsync("all is reported", () => Task.FromResult(bridge.Uploads.Sum(Entries) == entries));
        var reported = Stopwatch.GetElapsedTime(started);

        intake.Sort();
        TestContext.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"intake: {PerCall} payments, median {intake[Calls / 2]:F0} ms, slowest {intake[^1]:F0} ms; {Calls * PerCall / taken.TotalSeconds:F0}/s taken, {Calls * PerCall / booked.TotalSeconds:F0}/s taken and booked, {Calls * PerCall / reported.TotalSeconds:F0}/s to the delivered statement"));
        Assert.That(
            ((long)summary["debits"]!, (long)summary["paid_more_than_once"]!, (bool)summary["balances_match_ledger"]!, (bool)summary["legs_match"]!),
            Is.EqualTo((Calls * PerCall + 100L, 0L, true, true)));
        Assert.That((long)summary["returned"]!, Is.InRange(2_700, 3_300));
    }

    private static int Entries(BridgeStub.Upload upload)
    {
        var count = 0;
        for (var at = upload.Text.IndexOf("\n:61:", StringComparison.Ordinal); at >= 0; at = upload.Text.IndexOf("\n:61:", at + 5, StringComparison.Ordinal))
            count++;
        return count;
    }
}
