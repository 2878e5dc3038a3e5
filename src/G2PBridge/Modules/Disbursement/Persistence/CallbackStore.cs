using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>One thing that a bank says about one payment, as it came.</summary>
internal sealed record CallbackItem(string Reference, PaymentReference? Payment, CallbackStatus Status, string? ReasonCode, string? Reason, decimal? Amount, string? Currency)
{
    private const int FingerprintLength = 16;
    private const char Separator = '\u001f';

    public byte[] Fingerprint => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(Separator, Reference, Status, ReasonCode, Amount?.ToString("0.####", CultureInfo.InvariantCulture), Currency)))[..FingerprintLength];
}

/// <summary>A callback that waits to be looked at.</summary>
internal sealed record WaitingCallback(long Id, PaymentReference Payment, CallbackStatus Status, string? ReasonCode, string? Reason, decimal? Amount, string? Currency);

/// <summary>A callback as it is shown.</summary>
internal sealed record CallbackRow(
    long Id, string Reference, CallbackStatus Status, string? ReasonCode, string? Reason, CallbackState State, string? Note, DateTimeOffset ReceivedAt, DateTimeOffset LastReceivedAt, int Times);

/// <summary>
/// Takes callbacks in as rows, in sets, before anything is done about them: what a bank said once is not lost. A repetition is counted in
/// the row that is there.
/// </summary>
internal sealed class CallbackStore(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>Which of these are about nothing that was ever ordered of this bank.</summary>
    public async Task<int> ReceiveAsync(string bankCode, IReadOnlyList<CallbackItem> items, CancellationToken cancellationToken)
    {
        var distinct = items.DistinctBy(item => Convert.ToHexString(item.Fingerprint)).ToList();
        var states = await source.ChangeAsync(
            """
            insert into disbursement.bank_callback as b
                (bank_code, fingerprint, reference, status, reason_code, reason, amount, currency, line, generation, state, note, received_at, last_received_at, times, due_at)
            select $1, n.fingerprint, n.reference, n.status, n.code, n.reason, n.amount, n.currency, i.line, i.generation,
                case when i.line is null then 'UnknownReference' else 'Waiting' end, case when i.line is null then 'nothing was ordered of this bank under this reference' end,
                $11, $11, 1, case when i.line is not null then $11 end
            from unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::text[], $9::bigint[], $10::smallint[])
                as n(fingerprint, reference, status, code, reason, amount, currency, line, generation)
            left join (disbursement.instruction i join disbursement.chunk c on c.id = i.chunk_id and lower(c.bank_code) = lower($1)) on i.line = n.line and i.generation = n.generation
            order by n.fingerprint
            on conflict (bank_code, fingerprint) do update set times = b.times + 1, last_received_at = excluded.last_received_at
            returning state
            """,
            [
                bankCode, distinct.Select(item => item.Fingerprint).ToArray(), distinct.Select(item => item.Reference).ToArray(), distinct.Select(item => item.Status.ToString()).ToArray(),
                distinct.Select(item => item.ReasonCode).ToArray(), distinct.Select(item => item.Reason).ToArray(), distinct.Select(item => item.Amount).ToArray(),
                distinct.Select(item => item.Currency).ToArray(), distinct.Select(item => item.Payment?.Line).ToArray(), distinct.Select(item => (short?)item.Payment?.Generation).ToArray(),
                clock.GetUtcNow(),
            ],
            reader => reader.GetString(0),
            cancellationToken);
        return states.Count(state => state == nameof(CallbackState.UnknownReference));
    }

    public Task<List<WaitingCallback>> DueAsync(int limit, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select id, line, generation, status, reason_code, reason, amount, currency from disbursement.bank_callback
        where state = 'Waiting' and due_at <= $1 order by due_at, id limit $2
        """,
        [clock.GetUtcNow(), limit],
        reader => new WaitingCallback(
            reader.GetInt64(0), new PaymentReference(reader.GetInt64(1), reader.GetInt16(2)), Enum.Parse<CallbackStatus>(reader.GetString(3)), reader.TextOrNull(4), reader.TextOrNull(5),
            reader.IsDBNull(6) ? null : reader.GetDecimal(6), reader.TextOrNull(7)),
        cancellationToken);

    /// <summary>Payments of which the bank itself called back that it paid them.</summary>
    public static async Task<HashSet<PaymentReference>> SaidPaidAsync(NpgsqlConnection connection, PaymentReference[] payments, CancellationToken cancellationToken) => (await connection.QueryAsync(
        """
        select b.line, b.generation from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
        join disbursement.bank_callback b on b.line = r.line and b.generation = r.generation
        where b.status in ('Paid', 'Returned') and b.state <> 'Conflict'
        """,
        [payments.Select(payment => payment.Line).ToArray(), payments.Select(payment => (short)payment.Generation).ToArray()],
        reader => new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)),
        cancellationToken)).ToHashSet();

    /// <summary>Amounts and currencies that were ordered.</summary>
    public static async Task<Dictionary<PaymentReference, (decimal Amount, string Currency)>> OrderedAsync(NpgsqlConnection connection, PaymentReference[] payments, CancellationToken cancellationToken) =>
        (await connection.QueryAsync(
            """
            select i.line, i.generation, i.amount, e.currency from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
            join disbursement.instruction i using (line, generation)
            join disbursement.chunk c on c.id = i.chunk_id
            join disbursement.envelope e on e.envelope_id = c.envelope_id
            """,
            [payments.Select(payment => payment.Line).ToArray(), payments.Select(payment => (short)payment.Generation).ToArray()],
            reader => (Payment: new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), Amount: reader.GetDecimal(2), Currency: reader.GetString(3)),
            cancellationToken)).ToDictionary(row => row.Payment, row => (row.Amount, row.Currency));

    /// <summary>Ends callbacks, or lets them wait on; only those that still wait.</summary>
    public static async Task SettleAsync(
        NpgsqlConnection connection, IReadOnlyList<(long Id, CallbackState State, string Note)> settled, DateTimeOffset now, DateTimeOffset again, CancellationToken cancellationToken)
    {
        foreach (var callback in settled)
        {
            Callbacks.Require(CallbackState.Waiting, callback.State);
        }

        await using var command = await connection.PreparedAsync(
            """
            update disbursement.bank_callback b set state = n.state, note = n.note,
                due_at = case when n.state = 'Waiting' then $5 end, settled_at = case when n.state <> 'Waiting' then $4 end
            from unnest($1::bigint[], $2::text[], $3::text[]) as n(id, state, note) where b.id = n.id and b.state = 'Waiting'
            """, cancellationToken,
            settled.Select(callback => callback.Id).ToArray(), settled.Select(callback => callback.State.ToString()).ToArray(), settled.Select(callback => callback.Note).ToArray(), now, again);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Newest first.</summary>
    public Task<List<CallbackRow>> ListAsync(string bankCode, CallbackState? state, long? before, int limit, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select id, reference, status, reason_code, reason, state, note, received_at, last_received_at, times from disbursement.bank_callback
        where bank_code = $1 and ($2::text is null or state = $2) and ($3::bigint is null or id < $3) order by id desc limit $4
        """,
        [bankCode, state?.ToString(), before, limit],
        reader => new CallbackRow(
            reader.GetInt64(0), reader.GetString(1), Enum.Parse<CallbackStatus>(reader.GetString(2)), reader.TextOrNull(3), reader.TextOrNull(4), Enum.Parse<CallbackState>(reader.GetString(5)),
            reader.TextOrNull(6), reader.GetFieldValue<DateTimeOffset>(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetInt32(9)),
        cancellationToken);
}
