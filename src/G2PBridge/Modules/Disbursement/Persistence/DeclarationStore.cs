using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A declaration with what became of it.</summary>
internal sealed record DeclarationRow(
    Guid Id, string EnvelopeId, DeclaredOutcome Outcome, string Reason, string ProposedBy, DateTimeOffset ProposedAt, string? ConfirmedBy, DateTimeOffset? ConfirmedAt, int Lines, int? Settled);

/// <summary>
/// Declarations are rows that are added and never changed. A confirmation settles, in its own transaction and under the locks of their
/// chunks, those of the lines that are still unknown. Work of people: some thousand lines at a time.
/// </summary>
internal sealed class DeclarationStore(BridgeDatabase source, TimeProvider clock)
{
    public const string DeclaredNotPaid = "DECLARED_NOT_PAID";

    private const string Columns =
        """
        select d.id, d.envelope_id, d.outcome, d.reason, d.proposed_by, d.proposed_at, c.confirmed_by, c.confirmed_at,
            (select count(*)::int from disbursement.declaration_line l where l.declaration_id = d.id), c.settled
        from disbursement.declaration d left join disbursement.declaration_confirmation c on c.declaration_id = d.id
        """;

    /// <summary>The envelope's unknown payments, or those of these lines that are unknown.</summary>
    public Task<List<PaymentReference>> UnknownAsync(string envelopeId, IReadOnlyCollection<long>? lines, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select i.line, i.generation
        from disbursement.chunk c
        cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        where c.envelope_id = $1 and c.unknown_lines > 0 and coalesce(s.state, c.state) = 'Unknown' and ($2::bigint[] is null or i.line = any($2))
        order by i.line
        """,
        [envelopeId, lines?.ToArray()],
        reader => new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)),
        cancellationToken);

    public async Task<DeclarationRow> ProposeAsync(
        string envelopeId, DeclaredOutcome outcome, string reason, string actor, IReadOnlyCollection<PaymentReference> payments, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            "insert into disbursement.declaration (id, envelope_id, outcome, reason, proposed_by, proposed_at) values ($1, $2, $3, $4, $5, $6)",
            id, envelopeId, outcome.ToString(), reason, actor, now);
        batch.Add(
            "insert into disbursement.declaration_line (declaration_id, line, generation) select $1, line, generation from unnest($2::bigint[], $3::smallint[]) as n(line, generation)",
            id, payments.Select(payment => payment.Line).ToArray(), payments.Select(payment => (short)payment.Generation).ToArray());
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return new DeclarationRow(id, envelopeId, outcome, reason, actor, now, null, null, payments.Count, null);
    }

    public async Task<DeclarationRow?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await source.QueryAsync($"{Columns} where d.id = $1", [id], Read, cancellationToken)).SingleOrDefault();

    /// <summary>Newest first.</summary>
    public Task<List<DeclarationRow>> OfEnvelopeAsync(string envelopeId, int limit, CancellationToken cancellationToken) =>
        source.QueryAsync($"{Columns} where d.envelope_id = $1 order by d.proposed_at desc, d.id limit $2", [envelopeId, limit], Read, cancellationToken);

    public Task<List<PaymentReference>> PaymentsAsync(Guid id, CancellationToken cancellationToken) => source.QueryAsync(
        "select line, generation from disbursement.declaration_line where declaration_id = $1", [id], reader => new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), cancellationToken);

    /// <summary>Settles what is still unknown of it; null when somebody confirmed it meanwhile, or nothing is unknown any more.</summary>
    public async Task<int?> ConfirmAsync(DeclarationRow declaration, IReadOnlyList<PaymentReference> payments, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        PaymentReference[] references = [.. payments];
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var chunks = await LineChanges.ChunksOfAsync(connection, references, cancellationToken);
        await LineChanges.LockChunksAsync(connection, chunks, cancellationToken);
        var unknown = (await LineChanges.ReadAsync(connection, references, chunks, cancellationToken)).Where(line => line.State == LineState.Unknown).ToList();
        if (unknown.Count == 0)
        {
            return null;
        }

        await using (var confirmation = await connection.PreparedAsync(
            """
            insert into disbursement.declaration_confirmation (declaration_id, proposed_by, confirmed_by, confirmed_at, settled) values ($1, $2, $3, $4, $5)
            on conflict (declaration_id) do nothing
            """, cancellationToken,
            declaration.Id, declaration.ProposedBy, actor, now, unknown.Count))
        {
            if (await confirmation.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return null;
            }
        }

        var (to, code) = declaration.Outcome == DeclaredOutcome.Paid ? (LineState.Sent, (string?)null) : (LineState.Refused, DeclaredNotPaid);
        await LineChanges.ApplyAsync(
            connection, [.. unknown.Select(line => new LineChange(line, to, code, declaration.Reason, $"declaration {declaration.Id}"))], now, $"{declaration.ProposedBy} and {actor}", cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return unknown.Count;
    }

    private static DeclarationRow Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), Enum.Parse<DeclaredOutcome>(reader.GetString(2)), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5),
        reader.TextOrNull(6), reader.TimeOrNull(7), reader.GetInt32(8), reader.IsDBNull(9) ? null : reader.GetInt32(9));
}
