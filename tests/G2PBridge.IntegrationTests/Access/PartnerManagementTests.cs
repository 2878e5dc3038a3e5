using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Keys;
using G2PBridge.Modules.Access.Signing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Keys from the partner management's endpoint, over real HTTP, with the contract's rules for remembering them (section 1.3).</summary>
internal sealed class PartnerManagementTests
{
    private const string Partner = "PARTNER_PBMS";

    private readonly FakeClock _clock = new();
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private WebApplication _endpoint = null!;
    private WebApplication _host = null!;
    private PartnerManagement _source = null!;
    private int _asked;
    private int _status = StatusCodes.Status200OK;
    private string? _cacheControl;
    private TaskCompletionSource? _hold;

    [SetUp]
    public async Task Start()
    {
        (_asked, _status, _cacheControl, _hold) = (0, StatusCodes.Status200OK, null, null);
        _keys.Clear();
        _keys["one"] = NewKey();
        _clock.Reset();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _endpoint = builder.Build();
        _endpoint.MapGet("/keys/{partner}", AnswerAsync);
        await _endpoint.StartAsync();
        _host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(_clock), ("PartnerSignatures:PartnerManagement:Url", _endpoint.Urls.First() + "/"));
        _source = _host.Services.GetServices<IPartnerKeySource>().OfType<PartnerManagement>().Single();
    }

    [TearDown]
    public async Task Stop()
    {
        await _host.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Test]
    public async Task An_answer_is_remembered_until_its_soft_limit()
    {
        Assert.That(await IdsAsync(), Is.EqualTo(new[] { "one" }));
        _clock.Advance(TimeSpan.FromSeconds(299));
        await IdsAsync();
        Assert.That(_asked, Is.EqualTo(1));
        _keys["two"] = NewKey();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await IdsAsync(), Is.EqualTo(new[] { "one", "two" }));
        Assert.That(_asked, Is.EqualTo(2));
    }

    [TestCase("max-age=60", 60)]
    [TestCase("max-age=1", 30)]
    [TestCase("max-age=86400", 300)]
    public async Task What_the_answer_says_of_its_age_shortens_the_limit_but_not_below_half_a_minute(string header, int seconds)
    {
        _cacheControl = header;
        await IdsAsync();
        _clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        await IdsAsync();
        Assert.That(_asked, Is.EqualTo(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await IdsAsync();
        Assert.That(_asked, Is.EqualTo(2));
    }

    [Test]
    public async Task While_the_endpoint_is_out_what_is_known_holds_up_to_the_hard_limit_and_then_nothing_does()
    {
        await IdsAsync();
        _status = StatusCodes.Status503ServiceUnavailable;
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That(await IdsAsync(), Is.EqualTo(new[] { "one" }));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await IdsAsync(), Is.Empty);
        _status = StatusCodes.Status200OK;
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.That(await IdsAsync(), Is.EqualTo(new[] { "one" }), "when it is back");
    }

    [Test]
    public async Task A_partner_that_is_not_known_is_not_asked_about_all_the_time_and_is_not_served_from_what_was_known()
    {
        await IdsAsync();
        _status = StatusCodes.Status404NotFound;
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await IdsAsync(), Is.Empty, "a partner that was switched off");
        await IdsAsync();
        Assert.That(_asked, Is.EqualTo(2));
        _clock.Advance(TimeSpan.FromSeconds(30));
        await IdsAsync();
        Assert.That(_asked, Is.EqualTo(3));
    }

    [Test]
    public async Task An_unknown_kid_asks_at_once_but_not_again_and_again()
    {
        await IdsAsync();
        _keys["two"] = NewKey();
        Assert.That(await IdsAsync("two"), Is.EqualTo(new[] { "one" }), "just asked");
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.That(await IdsAsync("two"), Is.EqualTo(new[] { "one", "two" }));
        Assert.That(_asked, Is.EqualTo(2));
        for (var i = 0; i < 20; i++)
        {
            await IdsAsync("three");
        }

        Assert.That(_asked, Is.EqualTo(2));
    }

    [Test]
    public async Task However_many_wait_the_endpoint_is_asked_once()
    {
        _hold = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = Enumerable.Range(0, 50).Select(_ => IdsAsync()).ToList();
        _hold.SetResult();
        Assert.That((await Task.WhenAll(waiting)).Select(ids => string.Join(',', ids)), Is.All.EqualTo("one"));
        Assert.That(_asked, Is.EqualTo(1));
    }

    [Test]
    public async Task A_request_signed_with_a_key_from_there_is_let_in_until_the_partner_is_switched_off()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _keys["one"] = pair.ExportSubjectPublicKeyInfoPem();
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(_clock), ("PartnerSignatures:Required", "true"), ("PartnerSignatures:PartnerManagement:Url", _endpoint.Urls.First() + "/"));
        await host.StartAsync();
        var key = SigningKey.Read(Encoding.UTF8.GetBytes(pair.ExportPkcs8PrivateKeyPem()), null, "one", null, _clock.GetUtcNow());

        Assert.That(await SignedAsync(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"), "it was let in");
        _status = StatusCodes.Status404NotFound;
        Assert.That(await SignedAsync(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"), "what was asked lately is not asked again");
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.That(await SignedAsync(), Is.EqualTo("rjct.jwt.invalid"));

        async Task<string?> SignedAsync()
        {
            var request = Wire.Request(new JsonArray());
            request["request_header"]!["sender_app_mnemonic"] = "PBMS";
            request["request_header"]!["request_timestamp"] = _clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            var body = Encoding.UTF8.GetBytes(request.ToJsonString());
            return (await SignedPost.SendAsync(host, "get_disbursement_status", body, key.Sign(body))).Code();
        }
    }

    [Test]
    public async Task A_key_that_cannot_be_used_does_not_take_the_others_with_it()
    {
        _keys["broken"] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
        Assert.That(await IdsAsync(), Is.EqualTo(new[] { "one" }));
    }

    private async Task<string?[]> IdsAsync(string? keyId = null) =>
        [.. (await _source.FindAsync(Partner, keyId, CancellationToken.None)).Select(key => key.Id).Order(StringComparer.Ordinal)];

    private static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportSubjectPublicKeyInfoPem();
    }

    private async Task AnswerAsync(HttpContext http, string partner)
    {
        Interlocked.Increment(ref _asked);
        if (_hold is { } hold)
        {
            await hold.Task;
        }

        http.Response.StatusCode = partner == Partner ? _status : StatusCodes.Status404NotFound;
        if (http.Response.StatusCode == StatusCodes.Status200OK)
        {
            if (_cacheControl is { } header)
            {
                http.Response.Headers.CacheControl = header;
            }

            var keys = new JsonArray([.. _keys.Select(key => (JsonNode)new JsonObject { ["kid"] = key.Key, ["algorithm"] = nameof(SignatureAlgorithm.ES256), ["public_key"] = key.Value })]);
            await http.Response.WriteAsJsonAsync(new JsonObject { ["keys"] = keys });
        }
    }
}
