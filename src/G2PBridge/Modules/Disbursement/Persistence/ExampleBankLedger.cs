using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// The example bank's own books against ours, reference by reference. Ours are read first: what we call sent by then must be in books that
/// are read later; a reference that the books have beyond that is looked up again.
/// </summary>
internal sealed class ExampleBankLedger(BridgeDatabase source, ReferencePrefix prefix, DispatchReads reads, ArchivedNumbers archived) : IBankLedgerCheck
{
    private const string Bank = "bank ledger";

    private sealed record Booked(long Taken, decimal LeastAmount, decimal MostAmount, long Debits, decimal Debited, long Returns);

    public async Task<IReadOnlyList<InvariantResult>> CompareAsync(string connectionString, CancellationToken cancellationToken)
    {
        var mark = await prefix.ReadAsync(cancellationToken);
        var ours = await OursAsync(cancellationToken);
        var gone = await archived.ClosedAsync(NumberSeries.Lines, cancellationToken);
        var books = (await BooksAsync(connectionString, mark, cancellationToken)).Where(entry => !gone.Exists(range => range.Contains(entry.Key.Line))).ToDictionary();
        ours = ours.Where(entry => !gone.Exists(range => range.Contains(entry.Key.Line))).ToDictionary();
        var late = books.Keys.Where(reference => !ours.ContainsKey(reference)).ToList();
        var known = (await reads.InstructionsAsync(late, cancellationToken)).Select(line => new PaymentReference(line.Line, line.Generation)).ToHashSet();

        string Name(PaymentReference reference) => string.Create(CultureInfo.InvariantCulture, $"line {reference.Line} ({reference.Format(mark)})");
        var twice = books.Where(entry => entry.Value.Taken > 1 || entry.Value.Debits > 1).Select(entry => entry.Key)
            .Concat(books.GroupBy(entry => entry.Key.Line).Where(line => line.Sum(entry => Math.Max(entry.Value.Taken, entry.Value.Debits) - entry.Value.Returns) > 1).SelectMany(line => line.Select(entry => entry.Key)))
            .Distinct().Select(Name).ToList();
        var unpaid = books.Where(entry => entry.Value.Taken > 0 && (ours.TryGetValue(entry.Key, out var line) ? IsDenied(line.State, entry.Value) : !known.Contains(entry.Key)))
            .Select(entry => Name(entry.Key)).ToList();
        var sent = ours.Where(entry => entry.Value.State is LineState.Sent or LineState.Returned).ToList();
        var missing = sent.Where(entry => !books.TryGetValue(entry.Key, out var booked) || !IsSame(booked, entry.Value.Amount)).Select(entry => Name(entry.Key)).ToList();
        return
        [
            Result("B1", "The bank paid nobody twice", books.Count, twice),
            Result("B2", "The bank paid nobody whom we call refused, returned or unpaid", books.Count, unpaid),
            Result("B3", "The bank has everything that we call sent, with the same amount", sent.Count, missing),
        ];
    }

    private static bool IsDenied(LineState state, Booked booked) => state switch
    {
        LineState.Refused => true,
        LineState.Returned => Math.Max(booked.Taken, booked.Debits) > booked.Returns,
        _ => false,
    };

    private static bool IsSame(Booked booked, decimal amount) =>
        booked.Taken > 0 && booked.LeastAmount == amount && booked.MostAmount == amount && (booked.Debits == 0 || booked.Debited == amount * booked.Debits);

    private static InvariantResult Result(string id, string promise, int looked, List<string> offenders) =>
        new(id, Bank, promise, looked, offenders.Count, [.. offenders.Order(StringComparer.Ordinal).Take(InvariantSnapshot.Named)]);

    private async Task<Dictionary<PaymentReference, (decimal Amount, LineState State)>> OursAsync(CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            """
            select i.line, i.generation, i.amount, c.state, s.state, f.line is not null
            from disbursement.instruction i
            join disbursement.chunk c on c.id = i.chunk_id
            left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
            left join disbursement.failure f on f.line = i.line and f.generation = i.generation
            """,
            [],
            reader => (Reference: new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), Amount: reader.GetDecimal(2),
                State: reader.TextOrNull(4) is { } own ? Enum.Parse<LineState>(own)
                    : reader.GetBoolean(5) ? LineState.Refused
                    : LineTransitions.ImpliedBy(Enum.Parse<ChunkState>(reader.GetString(3)))),
            cancellationToken);
        return rows.ToDictionary(row => row.Reference, row => (row.Amount, row.State));
    }

    private static async Task<Dictionary<PaymentReference, Booked>> BooksAsync(string connectionString, string mark, CancellationToken cancellationToken)
    {
        await using var bank = NpgsqlDataSource.Create(connectionString);
        var rows = await bank.QueryAsync(
            """
            select p.reference, count(*), min(p.amount), max(p.amount), coalesce(sum(l.debits), 0)::bigint, coalesce(sum(l.debited), 0), coalesce(sum(l.returns), 0)::bigint
            from example_bank.payments p
            left join (
                select batch_id, line, count(*) filter (where mark = 'D') as debits, sum(amount) filter (where mark = 'D') as debited, count(*) filter (where mark = 'RD') as returns
                from example_bank.ledger where mark in ('D', 'RD') group by batch_id, line) l on l.batch_id = p.batch_id and l.line = p.line
            where p.refusal is null and p.reference like $1
            group by p.reference
            """,
            [mark + "%"],
            reader => (Reference: reader.GetString(0), Booked: new Booked(reader.GetInt64(1), reader.GetDecimal(2), reader.GetDecimal(3), reader.GetInt64(4), reader.GetDecimal(5), reader.GetInt64(6))),
            cancellationToken);
        var books = new Dictionary<PaymentReference, Booked>(rows.Count);
        foreach (var row in rows)
        {
            if (PaymentReference.TryParse(row.Reference, mark, out var reference))
            {
                books[reference] = row.Booked;
            }
        }

        return books;
    }
}
