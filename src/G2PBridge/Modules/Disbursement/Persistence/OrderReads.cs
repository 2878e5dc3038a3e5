using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Looks for what a bank's text may be about. Orders by the unique index of their key, or by that of their sums; payments of an order by its
/// run of line numbers. Payments of an amount are looked for in the newest orders of the account, each by its run of line numbers (some 0.2 µs a
/// payment), up to a bound: an index of amounts would cost every payment a third of its insert, for a question that a person asks now and then.
/// </summary>
internal sealed class OrderReads(BridgeDatabase source)
{
    /// <summary>Orders of the account that are looked through for one amount; a million payments by the usual size of an order.</summary>
    private const int MostOrders = 500;

    /// <summary>So that an amount that everybody gets is found in the first few, and the rest left alone.</summary>
    private const int OrdersAtOnce = 10;

    private const string Orders =
        """
        select c.idempotency_key, c.id, c.envelope_id, e.account_number, e.currency, c.lines, c.amount
        from disbursement.chunk c join disbursement.envelope e on e.envelope_id = c.envelope_id
        """;

    private const string Payments =
        """
        select i.line, i.generation, i.chunk_id, c.envelope_id, c.batch_id, e.bank_code, e.account_number, i.amount, e.currency, c.state, s.state
        from disbursement.chunk c
        cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
        join disbursement.envelope e on e.envelope_id = c.envelope_id
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        """;

    public Task<List<OrderFacts>> OrdersAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Orders} where c.idempotency_key = any($1) and c.prepared_at is not null order by c.id", [keys.ToArray()], Order, cancellationToken);

    public Task<List<OrderFacts>> OrdersOfAmountAsync(FindOrdersOfAmount request, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Orders} where c.amount = $3 and c.prepared_at is not null and e.account_number = $1 and e.currency = $2 order by c.id desc limit $4",
        [request.AccountNumber, request.Currency, request.Amount, request.Limit], Order, cancellationToken);

    public Task<List<InstructionFacts>> PaymentsAsync(long chunkId, CancellationToken cancellationToken) => source.QueryAsync(
        $"{Payments} where c.id = $1 order by i.line", [chunkId], Payment, cancellationToken);

    public async Task<OpenInstructions> OpenOfAmountAsync(FindOpenInstructions request, CancellationToken cancellationToken)
    {
        var before = request.Before ?? long.MaxValue;
        var orders = await source.QueryAsync(
            """
            select c.id from disbursement.chunk c join disbursement.envelope e on e.envelope_id = c.envelope_id
            where c.first_seq < $4 and c.prepared_at is not null and c.amount >= $3 and e.account_number = $1 and e.currency = $2
            order by c.first_seq desc limit $5
            """,
            [request.AccountNumber, request.Currency, request.Amount, before, MostOrders + 1], reader => reader.GetInt64(0), cancellationToken);
        var payments = new List<InstructionFacts>();
        foreach (var few in orders.Take(MostOrders).Chunk(OrdersAtOnce))
        {
            payments.AddRange(await source.QueryAsync(
                $"""
                {Payments}
                where c.id = any($1) and i.line < $3 and i.amount = $2 and coalesce(s.state, c.state) in ('Sending', 'Sent', 'Unknown')
                order by i.line desc limit $4
                """,
                [few, request.Amount, before, request.Limit - payments.Count], Payment, cancellationToken));
            if (payments.Count >= request.Limit)
            {
                break;
            }
        }

        return new OpenInstructions(payments, orders.Count <= MostOrders);
    }

    private static OrderFacts Order(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5), reader.GetDecimal(6));

    private static InstructionFacts Payment(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt16(1), reader.GetInt64(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6),
        reader.GetDecimal(7), reader.GetString(8), DispatchReads.StateOf(reader.GetString(9), reader.TextOrNull(10)));
}
