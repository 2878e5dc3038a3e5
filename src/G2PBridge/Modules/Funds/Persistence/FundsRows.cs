using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Funds.Persistence;

/// <summary>
/// Claims and settles the money of one envelope at a time. Claims run on partial indexes over rows that are due, so they cost the same
/// however many envelopes there have been. Pauses are business time; leases are the database's, so that no two hosts' clocks can disagree.
/// </summary>
internal sealed class FundsRows(BridgeDatabase source, FundsDbContext db, TimeProvider clock)
{
    public const string Actor = "funds";

    /// <summary>Takes the row that is due longest. The block's key is on record before anyone can be asked with it.</summary>
    public Task<(EnvelopeFunds Row, FundsState From)?> ClaimDueAsync(TimeSpan lease, CancellationToken cancellationToken) => ClaimAsync(
        """
        with next as (
            select envelope_id, state from funds.envelope_funds
            where due_at <= $1 and state in ('CheckPending', 'NotAvailable', 'CheckError', 'BlockFailed', 'BlockPending', 'BlockUnknown')
            order by due_at, envelope_number limit 1 for update skip locked),
        claimed as (
            update funds.envelope_funds f set
                state = case when next.state in ('BlockPending', 'BlockUnknown') then 'Blocking' else 'Checking' end,
                fence = f.fence + 1, lease_until = now() + $2, due_at = null,
                check_attempts = f.check_attempts + case when next.state in ('BlockPending', 'BlockUnknown') then 0 else 1 end,
                block_attempts = f.block_attempts + case when next.state in ('BlockPending', 'BlockUnknown') then 1 else 0 end,
                block_key = case when next.state in ('BlockPending', 'BlockUnknown') then coalesce(f.block_key, $3) else f.block_key end
            from next where f.envelope_id = next.envelope_id
            returning f.envelope_id, f.fence, next.state as from_state, f.state as to_state),
        logged as (
            insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
            select envelope_id, $1, from_state, to_state, 'claimed', 'funds' from claimed)
        select envelope_id, fence, from_state from claimed
        """,
        [clock.GetUtcNow(), lease, Guid.CreateVersion7().ToString()],
        cancellationToken);

    public Task<(EnvelopeFunds Row, FundsState From)?> ClaimReleaseAsync(TimeSpan lease, CancellationToken cancellationToken) => ClaimAsync(
        """
        with next as (
            select envelope_id from funds.envelope_funds
            where release_due_at <= $1 and release_state = 'Requested'
            order by release_due_at limit 1 for update skip locked),
        claimed as (
            update funds.envelope_funds f set
                release_state = 'Releasing', fence = f.fence + 1, lease_until = now() + $2, release_due_at = null, release_attempts = f.release_attempts + 1
            from next where f.envelope_id = next.envelope_id
            returning f.envelope_id, f.fence, f.state),
        logged as (
            insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
            select envelope_id, $1, 'Requested', 'Releasing', 'release claimed', 'funds' from claimed)
        select envelope_id, fence, state from claimed
        """,
        [clock.GetUtcNow(), lease],
        cancellationToken);

    /// <summary>Writes what a claim led to, under its fence; false when the lease was lost meanwhile and nothing was written.</summary>
    public async Task<bool> SettleAsync(EnvelopeFunds claimed, EnvelopeFunds settled, string cause, CancellationToken cancellationToken)
    {
        if (settled.ReleaseState != claimed.ReleaseState)
        {
            FundsTransitions.Require(claimed.ReleaseState, settled.ReleaseState);
        }

        if (settled.State != claimed.State)
        {
            FundsTransitions.Require(claimed.State, settled.State);
        }

        var (from, to) = settled.State != claimed.State
            ? (claimed.State.ToString(), settled.State.ToString())
            : (claimed.ReleaseState.ToString(), settled.ReleaseState.ToString());
        var written = await source.ExecuteAsync(
            """
            with settled as (
                update funds.envelope_funds set
                    state = $5, lease_until = null, due_at = $6,
                    bank_code = $7, account_number = $8, account_type = $9, branch_code = $10,
                    check_failures = $11, check_error_code = $12, check_error = $13, checked_at = $14,
                    block_failures = $15, block_error_code = $16, block_error = $17, blocked_at = $18,
                    block_key = $19, block_reference = $20, blocked_amount = $21,
                    release_state = $22, released_amount = $23, release_error_code = $24, release_due_at = $25, watch_at = $26
                where envelope_id = $1 and fence = $2 and state = $3 and release_state = $4
                returning envelope_id)
            insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
            select envelope_id, $27, $28, $29, $30, 'funds' from settled
            """,
            [
                claimed.EnvelopeId, claimed.Fence, claimed.State.ToString(), claimed.ReleaseState.ToString(),
                settled.State.ToString(), settled.DueAt, settled.BankCode, settled.AccountNumber, settled.AccountType, settled.BranchCode,
                settled.CheckFailures, settled.CheckErrorCode, Masked.Text(settled.CheckError), settled.CheckedAt,
                settled.BlockFailures, settled.BlockErrorCode, Masked.Text(settled.BlockError), settled.BlockedAt,
                settled.BlockKey, settled.BlockReference, settled.BlockedAmount,
                settled.ReleaseState.ToString(), settled.ReleasedAmount, settled.ReleaseErrorCode, settled.ReleaseDueAt, settled.WatchAt,
                clock.GetUtcNow(), from, to, Masked.Text(cause),
            ],
            cancellationToken);
        return written == 1;
    }

    /// <summary>
    /// Takes back what dead processes held: a check is simply due again; a block becomes unknown, due again only at the banks that honour
    /// its key; a release, which may be repeated, is requested again.
    /// </summary>
    public Task<int> RecoverAsync(IReadOnlyCollection<string> idempotentBanks, string blockErrorCode, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with dead as (
            select envelope_id, state, release_state from funds.envelope_funds
            where lease_until < now() for update skip locked),
        taken as (
            update funds.envelope_funds f set
                state = case dead.state when 'Checking' then 'CheckPending' when 'Blocking' then 'BlockUnknown' else dead.state end,
                release_state = case dead.release_state when 'Releasing' then 'Requested' else dead.release_state end,
                fence = f.fence + 1, lease_until = null,
                due_at = case when dead.state = 'Checking' or (dead.state = 'Blocking' and f.bank_code = any($2)) then $1 end,
                release_due_at = case when dead.release_state = 'Releasing' then $1 end,
                block_error_code = case when dead.state = 'Blocking' then $3 else f.block_error_code end
            from dead where f.envelope_id = dead.envelope_id
            returning f.envelope_id, dead.state as from_state, f.state as to_state, dead.release_state as from_release, f.release_state as to_release)
        insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
        select envelope_id, $1,
            case when from_state <> to_state then from_state else from_release end,
            case when from_state <> to_state then to_state else to_release end, 'lease ended', 'recovery'
        from taken
        """,
        [clock.GetUtcNow(), idempotentBanks.ToArray(), blockErrorCode],
        cancellationToken);

    /// <summary>Puts envelopes on record, once each.</summary>
    public Task<int> InsertAsync(IReadOnlyList<EnvelopeFunds> rows, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with added as (
            insert into funds.envelope_funds (envelope_id, envelope_number, programme_id, benefit_code_id, currency, amount, schedule_date, overdue,
                state, fence, due_at, check_attempts, check_failures, block_attempts, block_failures, blocked_amount, release_state, release_used,
                released_amount, release_attempts, created_at)
            select id, number, programme, benefit, currency, amount, day, overdue, 'CheckPending', 0, $9, 0, 0, 0, 0, 0, 'None', 0, 0, 0, $9
            from unnest($1::text[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::numeric[], $7::date[], $8::boolean[])
                as new(id, number, programme, benefit, currency, amount, day, overdue)
            on conflict (envelope_id) do nothing
            returning envelope_id)
        insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
        select envelope_id, $9, null, 'CheckPending', 'envelope is due', 'funds' from added
        """,
        [
            rows.Select(row => row.EnvelopeId).ToArray(), rows.Select(row => row.EnvelopeNumber).ToArray(), rows.Select(row => row.ProgrammeId).ToArray(),
            rows.Select(row => row.BenefitCodeId).ToArray(), rows.Select(row => row.Currency).ToArray(), rows.Select(row => row.Amount).ToArray(),
            rows.Select(row => row.ScheduleDate).ToArray(), rows.Select(row => row.Overdue).ToArray(), clock.GetUtcNow(),
        ],
        cancellationToken);

    /// <summary>
    /// Asks for what is left of these blocks to be given back; what was asked before, or was never blocked, stays as it is. A block that was
    /// used up needs no call.
    /// </summary>
    public Task<int> RequestReleaseAsync(IReadOnlyCollection<string> envelopeIds, decimal used, string cause, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with asked as (
            update funds.envelope_funds set
                release_state = case when blocked_amount > $2 then 'Requested' else 'Released' end,
                release_used = $2, watch_at = null,
                release_due_at = case when blocked_amount > $2 then $3 end
            where envelope_id = any($1) and state = 'Blocked' and release_state = 'None'
            returning envelope_id, release_state)
        insert into funds.envelope_funds_history (envelope_id, at, from_state, to_state, cause, actor)
        select envelope_id, $3, 'None', release_state, $4, 'funds' from asked
        """,
        [envelopeIds.ToArray(), used, clock.GetUtcNow(), cause],
        cancellationToken);

    /// <summary>Blocked envelopes whose turn it is to be looked at for a cancellation; their next turn is set at once.</summary>
    public Task<List<string>> TakeWatchedAsync(TimeSpan interval, int limit, CancellationToken cancellationToken) => source.ChangeAsync(
        """
        update funds.envelope_funds f set watch_at = $2
        from (select envelope_id from funds.envelope_funds where watch_at <= $1 order by watch_at limit $3 for update skip locked) as next
        where f.envelope_id = next.envelope_id
        returning f.envelope_id
        """,
        [clock.GetUtcNow(), clock.GetUtcNow() + interval, limit],
        reader => reader.GetString(0),
        cancellationToken);

    public Task<int> AcknowledgeAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.ExecuteAsync(
        "update funds.envelope_funds set acknowledged_at = $2 where envelope_id = any($1) and state = 'Blocked' and acknowledged_at is null",
        [envelopeIds.ToArray(), clock.GetUtcNow()],
        cancellationToken);

    public static SponsorAccount? AccountOf(EnvelopeFunds row) =>
        row is { BankCode: { } bank, AccountNumber: { } number } ? new SponsorAccount(bank, number, row.AccountType, row.BranchCode) : null;

    private async Task<(EnvelopeFunds Row, FundsState From)?> ClaimAsync(string sql, object?[] values, CancellationToken cancellationToken)
    {
        var claims = await source.ChangeAsync(
            sql, values, reader => (Id: reader.GetString(0), Fence: reader.GetInt64(1), From: Enum.Parse<FundsState>(reader.GetString(2))), cancellationToken);
        if (claims is not [var claim])
        {
            return null;
        }

        // Nobody else writes a claimed row; were the lease lost already, the fence of the row read here would refuse the settlement.
        var row = await db.EnvelopeFunds.AsNoTracking().SingleAsync(candidate => candidate.EnvelopeId == claim.Id, cancellationToken);
        return row.Fence == claim.Fence ? (row, claim.From) : null;
    }
}
