using System.Net.Http.Headers;
using System.Security.Cryptography;
using Npgsql;

namespace G2PBridge.ProcessTests.Commands;

/// <summary>A host that says everything it can say, and none of its secrets.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class SecretLogTests
{
    [Test]
    public async Task No_secret_is_in_the_log_however_much_is_logged_and_whatever_fails()
    {
        var database = await TestServer.NewDatabaseAsync();
        var secrets = Enumerable.Range(0, 6).Select(i => $"marker-{i}-{RandomNumberGenerator.GetHexString(24)}").ToArray();
        using var rsa = RSA.Create(2048);
        var folder = Directory.CreateTempSubdirectory("g2pbridge-log");
        var key = Path.Combine(folder.FullName, "key.pem");
        await File.WriteAllTextAsync(key, rsa.ExportEncryptedPkcs8PrivateKeyPem(secrets[0], new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        var port = BridgeProcess.FreePort();
        var environment = new Dictionary<string, string?>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ConnectionStrings__G2PBridge"] = database,
            ["Serilog__MinimumLevel__Default"] = "Verbose",
            ["Signing__Keys__0__File"] = key,
            ["Signing__Keys__0__Password"] = secrets[0],
            ["Signing__Keys__1__Key"] = rsa.ExportPkcs8PrivateKeyPem(),
            ["Signing__Keys__1__KeyId"] = "second",
            ["OperatorAccess__Required"] = "true",
            ["OperatorAccess__ApiKeys__0__Actor"] = "asha",
            ["OperatorAccess__ApiKeys__0__Sha256"] = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secrets[1]))),
            ["OperatorAccess__ApiKeys__0__Roles__0"] = "Administrator",
            ["SponsorBanks__Banks__EXAMPLE-BANK__CallbackSecret"] = secrets[2],
            ["SponsorBanks__Banks__EXAMPLE-BANK__BaseUrl"] = "http://127.0.0.1:9",
            ["Features__InKind"] = "true",
            ["Notifications__Channels__hook__Connector"] = "webhook",
            ["Notifications__Channels__hook__Url"] = "http://127.0.0.1:9",
            ["Notifications__Channels__hook__Secret"] = "whsec_" + Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(secrets[3])),
            ["Notifications__Channels__mail__Connector"] = "smtp",
            ["Notifications__Channels__mail__Host"] = "127.0.0.1",
            ["Notifications__Channels__mail__From"] = "a@b.example",
            ["Notifications__Channels__mail__Password"] = secrets[4],
        };
        foreach (var category in new[] { "Microsoft", "Microsoft.EntityFrameworkCore.Database.Command", "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", "Microsoft.Hosting.Lifetime", "Microsoft.Extensions.Hosting.Internal.Host", "Quartz", "System", "Npgsql" })
        {
            environment[$"Serilog__MinimumLevel__Override__{category}"] = "Verbose";
        }

        using (var bridge = BridgeProcess.Start(environment, "serve", "--urls", $"http://127.0.0.1:{port}"))
        {
            Assert.That(await bridge.UntilAsync(line => line.Contains("Application started", StringComparison.Ordinal), BridgeProcess.Patience), bridge.Output);
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            foreach (var (name, value) in new[] { ("X-Api-Key", secrets[1]), ("Authorization", "Bearer " + secrets[5]), ("Signature", $"{secrets[5]}..{secrets[5]}") })
            {
                foreach (var path in new[] { "v1/envelopes", "v1/envelopes/nothing", "upload_mt940", "v1/nothing" })
                {
                    using var request = new HttpRequestMessage(path == "upload_mt940" ? HttpMethod.Post : HttpMethod.Get, path);
                    request.Headers.TryAddWithoutValidation(name, value);
                    if (path == "upload_mt940")
                    {
                        request.Content = new ByteArrayContent([1]) { Headers = { ContentType = MediaTypeHeaderValue.Parse("application/json") } };
                    }

                    using var _ = await http.SendAsync(request);
                }
            }

            var output = bridge.Output;
            Assert.That(output.Split('\n'), Has.Length.GreaterThan(200), "Everything is logged.");
            var shown = secrets.Append(rsa.ExportPkcs8PrivateKeyPem().Split('\n')[1]).Append(Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(secrets[3])))
                .Append(new NpgsqlConnectionStringBuilder(database).Password).Where(secret => secret is { Length: > 8 } && output.Contains(secret, StringComparison.Ordinal));
            Assert.That(shown, Is.Empty);
        }

        environment["Signing__Keys__0__Password"] = secrets[5];
        using (var refused = BridgeProcess.Start(environment, "serve", "--urls", $"http://127.0.0.1:{port}"))
        {
            Assert.That(await refused.ExitAsync(BridgeProcess.Patience), Is.EqualTo(2), refused.Output);
            Assert.That(refused.Output, Does.Contain("Signing:Keys:0: the key cannot be used").And.Not.Contain("marker-"));
        }

        folder.Delete(recursive: true);
    }
}
