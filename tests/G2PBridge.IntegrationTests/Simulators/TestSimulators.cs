using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using G2PBridge.Simulators;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>The simulators on a real port and a real database, as a host mounts them.</summary>
internal sealed class TestSimulators : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;

    private TestSimulators(WebApplication app, string connectionString)
    {
        _app = app;
        ConnectionString = connectionString;
        var address = app.Urls.Single();
        Bank = new HttpClient { BaseAddress = new Uri(address + SimulatorsHosting.BankPath + "/") };
        Spar = new HttpClient { BaseAddress = new Uri(address + SimulatorsHosting.SparPath + "/") };
    }

    public string ConnectionString { get; }

    public HttpClient Bank { get; }

    public HttpClient Spar { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<TestSimulators> StartAsync(Action<ExampleBankOptions>? configure = null, string? connectionString = null)
    {
        connectionString ??= await SimulatorsPostgres.NewDatabaseAsync();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSimulators(o =>
        {
            o.ConnectionString = connectionString;
            o.ExampleBank.StatementCallbackUrl = "";
            o.ExampleBank.StatementQuietPeriod = TimeSpan.FromMilliseconds(50);
            o.ExampleBank.StatementFirstRetry = TimeSpan.FromMilliseconds(20);
            o.ExampleBank.StatementLongestRetry = TimeSpan.FromMilliseconds(100);
            configure?.Invoke(o.ExampleBank);
        });
        var app = builder.Build();
        app.MapSimulators();
        await app.Services.PrepareSimulatorsAsync(CancellationToken.None);
        await app.StartAsync();
        return new TestSimulators(app, connectionString);
    }

    public async ValueTask DisposeAsync()
    {
        Bank.Dispose();
        Spar.Dispose();
        await _app.DisposeAsync();
    }

    public static HttpRequestMessage Post(string path, string json, params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    public async Task<string> PostBankAsync(string path, string json, params (string Name, string Value)[] headers)
    {
        using var response = await Bank.SendAsync(Post(path, json, headers));
        return await response.Content.ReadAsStringAsync();
    }

    public async Task<JsonNode> BankAsync(string path, string json, params (string Name, string Value)[] headers) =>
        JsonNode.Parse(await PostBankAsync(path, json, headers))!;

    public async Task<JsonNode> SparAsync(string path, string json)
    {
        using var response = await Spar.SendAsync(Post(path, json));
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    public async Task<JsonNode> GetBankAsync(string path) => JsonNode.Parse(await Bank.GetStringAsync(path))!;

    public async Task<string> BlockAsync(decimal amount, string account = "SPONSOR0001") =>
        (string)(await BankAsync("block_funds", string.Create(CultureInfo.InvariantCulture,
            $$"""{"account_number":"{{account}}","currency":"USD","amount":{{amount}}}""")))["block_reference_no"]!;

    public Task<JsonNode> PayAsync(params IEnumerable<object> payments) => BankAsync("initiate_payment", JsonSerializer.Serialize(payments));

    public Task<JsonNode> PayPerLineAsync(params IEnumerable<object> payments) =>
        BankAsync("initiate_payment", JsonSerializer.Serialize(payments), ("X-Per-Line-Results", "true"));

    public Task<JsonNode> FaultAsync(string rules) => BankAsync("faults", rules);

    /// <summary>Booking happens on its own; the judge says when it is done.</summary>
    public async Task<JsonNode> WhenBookedAsync(long payments)
    {
        JsonNode? summary = null;
        await UntilAsync($"{payments} payments are booked or refused", async () =>
        {
            summary = await GetBankAsync("ledger/summary");
            return (long)summary["payments"]! >= payments && (long)summary["accepted"]! == 0;
        });
        return summary!;
    }

    public async Task<JsonArray> InquireAsync(params IEnumerable<string> references) =>
        (await BankAsync("inquire_payments", JsonSerializer.Serialize(new { payment_reference_numbers = references })))["payments"]!.AsArray();

    public static async Task UntilAsync(string what, Func<Task<bool>> isTrue)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isTrue())
        {
            if (patience.IsCancellationRequested)
                Assert.Fail($"Waited {Patience} in vain until {what}.");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public static Dictionary<string, object?> Payment(string reference, decimal amount = 1000m, string bank = "EXAMPLE-BANK", string block = "none") => new()
    {
        ["payment_reference_number"] = reference,
        ["remitting_account"] = "SPONSOR0001",
        ["remitting_account_currency"] = "USD",
        ["payment_amount"] = amount,
        ["funds_blocked_reference_number"] = block,
        ["beneficiary_name"] = "Name of " + reference,
        ["beneficiary_account"] = "ACC-" + reference,
        ["beneficiary_account_currency"] = "USD",
        ["beneficiary_account_type"] = "BANK_ACCOUNT",
        ["beneficiary_bank_code"] = bank,
        ["beneficiary_branch_code"] = "0001",
        ["beneficiary_mobile_wallet_provider"] = null,
        ["beneficiary_phone_no"] = "+1555" + reference,
        ["beneficiary_email"] = "",
        ["beneficiary_email_wallet_provider"] = null,
        ["narrative_1"] = "June",
        ["narrative_2"] = "CASHX",
        ["narrative_3"] = "2026-06",
        ["narrative_4"] = "B-" + reference,
        ["narrative_5"] = reference,
        ["narrative_6"] = "",
        ["payment_date"] = "2026-06-19",
    };

    public static IEnumerable<Dictionary<string, object?>> Payments(string prefix, int count, decimal amount = 1000m, string bank = "EXAMPLE-BANK", string block = "none") =>
        Enumerable.Range(1, count).Select(i => Payment($"{prefix}{i:D5}", amount, bank, block));
}
