using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Notifications.Persistence;

/// <summary>A notification to be. Its id is drawn here, once, and stays.</summary>
internal sealed record NewNotification(NotificationKind Kind, long Subject, short Generation, string EnvelopeId, long? Place, string RecipientId);

/// <summary>A notification leased to this worker.</summary>
internal sealed record ClaimedNotification(Guid Id, NotificationKind Kind, long Subject, short Generation, string EnvelopeId, long? Place, string RecipientId, long Fence, int Failures);

/// <summary>What became of it.</summary>
internal sealed record NotificationOutcome(ClaimedNotification Notification, NotificationState State, string Cause, DateTimeOffset DueAt)
{
    private const int LongestCause = 64;

    /// <summary>A channel may name the recipient in its refusal.</summary>
    public string Cause { get; } = Masked.Text(Cause) is var cause && cause.Length <= LongestCause ? cause : cause[..LongestCause];
}

/// <summary>
/// Puts notifications on record, hands them out and settles them, in sets: one row a notification, and one row in the delivery log for each change of it. Due times are
/// business time, leases the database's.
/// </summary>
internal sealed class NotificationStore(BridgeDatabase source, TimeProvider clock)
{
    private const string Actor = "notifications";

    /// <summary>What is on record already for the same subject stays as it is.</summary>
    public Task<int> InsertAsync(IReadOnlyList<NewNotification> notifications, bool isSuppressed, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with added as (
            insert into notifications.notification (id, kind, subject, generation, envelope_id, place, recipient_id, state, attempts, failures, due_at, fence, created_at, settled_at)
            select new.id, new.kind, new.subject, new.generation, new.envelope, new.place, new.recipient, $8, 0, 0, $9, 0, $9, case when $8 = 'Suppressed' then $9 end
            from unnest($1::uuid[], $2::text[], $3::bigint[], $4::smallint[], $5::text[], $6::bigint[], $7::text[]) as new(id, kind, subject, generation, envelope, place, recipient)
            on conflict (kind, subject, generation) do nothing returning id)
        insert into notifications.notification_history (notification_id, at, attempt, from_state, to_state, cause, actor)
        select id, $9, 0, null, $8, 'on record', $10 from added
        """,
        [
            notifications.Select(_ => Guid.CreateVersion7()).ToArray(), notifications.Select(row => row.Kind.ToString()).ToArray(), notifications.Select(row => row.Subject).ToArray(),
            notifications.Select(row => row.Generation).ToArray(), notifications.Select(row => row.EnvelopeId).ToArray(), notifications.Select(row => row.Place).ToArray(),
            notifications.Select(row => row.RecipientId).ToArray(), (isSuppressed ? NotificationState.Suppressed : NotificationState.Pending).ToString(), clock.GetUtcNow(), Actor,
        ],
        cancellationToken);

    /// <summary>
    /// Leases the oldest due ones of a kind, by a partial index. What a dead worker held goes out again under the same id where the channel knows it by that; where not,
    /// nobody knows whether it arrived.
    /// </summary>
    public async Task<List<ClaimedNotification>> ClaimAsync(NotificationKind kind, int most, bool isIdempotent, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        const string Free =
            """
            with dead as (select id from notifications.notification where kind = $1 and state = 'Sending' and lease_until < now() for update skip locked),
            freed as (
                update notifications.notification n set state = $2, lease_until = null, fence = n.fence + 1, failures = n.failures + 1, last_code = 'LEASE_EXPIRED', due_at = $3
                from dead where n.id = dead.id returning n.id, n.attempts)
            insert into notifications.notification_history (notification_id, at, attempt, from_state, to_state, cause, actor)
            select id, $3, attempts, 'Sending', $2, 'LEASE_EXPIRED', 'recovery' from freed
            """;
        const string Claim =
            """
            with next as (
                select id from notifications.notification where kind = $1 and state = 'Pending' and due_at <= $2 order by due_at, id limit $3 for update skip locked),
            claimed as (
                update notifications.notification n set state = 'Sending', attempts = n.attempts + 1, fence = n.fence + 1, lease_until = now() + $4
                from next where n.id = next.id returning n.*),
            logged as (
                insert into notifications.notification_history (notification_id, at, attempt, from_state, to_state, cause, actor)
                select id, $2, attempts, 'Pending', 'Sending', 'claimed', $5 from claimed)
            select id, kind, subject, generation, envelope_id, place, recipient_id, fence, failures from claimed order by id
            """;
        return await source.ChangeAsync(
            (Free, [kind.ToString(), (isIdempotent ? NotificationState.Pending : NotificationState.Unknown).ToString(), now]), (Claim, [kind.ToString(), now, most, lease, Actor]),
            reader => new ClaimedNotification(
                reader.GetGuid(0), Enum.Parse<NotificationKind>(reader.GetString(1)), reader.GetInt64(2), reader.GetInt16(3), reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetInt64(5),
                reader.GetString(6), reader.GetInt64(7), reader.GetInt32(8)),
            cancellationToken);
    }

    /// <summary>Gives how many were settled; those whose lease was lost are left to whoever took over.</summary>
    public Task<int> SettleAsync(IReadOnlyList<NotificationOutcome> outcomes, string channel, CancellationToken cancellationToken)
    {
        foreach (var outcome in outcomes)
        {
            NotificationTransitions.Require(NotificationState.Sending, outcome.State);
        }

        return source.ExecuteAsync(
            """
            with settled as (
                update notifications.notification n set state = o.state, lease_until = null, due_at = o.due, settled_at = case when o.state = 'Pending' then null else $6 end,
                    failures = case when o.state = 'Delivered' then 0 else n.failures + 1 end, last_code = case when o.state = 'Delivered' then null else o.cause end
                from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) as o(id, fence, state, cause, due)
                where n.id = o.id and n.fence = o.fence and n.state = 'Sending'
                returning n.id, n.attempts, o.state, o.cause)
            insert into notifications.notification_history (notification_id, at, attempt, from_state, to_state, cause, actor)
            select id, $6, attempts, 'Sending', state, cause, $7 from settled
            """,
            [
                outcomes.Select(outcome => outcome.Notification.Id).ToArray(), outcomes.Select(outcome => outcome.Notification.Fence).ToArray(),
                outcomes.Select(outcome => outcome.State.ToString()).ToArray(), outcomes.Select(outcome => outcome.Cause).ToArray(),
                outcomes.Select(outcome => outcome.DueAt).ToArray(), clock.GetUtcNow(), channel,
            ],
            cancellationToken);
    }

    /// <summary>A person says that what is unknown or undeliverable is to be sent (again), under the same id.</summary>
    public Task<int> SendAgainAsync(string envelopeId, string actor, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with chosen as (select id, state from notifications.notification where envelope_id = $1 and state in ('Unknown', 'Undeliverable') order by id for update),
        moved as (
            update notifications.notification n set state = 'Pending', due_at = $2, settled_at = null from chosen c where n.id = c.id returning n.id, n.attempts, c.state)
        insert into notifications.notification_history (notification_id, at, attempt, from_state, to_state, cause, actor)
        select id, $2, attempts, state, 'Pending', 'asked again', $3 from moved
        """,
        [envelopeId, clock.GetUtcNow(), actor], cancellationToken);

    public Task<List<NotificationProgress>> ProgressAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select envelope_id, count(distinct recipient_id) filter (where kind = 'Warehouse' and done)::int, count(distinct recipient_id) filter (where kind = 'Agency' and done)::int,
            count(distinct recipient_id) filter (where kind = 'Beneficiary' and done)::int, count(*) filter (where state in ('Pending', 'Sending'))::int,
            count(*) filter (where state in ('Unknown', 'Undeliverable'))::int
        from (select *, state in ('Delivered', 'Suppressed') as done from notifications.notification where envelope_id = any($1)) n group by envelope_id
        """,
        [envelopeIds.ToArray()],
        reader => new NotificationProgress(reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetInt32(5)), cancellationToken);

    /// <summary>The contract's words: PROCESSED, PROCESSING, PENDING, or ERROR for what is tried in vain.</summary>
    public Task<List<NotificationsOfPlace>> OfPlacesAsync(string envelopeId, int maxFailed, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select place, max(status) filter (where kind = 'Warehouse'), max(status) filter (where kind = 'Agency')
        from (
            select place, kind, case when state in ('Delivered', 'Suppressed') then 'PROCESSED' when state in ('Unknown', 'Undeliverable') or failures >= $2 then 'ERROR'
                when state = 'Sending' then 'PROCESSING' else 'PENDING' end as status
            from notifications.notification where envelope_id = $1 and kind in ('Warehouse', 'Agency')) n
        group by place
        """,
        [envelopeId, maxFailed], reader => new NotificationsOfPlace(reader.GetInt64(0), reader.TextOrNull(1), reader.TextOrNull(2)), cancellationToken);
}
