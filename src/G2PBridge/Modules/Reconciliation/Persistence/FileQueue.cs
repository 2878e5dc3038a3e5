using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>A file leased to this worker; every later statement about it carries the fence.</summary>
internal sealed record ClaimedFile(Guid Id, long Number, long Fence, int Attempts, string? Profile, string[]? Banks = null)
{
    /// <summary>Whether the sender may hand in statements of this account.</summary>
    public bool MaySpeakOf(SponsorAccount account) => Banks is null || Banks.Contains(account.SponsorBankCode, StringComparer.OrdinalIgnoreCase);
}

/// <summary>The files as a queue: a handful of statements per file. Leases are the database's time, due times are business time.</summary>
internal sealed class FileQueue(BridgeDatabase source, TimeProvider clock)
{
    public const string Actor = "read-statements";

    /// <summary>Frees the files of dead workers, then leases the one that has waited longest. Both by partial indexes that hold open files only.</summary>
    public async Task<ClaimedFile?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        const string Free = """
            with dead as (
                select id from reconciliation.statement_file where state = 'Reading' and lease_until < now() for update skip locked),
            freed as (
                update reconciliation.statement_file f set state = 'Received', lease_until = null, due_at = $1 from dead where f.id = dead.id returning f.id)
            insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor)
            select id, $1, 'Reading', 'Received', 'the worker did not come back', $2 from freed
            """;
        const string Claim = """
            with candidate as (
                select id from reconciliation.statement_file where state = 'Received' and due_at <= $1 order by due_at, number limit 1 for update skip locked),
            claimed as (
                update reconciliation.statement_file f
                set state = 'Reading', attempts = f.attempts + 1, fence = f.fence + 1, lease_until = now() + $3
                from candidate c where f.id = c.id
                returning f.id, f.number, f.fence, f.attempts, f.profile, f.banks),
            logged as (
                insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor)
                select id, $1, 'Received', 'Reading', 'claimed', $2 from claimed)
            select id, number, fence, attempts, profile, banks from claimed
            """;
        var now = clock.GetUtcNow();
        return (await source.ChangeAsync(
            (Free, [now, Actor]), (Claim, [now, Actor, lease]),
            reader => new ClaimedFile(reader.GetGuid(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt32(3), reader.TextOrNull(4), reader.IsDBNull(5) ? null : reader.GetFieldValue<string[]>(5)), cancellationToken)).SingleOrDefault();
    }

    /// <summary>False when the lease was lost.</summary>
    public async Task<bool> RenewAsync(ClaimedFile file, TimeSpan lease, CancellationToken cancellationToken) =>
        await source.ExecuteAsync(
            "update reconciliation.statement_file set lease_until = now() + $3 where id = $1 and fence = $2 and state = 'Reading'", [file.Id, file.Fence, lease], cancellationToken) > 0;

    /// <summary>
    /// Back to the queue, or aside for good, without an outcome. Nothing of the attempt is left: it was one transaction.
    /// A worker whose lease was lost changes nothing.
    /// </summary>
    public async Task LeaveAsync(ClaimedFile file, FileState to, string cause, TimeSpan pause, string? code, string? text)
    {
        const string Sql = """
            with left_ as (
                update reconciliation.statement_file
                set state = $3, lease_until = null, due_at = $4, error_code = $5::text, error_text = $6::text, told_at = case when $3 = 'Error' then $7 end,
                    attempts = case when $5::text is null then attempts - 1 else attempts end
                where id = $1 and fence = $2 and state = 'Reading' returning id)
            insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor)
            select id, $7, 'Reading', $3, $8, $9 from left_
            """;
        FileTransitions.Move(FileState.Reading, to);
        var now = clock.GetUtcNow();
        await source.ExecuteAsync(Sql, [file.Id, file.Fence, to.ToString(), now + pause, code, text, now, cause, Actor], CancellationToken.None);
    }

    /// <summary>
    /// A file whose facts are booked and not yet told to the paying side. Telling them twice changes nothing, so it is not leased;
    /// one that fails steps back behind the others.
    /// </summary>
    public async Task<(Guid Id, long Number)?> FindUntoldAsync(CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            "select id, number from reconciliation.statement_file where state in ('Processed', 'Error') and told_at is null and due_at <= $1 order by due_at, number limit 1",
            [clock.GetUtcNow()], reader => (reader.GetGuid(0), reader.GetInt64(1)), cancellationToken);
        return rows is [var row] ? row : null;
    }

    /// <summary>The reading whose facts are about to be told.</summary>
    public async Task<long> FindFenceAsync(Guid id, CancellationToken cancellationToken) =>
        (await source.QueryAsync("select fence from reconciliation.statement_file where id = $1", [id], reader => reader.GetInt64(0), cancellationToken))[0];

    /// <summary>What a later reading of the same file booked meanwhile stays owed: its fence is another.</summary>
    public Task MarkToldAsync(Guid id, long fence, CancellationToken cancellationToken) => source.ExecuteAsync(
        "update reconciliation.statement_file set told_at = $2 where id = $1 and fence = $3 and told_at is null", [id, clock.GetUtcNow(), fence], cancellationToken);

    public Task TellLaterAsync(Guid id, TimeSpan pause) => source.ExecuteAsync(
        "update reconciliation.statement_file set due_at = $2 where id = $1 and told_at is null", [id, clock.GetUtcNow() + pause], CancellationToken.None);
}
