using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Signing;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>A long body is verified where it lies: neither its canonical form nor a copy is made of it.</summary>
internal sealed class SignedBodyMemoryTests : IntegrationTest
{
    private const int Megabytes = 30;
    private const string Path = "create_disbursement_envelopes";

    [Test]
    public async Task A_body_of_thirty_megabytes_is_not_held_three_times()
    {
        using var rsa = RSA.Create(2048);
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("PartnerSignatures:Required", "true"),
            ("PartnerSignatures:Keys:0:Partner", "PARTNER_TEST_PBMS"), ("PartnerSignatures:Keys:0:PublicKey", rsa.ExportSubjectPublicKeyInfoPem()));
        await host.StartAsync();
        var key = SigningKey.Read(Encoding.UTF8.GetBytes(rsa.ExportPkcs8PrivateKeyPem()), null, "k", null, Clock.GetUtcNow());
        // Whatever is needed once is made by a short one.
        var small = Body("SHORT", 1);
        await SignedPost.SendAsync(host, Path, small, key.Sign(small));
        var body = Body("LONG", Megabytes);
        Assert.That(body, Has.Length.GreaterThan(Megabytes * 1024 * 1024));
        var signature = key.Sign(body);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var answer = await SignedPost.SendAsync(host, Path, body, signature);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.That(answer.Code(), Is.Null, answer.ToJsonString());
        TestContext.Out.WriteLine($"{body.Length / 1048576.0:0.0} MiB sent, {allocated / 1048576.0:0.0} MiB allocated on the way");
        Assert.That(allocated, Is.LessThan(2L * body.Length));
    }

    /// <summary>An envelope, and beside it a list that the contract does not know, with numbers that may not be written anew.</summary>
    private static byte[] Body(string id, int megabytes)
    {
        var request = Wire.Request(new JsonArray(Wire.Envelope(id, 1, 10)));
        var text = new StringBuilder(request.ToJsonString());
        text.Length--;
        text.Append(",\"beside\":[0");
        while (text.Length <= megabytes * 1024 * 1024)
        {
            text.Append(",1.50,{\"b\":1e2,\"a\":\"some words and some more words\"}");
        }

        return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
    }
}
