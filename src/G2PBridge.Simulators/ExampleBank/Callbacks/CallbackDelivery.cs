using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Callbacks;

/// <summary>
/// Calls back, where it is configured: once when a batch is accepted and once when it is booked. What is owed stands in the table, so a
/// bridge that is down delays it. By the fault rules it calls twice, late, in the wrong order, or what is not true.
/// </summary>
internal sealed partial class CallbackDelivery(
    SimulatorsDatabase database,
    BankSignals signals,
    IHttpClientFactory clients,
    IOptions<SimulatorsOptions> options,
    [FromKeyedServices(ExampleBankMount.PartyKey)] FaultBook faults,
    TimeProvider clock,
    ILogger<CallbackDelivery> logger) : SimulatorLoop(database, logger)
{
    public const string ClientName = "g2pbridge-simulators-callbacks";

    private const string Endpoint = "callback";
    private const string Unheard = "0000000000000000";
    private const int DeliveryLock = 0x4361_6c6c;
    private const int MostPayments = 10_000;
    private const int MostTimes = 100;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly ExampleBankOptions _bank = options.Value.ExampleBank;
    private readonly SimulatorsDatabase _database = database;
    private readonly ILogger _logger = logger;

    internal sealed record Message(IReadOnlyList<Payment> Payments);

    internal sealed record Payment(string PaymentReferenceNumber, string Status, string? ReasonCode, decimal Amount, string Currency);

    private sealed record Due(long Id, long BatchId, string Kind, bool IsFirst, string Reference);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        if (_bank.OutcomeCallbackUrl.Length == 0 || !await DeliverDueAsync(ct))
            await signals.CallbackDue.WaitAsync(_bank.OutcomeCallbackUrl.Length == 0 ? Timeout.InfiniteTimeSpan : Poll, ct);
    }

    private async Task<bool> DeliverDueAsync(CancellationToken ct)
    {
        await using var connection = await _database.OpenAsync(ct);
        if (!await connection.ScalarAsync<bool>("select pg_try_advisory_lock($1)", ct, (long)DeliveryLock))
            return false;
        try
        {
            var due = await connection.ListAsync(
                """
                select c.id, c.batch_id, c.kind, c.attempts = 0, (select min(p.reference) from example_bank.payments p where p.batch_id = c.batch_id)
                from example_bank.callbacks c
                where c.delivered_at is null and c.due_at <= $1
                    and (not c.held or exists (select from example_bank.callbacks o where o.batch_id = c.batch_id and o.kind = 'OUTCOME' and o.delivered_at is not null))
                order by c.due_at, c.id limit 20
                """,
                r => new Due(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetBoolean(3), r.GetString(4)), ct, clock.GetUtcNow());
            foreach (var callback in due)
                await DeliverAsync(callback, connection, ct);
            return due.Count > 0;
        }
        finally
        {
            await connection.ExecuteAsync("select pg_advisory_unlock($1)", CancellationToken.None, (long)DeliveryLock);
        }
    }

    private async Task DeliverAsync(Due callback, NpgsqlConnection connection, CancellationToken ct)
    {
        if (callback.IsFirst && await IsPutOffAsync(callback, connection, ct))
            return;
        var problem = await SendAsync(callback, connection, ct);
        for (var again = faults.Hit(FaultKind.CallbackTwice, Endpoint, callback.Reference)?.Times ?? 0; problem is null && again > 0; again--)
            await SendAsync(callback, connection, ct);
        await connection.ExecuteAsync(
            """
            update example_bank.callbacks set attempts = attempts + 1, last_error = $2::text, due_at = $3, delivered_at = case when $2::text is null then $4 end where id = $1
            """,
            ct, callback.Id, problem, clock.GetUtcNow() + Retry, clock.GetUtcNow());
        if (problem is not null)
            LogRefused(callback.Id, problem);
    }

    private async Task<bool> IsPutOffAsync(Due callback, NpgsqlConnection connection, CancellationToken ct)
    {
        var isHeld = callback.Kind == "ACCEPTED" && faults.Hit(FaultKind.CallbackOutOfOrder, Endpoint, callback.Reference) is not null;
        var late = isHeld ? null : faults.Hit(FaultKind.CallbackLate, Endpoint, callback.Reference);
        if (!isHeld && late is null)
            return false;
        await connection.ExecuteAsync(
            "update example_bank.callbacks set attempts = attempts + 1, held = $2, due_at = $3 where id = $1",
            ct, callback.Id, isHeld, clock.GetUtcNow() + TimeSpan.FromMilliseconds(late?.DelayMs ?? 0));
        return true;
    }

    private async Task<string?> SendAsync(Due callback, NpgsqlConnection connection, CancellationToken ct)
    {
        var payments = await connection.ListAsync(
            """
            select p.reference,
                   case when $2 = 'ACCEPTED' then 'ACCEPTED' when p.refusal is not null then 'REFUSED' when p.return_reason is not null then 'RETURNED' else 'PAID' end,
                   case when $2 = 'OUTCOME' then coalesce(p.refusal, p.return_reason) end, p.amount, b.currency
            from example_bank.payments p join example_bank.batches b on b.id = p.batch_id
            where p.batch_id = $1 and (p.refusal is null or p.refused_later) order by p.line
            """,
            r => new Payment(r.GetString(0), r.GetString(1), r.TextOrNull(2), r.GetDecimal(3), r.GetString(4)), ct, callback.BatchId, callback.Kind);
        payments = payments.ConvertAll(p => faults.Hit(FaultKind.CallbackDifferentAmount, Endpoint, p.PaymentReferenceNumber) is { } other
            ? p with { Amount = other.Amount ?? p.Amount * other.Factor }
            : p);
        if (faults.Hit(FaultKind.CallbackUnknownReference, Endpoint, callback.Reference) is not null)
            payments.Add(new Payment(Unheard, "PAID", null, 1, "USD"));
        foreach (var part in payments.Chunk(MostPayments))
        {
            if (await PostAsync(part, callback, ct) is { } problem)
                return problem;
        }

        return null;
    }

    private async Task<string?> PostAsync(Payment[] payments, Due callback, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new Message(payments), CallbackJson.Default.Message);
        var secret = faults.Hit(FaultKind.CallbackForged, Endpoint, callback.Reference) is null ? _bank.OutcomeCallbackSecret : "not the secret";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(CallTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _bank.OutcomeCallbackUrl) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new("application/json");
            if (secret.Length > 0)
                request.Headers.TryAddWithoutValidation("X-Signature", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
            using var response = await clients.CreateClient(ClientName).SendAsync(request, limit.Token);
            return response.IsSuccessStatusCode ? null : $"HTTP {(int)response.StatusCode}";
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return e is OperationCanceledException ? "no answer" : e.Message;
        }
    }

    [LoggerMessage(8131, LogLevel.Warning, "Example Bank keeps callback {Callback} for another try: {Problem}")]
    private partial void LogRefused(long callback, string problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(MoneyConverter)])]
[JsonSerializable(typeof(CallbackDelivery.Message))]
internal sealed partial class CallbackJson : JsonSerializerContext;
