using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>Collects what one transaction changes in the envelopes' counts and writes it in one statement.</summary>
internal sealed class EnvelopeCounts
{
    private const int Kinds = 4;
    private readonly SortedDictionary<string, (int Lines, decimal Amount)[]> _changes = new(StringComparer.Ordinal);

    public void Sent(string envelopeId, int lines, decimal amount) => Add(envelopeId, 0, lines, amount);

    public void Unknown(string envelopeId, int lines, decimal amount) => Add(envelopeId, 1, lines, amount);

    public void Refused(string envelopeId, int lines, decimal amount) => Add(envelopeId, 2, lines, amount);

    public void InFlight(string envelopeId, int lines, decimal amount) => Add(envelopeId, 3, lines, amount);

    /// <summary>Comes after the chunks in every transaction and takes the envelopes in order, so that transactions cannot wait for each other in a ring.</summary>
    public async Task ApplyAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_changes.Count == 0)
        {
            return;
        }

        var ids = _changes.Keys.ToArray();
        await using var batch = new NpgsqlBatch(connection);
        if (ids.Length > 1)
        {
            batch.Add("select from disbursement.envelope where envelope_id = any($1) order by envelope_id for update", ids);
        }

        batch.Add(
            """
            update disbursement.envelope e set
                sent_lines = e.sent_lines + d.sent, sent_amount = e.sent_amount + d.sent_amount,
                unknown_lines = e.unknown_lines + d.unknown, unknown_amount = e.unknown_amount + d.unknown_amount,
                refused_lines = e.refused_lines + d.refused, refused_amount = e.refused_amount + d.refused_amount,
                in_flight_lines = e.in_flight_lines + d.in_flight, in_flight_amount = e.in_flight_amount + d.in_flight_amount,
                finish_due_at = $10
            from unnest($1::text[], $2::int[], $3::numeric[], $4::int[], $5::numeric[], $6::int[], $7::numeric[], $8::int[], $9::numeric[])
                as d(id, sent, sent_amount, unknown, unknown_amount, refused, refused_amount, in_flight, in_flight_amount)
            where e.envelope_id = d.id
            """,
            ids, Lines(0), Amounts(0), Lines(1), Amounts(1), Lines(2), Amounts(2), Lines(3), Amounts(3), now);
        await batch.RunPreparedAsync(cancellationToken);
    }

    private int[] Lines(int kind) => [.. _changes.Values.Select(change => change[kind].Lines)];

    private decimal[] Amounts(int kind) => [.. _changes.Values.Select(change => change[kind].Amount)];

    private void Add(string envelopeId, int kind, int lines, decimal amount)
    {
        if (!_changes.TryGetValue(envelopeId, out var change))
        {
            _changes.Add(envelopeId, change = new (int, decimal)[Kinds]);
        }

        change[kind] = (change[kind].Lines + lines, change[kind].Amount + amount);
    }
}
