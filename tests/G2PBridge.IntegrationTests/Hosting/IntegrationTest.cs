using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MediatR;
using Npgsql;

namespace G2PBridge.IntegrationTests;

/// <summary>What every integration test starts from: empty tables, the clock at its start, bank and mapper answering well.</summary>
[NonParallelizable]
internal abstract class IntegrationTest
{
    protected static FakeClock Clock => TestHost.Clock;
    protected static ScriptedMapper Mapper => TestHost.Mapper;
    protected static ScriptedBank Bank => TestHost.Bank;
    protected static CrashPoint Crash => TestHost.Crash;

    protected static HttpClient Http { get; } = new();

    [SetUp]
    public Task StartFromNothing() => TestHost.ResetAsync();

    protected static Task<TResponse> SendAsync<TResponse>(IRequest<TResponse> request) => TestHost.SendAsync(request);

    protected static Task WorkAsync() => TestHost.WorkAsync();

    protected static Task<int> WorkAsync(string jobName) => TestHost.WorkAsync(jobName);

    /// <summary>Posts to the partner API and gives the answer's JSON.</summary>
    protected static async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var response = await PostRawAsync(path, body);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    protected static Task<HttpResponseMessage> PostRawAsync(string path, JsonNode body) =>
        Http.PostAsJsonAsync(new Uri(TestHost.Address, path), body);

    protected static async Task<JsonNode?> GetAsync(string path) =>
        await Http.GetFromJsonAsync<JsonNode>(new Uri(TestHost.Address, path));

    protected static async Task<T?> ScalarAsync<T>(string sql, params object[] parameters)
    {
        await using var command = TestHost.Source.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        var value = await command.ExecuteScalarAsync();
        return value is null or DBNull ? default : (T)value;
    }

    /// <summary>Makes a past that the bridge itself would not: recorded and sealed, as if somebody entitled had done it.</summary>
    protected static Task<int> ExecuteAsync(string sql, params object[] parameters) =>
        BridgeTables.ExecuteAsync(TestHost.Services, sql, parameters);
}
