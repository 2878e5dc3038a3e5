using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>A slice leased to this worker; every later statement about it carries the fence.</summary>
internal sealed record ClaimedSlice(
    long Id, long Fence, string EnvelopeId, string BatchId, SeqRange Range, int FailedAttempts, int Rounds, int Resolved, decimal ResolvedQuantity, int Unresolved, bool HoldsPayouts);

/// <summary>What one attempt found out, in the words of the tables.</summary>
/// <param name="Missing">Every line that is not cancelled and has no address after this attempt, asked about or not.</param>
internal sealed record Settlement(
    SliceStatus Status, string Cause, DateTimeOffset DueAt, int FailedAttempts, string? ErrorCode, string? Error,
    IReadOnlyList<LineWithAddress> Resolved, IReadOnlyList<LineWithoutAddress> Unresolved, long[] Missing, SharedAddressRule Rule)
{
    public bool HasAnswers => Resolved.Count + Unresolved.Count > 0;
}

/// <summary>
/// The slices: one row and a handful of statements per thousands of lines. Due times are business time (the caller's clock);
/// leases are the database's, so that replicas with clocks of their own agree on who is dead.
/// </summary>
internal sealed class SliceStore(BridgeDatabase source, AddressStore addresses, TimeProvider clock)
{
    public const string Actor = "resolve-slices";

    /// <summary>
    /// Cuts batches into slices, all of them in one statement. A second time, or a second replica with another slice size,
    /// inserts nothing: no two slices may overlap (exclusion constraint ex_slice_lines), whatever the code does.
    /// Cost: one row per slice, a few microseconds each.
    /// </summary>
    public async Task<int> TakeInAsync(IReadOnlyList<BatchFacts> batches, int sliceSize, CancellationToken cancellationToken)
    {
        const string Sql = """
            with taken as (
                insert into resolution.slice (envelope_id, batch_id, batch_number, first_seq, last_seq, status, attempts, failed_attempts, rounds, due_at,
                                              fence, lines, resolved, resolved_quantity, unresolved, unresolved_quantity, created_at, updated_at, holds_payouts)
                select b.envelope_id, b.id, b.number, f, least(f + $6 - 1, b.last), 'Pending', 0, 0, 0, $7,
                       0, least(f + $6 - 1, b.last) - f + 1, 0, 0, 0, 0, $7, $7, b.holds_payouts
                from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $8::bool[]) as b(id, envelope_id, number, first, last, holds_payouts)
                cross join lateral generate_series(b.first, b.last, $6) as f
                on conflict do nothing
                returning id)
            insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
            select id, $7, null, 'Pending', 'taken', 'take-batches' from taken
            """;
        return await source.ExecuteAsync(
            Sql,
            [
                batches.Select(batch => batch.Id).ToArray(), batches.Select(batch => batch.EnvelopeId).ToArray(), batches.Select(batch => batch.Number).ToArray(),
                batches.Select(batch => batch.Lines.First).ToArray(), batches.Select(batch => batch.Lines.Last).ToArray(), (long)sliceSize, clock.GetUtcNow(),
                batches.Select(batch => batch.HoldsPayouts).ToArray(),
            ],
            cancellationToken);
    }

    /// <summary>
    /// Frees the slices of dead workers and leases the one that has been due longest; one round trip, both by partial
    /// indexes that hold waiting and leased slices only. Null when nothing is due.
    /// </summary>
    public async Task<ClaimedSlice?> ClaimAsync(TimeSpan lease, CancellationToken cancellationToken)
    {
        const string Free = """
            with dead as (
                select id from resolution.slice where status = 'Resolving' and lease_until < now() for update skip locked),
            freed as (
                update resolution.slice s
                set status = 'Pending', lease_until = null, failed_attempts = s.failed_attempts + 1, last_error_code = 'LEASE_EXPIRED',
                    last_error = 'The worker that was asking the mapper did not come back.', updated_at = $1
                from dead where s.id = dead.id
                returning s.id)
            insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
            select id, $1, 'Resolving', 'Pending', 'LEASE_EXPIRED', $2 from freed
            """;
        const string Claim = """
            with candidate as (
                select id, status from resolution.slice
                where status in ('Pending', 'Incomplete') and due_at <= $1
                order by due_at, id limit 1 for update skip locked),
            claimed as (
                update resolution.slice s
                set status = 'Resolving', attempts = s.attempts + 1, fence = s.fence + 1, lease_until = now() + $2, updated_at = $1
                from candidate c where s.id = c.id
                returning s.*, c.status as former),
            logged as (
                insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
                select id, $1, former, 'Resolving', 'asked', $3 from claimed)
            select id, fence, envelope_id, batch_id, first_seq, last_seq, failed_attempts, rounds, resolved, resolved_quantity, unresolved, holds_payouts from claimed
            """;
        var now = clock.GetUtcNow();
        return (await source.ChangeAsync(
            (Free, [now, Actor]), (Claim, [now, lease, Actor]),
            reader => new ClaimedSlice(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), new SeqRange(reader.GetInt64(4), reader.GetInt64(5)),
                reader.GetInt32(6), reader.GetInt16(7), reader.GetInt32(8), reader.GetDecimal(9), reader.GetInt32(10), reader.GetBoolean(11)),
            cancellationToken)).SingleOrDefault();
    }

    /// <summary>False when the lease was lost.</summary>
    public async Task<bool> RenewAsync(ClaimedSlice slice, TimeSpan lease, CancellationToken cancellationToken) => await source.ExecuteAsync(
        "update resolution.slice set lease_until = now() + $3 where id = $1 and fence = $2 and status = 'Resolving'", [slice.Id, slice.Fence, lease], cancellationToken) > 0;

    /// <summary>
    /// Writes down what one attempt found, all or nothing: addresses by COPY, people without one as a set, the resolved set that
    /// others take over, the slice and its history. False when the lease was lost meanwhile; then nothing is written.
    /// </summary>
    public async Task<bool> SettleAsync(ClaimedSlice slice, Settlement settlement, CancellationToken cancellationToken)
    {
        SliceTransitions.Move(SliceStatus.Resolving, settlement.Status);
        var round = checked((short)(slice.Rounds + (settlement.HasAnswers ? 1 : 0)));
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await HoldAsync(connection, slice, cancellationToken))
        {
            return false;
        }

        await addresses.CopyAsync(connection, settlement.Resolved, round, cancellationToken);
        if (slice.Unresolved > 0)
        {
            await UnresolvedStore.KeepOnlyAsync(connection, slice.Range, settlement.Missing, cancellationToken);
        }

        await UnresolvedStore.UpsertAsync(connection, slice, settlement.Unresolved, now, cancellationToken);
        await WriteAsync(connection, slice, settlement, round, now, cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return true;
    }

    /// <summary>Back to the queue at once, without an outcome.</summary>
    public async Task GiveBackAsync(ClaimedSlice slice, CancellationToken cancellationToken)
    {
        const string Sql = """
            with given as (
                update resolution.slice set status = 'Pending', lease_until = null, updated_at = $3
                where id = $1 and fence = $2 and status = 'Resolving' returning id)
            insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
            select id, $3, 'Resolving', 'Pending', 'host stopped', $4 from given
            """;
        await source.ExecuteAsync(Sql, [slice.Id, slice.Fence, clock.GetUtcNow(), Actor], cancellationToken);
    }

    /// <summary>
    /// Makes everything of an envelope that lacks an address due now, and says how many lines that is; those being asked about
    /// at this moment count too. By the index on the envelope.
    /// </summary>
    public async Task<int> AskAgainAsync(string envelopeId, string actor, CancellationToken cancellationToken)
    {
        const string Sql = """
            with chosen as (
                select id, status, lines - resolved as missing from resolution.slice
                where envelope_id = $1 and status <> 'Resolved' and lines > resolved
                order by id for update),
            moved as (
                update resolution.slice s set status = 'Pending', due_at = least(s.due_at, $2), updated_at = $2
                from chosen c where s.id = c.id and c.status <> 'Resolving'
                returning s.id, c.status as former),
            logged as (
                insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
                select id, $2, former, 'Pending', 'asked again', $3 from moved where former <> 'Pending')
            select coalesce(sum(missing), 0)::int from chosen
            """;
        return (await source.ChangeAsync(
            Sql, [envelopeId, clock.GetUtcNow(), AddressCheck.Tidy(actor, 200) ?? "unknown"], reader => reader.GetInt32(0), cancellationToken))[0];
    }

    private static async Task<bool> HoldAsync(NpgsqlConnection connection, ClaimedSlice slice, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select 1 from resolution.slice where id = $1 and fence = $2 and status = 'Resolving' for update", connection)
        {
            Parameters = { new() { Value = slice.Id }, new() { Value = slice.Fence } },
        };
        await command.PrepareAsync(cancellationToken);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, ClaimedSlice slice, Settlement settlement, short round, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The count of people without an address is read back from their rows (a range of the primary key), so it cannot drift.
        const string Update = """
            update resolution.slice
            set status = $3, lease_until = null, due_at = $4, rounds = $5, lines = $6, resolved = $7, resolved_quantity = $8,
                (unresolved, unresolved_quantity) = (select count(*), coalesce(sum(u.quantity), 0) from resolution.unresolved u where u.seq between first_seq and last_seq),
                failed_attempts = $9, last_error_code = $10, last_error = $11, asked_at = $12, updated_at = $12
            where id = $1 and fence = $2
            """;
        const string History = """
            insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor) values ($1, $2, 'Resolving', $3, $4, $5)
            """;
        const string Set = """
            insert into resolution.resolved_set (slice_id, round, envelope_id, batch_id, first_seq, last_seq, lines, created_at, awaits_check) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """;
        var resolved = slice.Resolved + settlement.Resolved.Count;
        var quantity = slice.ResolvedQuantity + settlement.Resolved.Sum(item => item.Line.Quantity);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Update)
        {
            Parameters =
            {
                new() { Value = slice.Id }, new() { Value = slice.Fence }, new() { Value = settlement.Status.ToString() }, new() { Value = settlement.DueAt },
                new() { Value = round }, new() { Value = resolved + settlement.Missing.Length }, new() { Value = resolved }, new() { Value = quantity },
                new() { Value = settlement.FailedAttempts }, Text(settlement.ErrorCode), Text(settlement.Error), new() { Value = now },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(History)
        {
            Parameters = { new() { Value = slice.Id }, new() { Value = now }, new() { Value = settlement.Status.ToString() }, new() { Value = settlement.Cause }, new() { Value = Actor } },
        });
        if (settlement.Resolved.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Set)
            {
                Parameters =
                {
                    new() { Value = slice.Id }, new() { Value = round }, new() { Value = slice.EnvelopeId }, new() { Value = slice.BatchId },
                    new() { Value = slice.Range.First }, new() { Value = slice.Range.Last }, new() { Value = settlement.Resolved.Count }, new() { Value = now },
                    Text(settlement.Rule == SharedAddressRule.Allow ? null : settlement.Rule.ToString()),
                },
            });
        }

        await batch.RunPreparedAsync(cancellationToken);
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value };
}
