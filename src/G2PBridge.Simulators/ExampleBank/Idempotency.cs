using System.Security.Cryptography;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// Runs a money-moving call in one transaction; with an <c>Idempotency-Key</c> header the answer is stored in that same
/// transaction, so that a repetition gets the first answer and a key with another body is refused.
/// </summary>
internal static class Idempotency
{
    private const string Header = "Idempotency-Key";

    public static async Task AnswerOnceAsync(
        HttpContext context,
        string endpoint,
        ReadOnlyMemory<byte> body,
        SimulatorsDatabase database,
        TimeProvider clock,
        Func<NpgsqlConnection, NpgsqlTransaction, CancellationToken, Task<byte[]>> work)
    {
        var ct = context.RequestAborted;
        var key = context.Request.Headers[Header].ToString();
        await using var connection = await database.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (key.Length > 0)
        {
            var hash = SHA256.HashData(body.Span);
            // A concurrent call with the same key waits here until the first has committed.
            var first = await connection.ExecuteAsync(
                "insert into example_bank.idempotency_keys (endpoint, key, body_hash, created_at) values ($1, $2, $3, $4) on conflict do nothing",
                ct, endpoint, key, hash, clock.GetUtcNow()) == 1;
            if (!first)
            {
                await ReplayAsync(context, connection, endpoint, key, hash, ct);
                return;
            }
        }

        var answer = await work(connection, transaction, ct);
        if (key.Length > 0)
        {
            await connection.ExecuteAsync(
                "update example_bank.idempotency_keys set answer = $3 where endpoint = $1 and key = $2", ct, endpoint, key, answer);
        }

        await transaction.CommitAsync(ct);
        await JsonBody.WriteAsync(context, answer);
    }

    private static async Task ReplayAsync(
        HttpContext context, NpgsqlConnection connection, string endpoint, string key, byte[] hash, CancellationToken ct)
    {
        var stored = (await connection.ListAsync(
            "select body_hash, answer from example_bank.idempotency_keys where endpoint = $1 and key = $2",
            r => (Hash: r.GetFieldValue<byte[]>(0), Answer: r.GetFieldValue<byte[]>(1)), ct, endpoint, key))[0];
        if (stored.Hash.AsSpan().SequenceEqual(hash))
        {
            context.Response.Headers["Idempotency-Replayed"] = "true";
            await JsonBody.WriteAsync(context, stored.Answer);
            return;
        }

        await JsonBody.WriteAsync(
            context,
            Refusal.Because($"The {Header} was used before with another body"),
            BankJson.Default.Refusal,
            StatusCodes.Status409Conflict);
    }
}
