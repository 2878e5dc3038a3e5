using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MediatR;
using Npgsql;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>What tests of in-kind programmes start from: empty tables, everybody placed and every place served.</summary>
[NonParallelizable]
internal abstract class InKindTest
{
    protected static FakeClock Clock => TestHost.Clock;

    protected static ScriptedBank Bank => TestHost.Bank;

    protected static ScriptedPlaces Places => InKindHost.Places;

    protected static ScriptedChannel Channel => InKindHost.Channel;

    protected static HttpClient Http { get; } = new();

    [SetUp]
    public Task StartFromNothing() => InKindHost.ResetAsync();

    protected static Task WorkAsync() => TestHost.WorkAsync(InKindHost.Services);

    protected static Task<TResponse> SendAsync<TResponse>(IRequest<TResponse> request) => TestHost.SendAsync(request, InKindHost.Services);

    /// <summary>An envelope with all its lines in one batch <c>E-BATCH</c>: beneficiaries B1…</summary>
    protected static async Task ReceiveAsync(string type, int lines, decimal each = 10, string id = "E", string scheduleDate = "2026-06-19")
    {
        var envelope = Wire.Envelope(id, lines, lines * each, change =>
        {
            change["benefit_type"] = type;
            change["measurement_unit"] = type.StartsWith("CASH", StringComparison.Ordinal) ? "USD" : "KG";
            change["disbursement_schedule_date"] = scheduleDate;
        });
        Assert.That((await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(envelope)))).Succeeded(), Is.True);
        Assert.That((await PostAsync("create_disbursements", Wire.Request(Wire.Lines(id, lines, each), $"{id}-BATCH"))).Succeeded(), Is.True);
    }

    protected static async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var response = await PostRawAsync(path, body);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    protected static Task<HttpResponseMessage> PostRawAsync(string path, JsonNode body) => Http.PostAsJsonAsync(new Uri(InKindHost.Address, path), body);

    protected static async Task<JsonNode> GetAsync(string path) => (await Http.GetFromJsonAsync<JsonNode>(new Uri(InKindHost.Address, path)))!;

    protected static async Task<JsonNode> EnvelopeStatusAsync(string id = "E") => (await PostAsync("get_disbursement_envelope_status", Wire.Request(JsonValue.Create(id)))).Payload()!;

    protected static async Task<JsonNode> BatchStatusAsync(string id = "E-BATCH") => (await PostAsync("get_disbursement_batch_control", Wire.Request(JsonValue.Create(id)))).Payload()!;

    protected static async Task<T?> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = InKindHost.Source.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        var found = await command.ExecuteScalarAsync();
        return found is null or DBNull ? default : (T)found;
    }

    protected static Task ExecuteAsync(string sql) => BridgeTables.ExecuteAsync(InKindHost.Services, sql);
}
