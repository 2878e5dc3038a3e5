using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Statements;

/// <summary>
/// Uploads statements to the bridge, each account's in order, until the bridge answers SUCCESS. What is owed stands in the
/// table, so a bridge that is down, or a restart of the bank, delays a statement and never loses one.
/// </summary>
internal sealed partial class StatementDelivery(
    SimulatorsDatabase database,
    StatementWriter writer,
    BankSignals signals,
    IHttpClientFactory clients,
    IOptions<SimulatorsOptions> options,
    [FromKeyedServices(ExampleBankMount.PartyKey)] FaultBook faults,
    TimeProvider clock,
    ILogger<StatementDelivery> logger) : SimulatorLoop(database, logger)
{
    public const string ClientName = "g2pbridge-simulators-statements";

    private const int UploadLock = 0x5374_4d74;
    private const int LongestAnswer = 64 * 1024;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly ExampleBankOptions _bank = options.Value.ExampleBank;
    private readonly SimulatorsDatabase _database = database;
    private readonly ILogger _logger = logger;

    private sealed record Due(long Id, int Attempts, DateTimeOffset NextAttemptAt, string Account);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        var wait = _bank.StatementCallbackUrl.Length == 0 ? Timeout.InfiniteTimeSpan : await DeliverDueAsync(ct);
        if (wait != TimeSpan.Zero)
            await signals.StatementCut.WaitAsync(wait, ct);
    }

    /// <returns>How long to sleep: nothing when a further statement may follow at once.</returns>
    private async Task<TimeSpan> DeliverDueAsync(CancellationToken ct)
    {
        // The advisory lock lives with this connection: another process stays away, and a crash frees the statement at once.
        await using var connection = await _database.OpenAsync(ct);
        // One that was made late by a fault rule lets its successors pass; one that failed does not.
        var oldest = await connection.ListAsync(
            """
            select distinct on (account_id) s.id, s.attempts, s.next_attempt_at, a.number
            from example_bank.statements s join example_bank.accounts a on a.id = s.account_id
            where s.delivery = 'PENDING' and not (s.attempts = 0 and s.next_attempt_at > $1) order by s.account_id, s.number
            """,
            r => new Due(r.GetInt64(0), r.GetInt32(1), r.GetFieldValue<DateTimeOffset>(2), r.GetString(3)), ct, clock.GetUtcNow());
        var wait = Poll;
        foreach (var statement in oldest)
        {
            var early = statement.NextAttemptAt - clock.GetUtcNow();
            if (early > TimeSpan.Zero)
            {
                wait = early < wait ? early : wait;
                continue;
            }

            if (!await connection.ScalarAsync<bool>("select pg_try_advisory_lock($1, $2)", ct, UploadLock, (int)statement.Id))
                continue;
            try
            {
                wait = await DeliverOneAsync(statement, connection, ct) ? TimeSpan.Zero : wait;
            }
            finally
            {
                await connection.ExecuteAsync("select pg_advisory_unlock($1, $2)", CancellationToken.None, UploadLock, (int)statement.Id);
            }
        }

        return wait;
    }

    private async Task<bool> DeliverOneAsync(Due statement, NpgsqlConnection connection, CancellationToken ct)
    {
        if (await connection.ScalarAsync<string>("select delivery from example_bank.statements where id = $1", ct, statement.Id) != "PENDING")
            return true;
        var problem = await UploadAsync(statement.Id, ct);
        if (problem is null && faults.Hit(FaultKind.StatementTwice, "upload_mt940", statement.Account) is not null)
            await UploadAsync(statement.Id, ct);
        var now = clock.GetUtcNow();
        var backOff = TimeSpan.FromTicks(Math.Min(
            _bank.StatementLongestRetry.Ticks,
            (long)(_bank.StatementFirstRetry.Ticks * Math.Pow(2, Math.Min(statement.Attempts, 20)))));
        await connection.ExecuteAsync(
            """
            update example_bank.statements
            set attempts = attempts + 1, last_error = $2::text, next_attempt_at = $3,
                delivery = case when $2::text is null then 'DELIVERED' else delivery end,
                delivered_at = case when $2::text is null then $4 end
            where id = $1
            """,
            ct, statement.Id, problem, now + backOff, now);
        if (problem is null)
            LogDelivered(statement.Id, statement.Attempts + 1);
        else
            LogRefused(statement.Id, statement.Attempts + 1, problem);
        return problem is null;
    }

    private async Task<string?> UploadAsync(long statementId, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_bank.StatementUploadTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _bank.StatementCallbackUrl);
            foreach (var (name, value) in _bank.StatementCallbackHeaders)
                request.Headers.TryAddWithoutValidation(name, value);
            var file = new StatementContent(writer, statementId);
            request.Content = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
            using var response = await clients.CreateClient(ClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return await ProblemOfAsync(response, limit.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return e is OperationCanceledException ? $"no answer within {_bank.StatementUploadTimeout}" : e.Message;
        }
    }

    private static async Task<string?> ProblemOfAsync(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.StatusCode != HttpStatusCode.OK)
            return $"HTTP {(int)response.StatusCode}";
        var answer = new byte[LongestAnswer];
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, ct);
        try
        {
            using var json = JsonDocument.Parse(answer.AsMemory(0, length));
            var header = json.RootElement.GetProperty("response_header");
            var status = header.GetProperty("response_status").GetString();
            return status == "SUCCESS" ? null : $"{status} {(header.TryGetProperty("response_error_code", out var code) ? code.GetString() : null)}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "the answer is not the bridge's";
        }
    }

    [LoggerMessage(8121, LogLevel.Information, "Example Bank delivered statement {Statement} at attempt {Attempt}")]
    private partial void LogDelivered(long statement, int attempt);

    [LoggerMessage(8122, LogLevel.Warning, "Example Bank keeps statement {Statement} for another try; attempt {Attempt} ended with: {Problem}")]
    private partial void LogRefused(long statement, int attempt, string problem);

    /// <summary>The file part: of unknown length, written while it is read from the ledger.</summary>
    private sealed class StatementContent : HttpContent
    {
        private readonly StatementWriter _writer;
        private readonly long _statementId;

        public StatementContent(StatementWriter writer, long statementId)
        {
            _writer = writer;
            _statementId = statementId;
            Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _writer.WriteAsync(_statementId, stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
