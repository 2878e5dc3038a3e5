using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Counts what limits are about, in the transaction of what is counted and as its last step, so that no two hosts can pass a limit together:
/// a day's amount is one row that everybody who orders updates, a bank's last outcomes are looked at under one lock. One statement per
/// limit and order; none where no limit is set.
/// </summary>
internal static class LimitBook
{
    public const string Actor = "limit";
    private const int OutcomeLock = 0x6735;

    /// <summary>Counts an order before it is sent. The limit that it would pass, or null; then nothing of this transaction may be committed.</summary>
    public static async Task<DayLimit?> CountOrderAsync(
        NpgsqlConnection connection, IReadOnlyList<DayLimit> limits, DateOnly day, string currency, decimal total, long chunkId, CancellationToken cancellationToken)
    {
        foreach (var limit in limits)
        {
            // The first order of a day brings what was ordered before there was a limit.
            await using var count = await connection.PreparedAsync(
                """
                insert into disbursement.amount_per_day as d (scope, value, day, currency, amount)
                select $1, $2, $3, $4, t.total from (
                    select $5 + coalesce(sum(c.amount), 0) as total from disbursement.chunk c join disbursement.envelope e using (envelope_id)
                    where not exists (select from disbursement.amount_per_day a where a.scope = $1 and a.value = $2 and a.day = $3 and a.currency = $4)
                        and c.ordered_for = $3 and e.currency = $4 and c.id <> $7 and case $1 when 'Bank' then c.bank_code else e.programme_mnemonic end = $2) t
                where t.total <= $6
                on conflict (scope, value, day, currency) do update set amount = d.amount + $5 where d.amount + $5 <= $6
                """, cancellationToken,
                limit.Scope.ToString(), limit.Value, day, currency, total, limit.Amount, chunkId);
            if (await count.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return limit;
            }
        }

        return null;
    }

    public static string Why(DayLimit limit, DateOnly day, string currency) => string.Create(
        CultureInfo.InvariantCulture, $"AMOUNT_PER_DAY: with one more order, more than {limit.Amount:0.####} {currency} would be ordered for {day:yyyy-MM-dd}.");

    /// <summary>
    /// Records how an order ended and pauses the bank if a share is passed; true when it did. The pause counts from the commit on: whoever
    /// acknowledges it waits for every intent that did not see it.
    /// </summary>
    public static async Task<bool> CountOutcomeAsync(
        NpgsqlConnection connection, ShareLimits limits, string bankCode, long chunkId, int lines, int refused, int unknown, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Two statements, so that the second sees what was committed while the first waited.
        await using (var alone = await connection.PreparedAsync("select pg_advisory_xact_lock($1, hashtext($2))", cancellationToken, OutcomeLock, bankCode))
        {
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var outcome = await connection.PreparedAsync(
            "insert into disbursement.bank_outcome (bank_code, chunk_id, at, lines, refused, unknown) values ($1, $2, $3, $4, $5, $6)", cancellationToken, bankCode, chunkId, now, lines, refused, unknown))
        {
            await outcome.ExecuteNonQueryAsync(cancellationToken);
        }

        // Backwards from the newest until there are enough payments, and not beyond the last time that somebody lifted a pause of this bank.
        var last = (await connection.QueryAsync(
            """
            select coalesce(sum(lines), 0)::bigint, coalesce(sum(refused), 0)::bigint, coalesce(sum(unknown), 0)::bigint from (
                select lines, refused, unknown, sum(lines) over (order by id desc) - lines as newer from (
                    select id, lines, refused, unknown from disbursement.bank_outcome
                    where bank_code = $1 and id > (select coalesce(max(p.outcomes_seen), 0) from disbursement.pause p where p.scope = 'Bank' and p.value = $1)
                    order by id desc limit $2) newest) counted
            where newer < $2
            """,
            [bankCode, limits.LastPayments],
            reader => (Lines: reader.GetInt64(0), Refused: reader.GetInt64(1), Unknown: reader.GetInt64(2)),
            cancellationToken)).Single();
        return Reached(limits, last) is { } why && await Pauses.AddAsync(connection, PauseScope.Bank, bankCode, why, Actor, now, cancellationToken);
    }

    private static string? Reached(ShareLimits limits, (long Lines, long Refused, long Unknown) last) =>
        last.Lines < limits.FewestPayments ? null
        : last.Refused * 100m > limits.MostRefusedPercent * last.Lines ? string.Create(
            CultureInfo.InvariantCulture, $"REFUSED_SHARE: {last.Refused} of the last {last.Lines} payments were refused, more than {limits.MostRefusedPercent:0.##} %.")
        : last.Unknown * 100m > limits.MostUnknownPercent * last.Lines ? string.Create(
            CultureInfo.InvariantCulture, $"UNKNOWN_SHARE: of {last.Unknown} of the last {last.Lines} payments the bank did not say what became of them, more than {limits.MostUnknownPercent:0.##} %.")
        : null;
}
