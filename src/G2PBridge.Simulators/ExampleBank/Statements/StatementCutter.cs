using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Statements;

/// <summary>
/// Turns the unreported entries of an account into a numbered statement whose opening balance is the closing balance of the
/// one before. A statement names its entries by a range, so cutting one costs the same for ten entries and a million.
/// </summary>
internal sealed class StatementCutter(
    SimulatorsDatabase database,
    IOptions<SimulatorsOptions> options,
    [FromKeyedServices(ExampleBankMount.PartyKey)] FaultBook faults,
    TimeProvider clock)
{
    private readonly ExampleBankOptions _bank = options.Value.ExampleBank;

    private sealed record Head(string Account, int LastNumber, decimal Closing, long ReportedTo, bool Pushed);

    private sealed record Waiting(long AccountId, long Unreported, DateTimeOffset? LastBookedAt, bool IsBusy);

    /// <summary>Cuts what is due; answers how many statements were cut and whether entries still wait for quiet.</summary>
    public async Task<(int Cut, bool IsWaiting)> CutDueAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var waiting = await connection.ListAsync(
            """
            select h.account_id, h.unreported, h.last_booked_at,
                   exists (select from example_bank.batches b where b.state = 'ACCEPTED' and b.account_id = h.account_id)
            from example_bank.statement_heads h where h.pushed and h.unreported > 0
            """,
            r => new Waiting(r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetFieldValue<DateTimeOffset>(2), r.GetBoolean(3)),
            ct);
        var cut = 0;
        var left = false;
        foreach (var account in waiting)
        {
            var isQuiet = !account.IsBusy && (account.LastBookedAt is not { } at || clock.GetUtcNow() - at >= _bank.StatementQuietPeriod);
            if (isQuiet)
                cut += (await CutAllAsync(connection, account.AccountId, allowEmpty: false, ct)).Count;
            else if (account.Unreported >= _bank.MaxEntriesPerStatement)
                cut += await CutOneAsync(connection, account.AccountId, allowEmpty: false, ct) is null ? 0 : 1;
            left |= !isQuiet;
        }

        return (cut, left);
    }

    /// <summary>Reports everything an account has; with nothing to report one empty statement, if that is allowed.</summary>
    public async Task<List<long>> CutAllAsync(NpgsqlConnection connection, long accountId, bool allowEmpty, CancellationToken ct)
    {
        var ids = new List<long>();
        while (await CutOneAsync(connection, accountId, allowEmpty && ids.Count == 0, ct) is { } id)
            ids.Add(id);
        return ids;
    }

    private async Task<long?> CutOneAsync(NpgsqlConnection connection, long accountId, bool allowEmpty, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var head = (await connection.ListAsync(
            """
            select a.number, h.last_number, h.closing, h.reported_to, h.pushed
            from example_bank.statement_heads h join example_bank.accounts a on a.id = h.account_id where h.account_id = $1 for update of h
            """,
            r => new Head(r.GetString(0), r.GetInt32(1), r.GetDecimal(2), r.GetInt64(3), r.GetBoolean(4)), ct, accountId))[0];
        var range = (await connection.ListAsync(
            """
            select coalesce(max(id), $2), count(*), coalesce(sum(case when mark in ('C', 'RD') then amount else -amount end), 0)
            from (select id, mark, amount from example_bank.ledger where account_id = $1 and id > $2 order by id limit $3) e
            """,
            r => (LastEntry: r.GetInt64(0), Entries: r.GetInt64(1), Change: r.GetDecimal(2)),
            ct, accountId, head.ReportedTo, _bank.MaxEntriesPerStatement))[0];
        if (range.Entries == 0 && !allowEmpty)
            return null;

        var now = clock.GetUtcNow();
        var id = await connection.ScalarAsync<long>(
            """
            insert into example_bank.statements
                (account_id, number, after_entry, last_entry, entries, opening, closing, created_at, delivery, next_attempt_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id
            """,
            ct, accountId, head.LastNumber + 1, head.ReportedTo, range.LastEntry, range.Entries,
            head.Closing, head.Closing + range.Change, now,
            head.Pushed && _bank.StatementCallbackUrl.Length > 0 ? "PENDING" : "KEPT",
            faults.Hit(FaultKind.StatementLate, "upload_mt940", head.Account) is { } late ? now.AddMilliseconds(late.DelayMs) : now);
        await connection.ExecuteAsync(
            """
            update example_bank.statement_heads
            set last_number = last_number + 1, closing = closing + $2, reported_to = $3, unreported = greatest(0, unreported - $4)
            where account_id = $1
            """,
            ct, accountId, range.Change, range.LastEntry, range.Entries);
        await transaction.CommitAsync(ct);
        return id;
    }
}
