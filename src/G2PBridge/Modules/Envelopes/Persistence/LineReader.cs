using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>
/// Reads lines in sets. A batch is a run of the primary key, so its lines come from one range scan; the batch of a line is the last one that begins
/// at or before it (one index probe a line). Cancellations and holds are few and are joined by primary key. Payouts are lines too, in a table of their
/// own that is empty where only digital cash is paid; a number is in one of the two. Lines that are asked for one by one are looked up one by one,
/// each in the partition of its number: "= any(…)" would look for all of them in every partition, or read the ids' table from end to end.
/// </summary>
internal sealed class LineReader(BridgeDatabase source, StatusDatabase status)
{
    private const string BySeq =
        $"""
        {Found}
          from unnest($1::bigint[]) as k(seq)
          cross join lateral (select l.* from envelopes.disbursement l where l.seq = k.seq offset 0) d
          {Around}
        """;

    private const string ById =
        $"""
        {Found}
          from unnest($1::text[], $2::uuid[]) as k(id, key)
          cross join lateral (select r.seq from envelopes.disbursement_key r where r.key = k.key offset 0) n
          cross join lateral (select l.* from envelopes.disbursement l where l.seq = n.seq and l.disbursement_id = k.id offset 0) d
          {Around}
        """;

    private const string Found = "select d.seq, d.disbursement_id, d.beneficiary_id, d.quantity, b.id, b.envelope_id, b.received_at, c.at, false";

    private const string Around =
        """
          cross join lateral (select id, envelope_id, received_at from envelopes.batch where first_seq <= d.seq order by first_seq desc limit 1) b
          left join envelopes.cancellation c on c.seq = d.seq
        """;

    private const string FoundPayout =
        """
        select d.seq, d.id, d.payee, d.quantity, d.batch_id, d.envelope_id, s.created_at, null::timestamptz, true
          from envelopes.payout d
          cross join lateral (select created_at from envelopes.payout_set where first_seq <= d.seq order by first_seq desc limit 1) s
        """;

    /// <summary>In a bank's narrative for a payment to an agency (contract, section 3).</summary>
    private const string PayoutNarrative = "PAYMENT_TO_AGENCY_FOR_PHYSICAL_CASH_DISTRIBUTION";

    public async Task<IReadOnlyList<LineFacts>> ReadAsync(SeqRange lines, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement(
            $"""
            select d.seq, d.disbursement_id, d.beneficiary_id, d.beneficiary_name, d.quantity, d.narrative, d.compute_elements
              from envelopes.disbursement d
             where d.seq between $1 and $2
               and not exists (select from envelopes.cancellation c where c.seq = d.seq)
               and not {LineHolds.Stops}
             union all
            select p.seq, p.id, p.payee, null, p.quantity, $3, null from envelopes.payout p where p.seq between $1 and $2
             order by seq
            """);
        command.Parameters.Add(new() { Value = lines.First });
        command.Parameters.Add(new() { Value = lines.Last });
        command.Parameters.Add(new() { Value = PayoutNarrative });
        var found = new List<LineFacts>((int)Math.Min(lines.Length, 100_000));
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new LineFacts(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetDecimal(4),
                reader.IsDBNull(5) ? null : reader.GetString(5), reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return found;
    }

    public Task<IReadOnlyList<FoundLine>> FindByIdAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        string[] wanted = [.. ids.Distinct(StringComparer.Ordinal)];
        return FindAsync($"{ById} union all {FoundPayout} where d.id = any($1)", cancellationToken, new NpgsqlParameter { Value = wanted }, new NpgsqlParameter { Value = DisbursementKeys.Of(wanted) });
    }

    public Task<IReadOnlyList<FoundLine>> FindBySeqAsync(IReadOnlyCollection<long> seqs, CancellationToken cancellationToken) =>
        FindAsync($"{BySeq} union all {FoundPayout} where d.seq = any($1)", cancellationToken, new NpgsqlParameter { Value = seqs.Distinct().ToArray() });

    /// <summary>
    /// One probe each, by the key of the id, which two ids do not share (<see cref="DisbursementKeys"/>); the lines themselves are left alone. Their batches, which are
    /// few, are read as one run. Payouts are looked for under the ids that no disbursement has, so mostly not at all. What is archived is not found.
    /// </summary>
    public async Task<IReadOnlyList<LineLocation>> LocateAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        string[] sorted = [.. ids];
        var keys = DisbursementKeys.Of(sorted);
        // In the order of the index, neighbours share its pages.
        Array.Sort(keys, sorted);
        await using var connection = await status.OpenConnectionAsync(cancellationToken);
        var (lines, gone) = (new List<(long Seq, string Id)>(ids.Count), new List<SeqRange>());
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add(
                """
                select n.seq, k.no from unnest($1::uuid[]) with ordinality as k(key, no)
                cross join lateral (select r.seq from envelopes.disbursement_key r where r.key = k.key offset 0) n
                """,
                keys);
            batch.Add(ArchivedNumbers.Gone(NumberSeries.Lines));
            await using var reader = await batch.ReadPreparedAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                lines.Add((reader.GetInt64(0), sorted[reader.GetInt64(1) - 1]));
            }

            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                gone.Add(new SeqRange(reader.GetInt64(0), reader.GetInt64(1)));
            }
        }

        lines.RemoveAll(line => gone.Exists(range => range.Contains(line.Seq)));
        lines.Sort();
        var batches = await BatchesOfAsync(connection, lines.ConvertAll(line => line.Seq), cancellationToken);
        var located = new List<LineLocation>(ids.Count);
        foreach (var (seq, id) in lines)
        {
            var at = batches.BinarySearch((seq, "", ""), ByFirst);
            if ((at < 0 ? ~at - 1 : at) is >= 0 and var own)
            {
                located.Add(new LineLocation(seq, id, batches[own].Id, batches[own].EnvelopeId, false));
            }
        }

        if (located.Count < ids.Count)
        {
            var known = located.Select(line => line.DisbursementId).ToHashSet(StringComparer.Ordinal);
            string[] others = [.. ids.Where(id => !known.Contains(id))];
            located.AddRange(others.Length == 0 ? [] : await connection.QueryAsync(
                "select seq, id, batch_id, envelope_id from envelopes.payout where id = any($1)",
                [others], reader => new LineLocation(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), true), cancellationToken));
        }

        return located;
    }

    /// <summary>
    /// The batches in which these lines are and perhaps some between them, in the order of their numbers. Where there would be more batches than lines, as with lines
    /// from all over a large table, each line's is looked up by itself.
    /// </summary>
    private static async Task<List<(long First, string Id, string EnvelopeId)>> BatchesOfAsync(NpgsqlConnection connection, List<long> sorted, CancellationToken cancellationToken)
    {
        if (sorted.Count == 0)
        {
            return [];
        }

        var run = await connection.QueryAsync(
            """
            select first_seq, id, envelope_id from envelopes.batch
             where first_seq >= (select max(first_seq) from envelopes.batch where first_seq <= $1) and first_seq <= $2 order by first_seq limit $3
            """,
            [sorted[0], sorted[^1], sorted.Count + 1], Batch, cancellationToken);
        return run.Count <= sorted.Count
            ? run
            : await connection.QueryAsync(
                """
                select distinct b.first_seq, b.id, b.envelope_id from unnest($1::bigint[]) as k(seq)
                 cross join lateral (select first_seq, id, envelope_id from envelopes.batch where first_seq <= k.seq order by first_seq desc limit 1) b order by b.first_seq
                """,
                [sorted.ToArray()], Batch, cancellationToken);
    }

    private static readonly Comparer<(long First, string Id, string EnvelopeId)> ByFirst = Comparer<(long First, string Id, string EnvelopeId)>.Create((left, right) => left.First.CompareTo(right.First));

    private static (long First, string Id, string EnvelopeId) Batch(NpgsqlDataReader reader) => (reader.GetInt64(0), reader.GetString(1), reader.GetString(2));

    public async Task<IReadOnlyList<ArchivedLine>> FindArchivedAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var byKey = ids.Distinct(StringComparer.Ordinal).ToDictionary(DisbursementKeys.Of);
        return await source.QueryAsync(
            $"""
            select n.key, n.seq, b.envelope_id from unnest($1::uuid[]) as k(key)
            cross join lateral (select r.key, r.seq from envelopes.disbursement_key r where r.key = k.key offset 0) n
            cross join lateral (select envelope_id from envelopes.batch where first_seq <= n.seq order by first_seq desc limit 1) b
            where {ArchivedNumbers.IsGone(NumberSeries.Lines, "n.seq")}
            """,
            [byKey.Keys.ToArray()], reader => new ArchivedLine(byKey[reader.GetGuid(0)], reader.GetInt64(1), reader.GetString(2)), cancellationToken);
    }

    private async Task<IReadOnlyList<FoundLine>> FindAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement(sql);
        command.Parameters.AddRange(parameters);
        var found = new List<FoundLine>();
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new FoundLine(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetDecimal(3), reader.GetString(4), reader.GetString(5),
                reader.GetFieldValue<DateTimeOffset>(6), reader.IsDBNull(7) ? null : reader.GetFieldValue<DateTimeOffset>(7))
            { IsPayout = reader.GetBoolean(8) });
        }

        return found;
    }
}
