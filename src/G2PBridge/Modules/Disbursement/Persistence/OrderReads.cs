using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Looks for what a bank's text may be about. Orders by the unique index of their key, or by that of their sums; payments of an order by its
/// run of line numbers; payments of an amount by an index that holds nothing else (one entry per payment, some 15 bytes where amounts repeat).
/// </summary>
internal sealed class OrderReads(NpgsqlDataSource source)
{
    private const string Orders =
        """
        select c.idempotency_key, c.id, c.envelope_id, e.account_number, e.currency, c.lines, c.amount
        from disbursement.chunk c join disbursement.envelope e on e.envelope_id = c.envelope_id
        """;

    private const string Payments =
        """
        select i.line, i.generation, i.chunk_id, c.envelope_id, c.batch_id, e.bank_code, e.account_number, i.amount, e.currency, c.state, s.state
        from disbursement.instruction i
        join disbursement.chunk c on c.id = i.chunk_id
        join disbursement.envelope e on e.envelope_id = c.envelope_id
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        """;

    public Task<List<OrderFacts>> OrdersAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Orders} where c.idempotency_key = any($1) and c.prepared_at is not null order by c.id", [keys.ToArray()], Order, cancellationToken);

    public Task<List<OrderFacts>> OrdersOfAmountAsync(FindOrdersOfAmount request, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Orders} where c.amount = $3 and c.prepared_at is not null and e.account_number = $1 and e.currency = $2 order by c.id desc limit $4",
        [request.AccountNumber, request.Currency, request.Amount, request.Limit], Order, cancellationToken);

    public Task<List<InstructionFacts>> PaymentsAsync(long chunkId, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Payments} where c.id = $1 and i.line between c.first_seq and c.last_seq order by i.line", [chunkId], Payment, cancellationToken);

    public Task<List<InstructionFacts>> OpenOfAmountAsync(FindOpenInstructions request, CancellationToken cancellationToken) => source.QueryAsync(
        $"""
        {Payments}
        where i.amount = $3 and i.line < $5 and e.account_number = $1 and e.currency = $2
            and coalesce(s.state, c.state) in ('Sending', 'Sent', 'Unknown')
        order by i.line desc limit $4
        """,
        [request.AccountNumber, request.Currency, request.Amount, request.Limit, request.Before ?? long.MaxValue], Payment, cancellationToken);

    private static OrderFacts Order(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5), reader.GetDecimal(6));

    private static InstructionFacts Payment(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt16(1), reader.GetInt64(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
        reader.GetDecimal(7), reader.GetString(8), DispatchReads.StateOf(reader.GetString(9), reader.TextOrNull(10)));
}
