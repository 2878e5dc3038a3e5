using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>
/// What the check of RS256 signatures costs the intake: two hosts on one database, with it and without, take turns with requests of 1,000 rows. Run by hand, best as
/// <c>dotnet test -c Release</c>; the ratio is what counts, and both sides carry the same client.
/// </summary>
[Explicit]
internal sealed class SignatureSpeedTests : IntegrationTest
{
    private const int Rows = 1000;
    private const int CallsPerTurn = 25;
    private const int Rounds = 8;

    [Test]
    public async Task With_RS256_checked_the_intake_is_at_least_four_fifths_as_fast_as_without()
    {
        using var rsa = RSA.Create(2048);
        var key = SigningKey.Read(Encoding.UTF8.GetBytes(rsa.ExportPkcs8PrivateKeyPem()), null, "k", null, Clock.GetUtcNow());
        await using var with = await StartAsync("true", rsa);
        await using var without = await StartAsync("false", rsa);
        var (on, off) = (new List<(double Seconds, double Cpu)>(), new List<(double Seconds, double Cpu)>());
        for (var round = -1; round < Rounds; round++)
        {
            // Whoever begins changes, so that neither always finds the fuller database.
            foreach (var host in round % 2 == 0 ? new[] { with, without } : [without, with])
            {
                var turn = await TurnAsync(host, $"E{round}{(host == with ? "on" : "off")}", key);
                if (round >= 0)
                {
                    (host == with ? on : off).Add(turn);
                }
            }
        }

        var rate = (List<(double Seconds, double Cpu)> turns) => Rows * CallsPerTurn * turns.Count / turns.Sum(turn => turn.Seconds);
        var ratios = on.Zip(off, (a, b) => b.Seconds / a.Seconds).Order().ToArray();
        TestContext.Out.WriteLine($"rows/s: with {rate(on):N0}, without {rate(off):N0}, ratio {rate(on) / rate(off):P1} (rounds {ratios[0]:P0} to {ratios[^1]:P0}, median {ratios[ratios.Length / 2]:P0})");
        TestContext.Out.WriteLine($"CPU seconds of this process for {Rows * CallsPerTurn * Rounds:N0} rows: with {on.Sum(turn => turn.Cpu):N2}, without {off.Sum(turn => turn.Cpu):N2}, ratio {off.Sum(turn => turn.Cpu) / on.Sum(turn => turn.Cpu):P1}");
        Assert.That(rate(on) / rate(off), Is.AtLeast(0.8));
    }

    private static async Task<WebApplication> StartAsync(string isRequired, RSA rsa)
    {
        var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("PartnerSignatures:Required", isRequired),
            ("PartnerSignatures:Keys:0:Partner", "PARTNER_TEST_PBMS"), ("PartnerSignatures:Keys:0:PublicKey", rsa.ExportSubjectPublicKeyInfoPem()));
        await host.StartAsync();
        return host;
    }

    private static async Task<(double Seconds, double Cpu)> TurnAsync(WebApplication host, string id, SigningKey key)
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(id, Rows * CallsPerTurn, Rows * CallsPerTurn * 10m))));
        var calls = Enumerable.Range(0, CallsPerTurn).Select(call => Encoding.UTF8.GetBytes(Wire.Request(Wire.Lines(id, Rows, 10m, (call * Rows) + 1), $"{id}-{call}").ToJsonString())).Select(body => (Body: body, Signature: key.Sign(body))).ToArray();
        using var process = Process.GetCurrentProcess();
        GC.Collect();
        var (watch, cpu) = (Stopwatch.StartNew(), process.TotalProcessorTime);
        foreach (var (body, signature) in calls)
        {
            Assert.That((await SignedPost.SendAsync(host, "create_disbursements", body, signature)).Code(), Is.Null);
        }

        process.Refresh();
        return (watch.Elapsed.TotalSeconds, (process.TotalProcessorTime - cpu).TotalSeconds);
    }
}
