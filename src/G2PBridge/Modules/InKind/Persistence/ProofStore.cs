using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>A proof of delivery to be.</summary>
internal sealed record NewProof(
    long Seq, string ProofId, string EnvelopeId, string DisbursementId, decimal Quantity, DateTimeOffset DeliveredAt, string DeliveredBy, string? ReceivedBy, string? Evidence);

/// <summary>A proof of delivery as it is on record.</summary>
internal sealed record StoredProof(
    string ProofId, string DisbursementId, string EnvelopeId, decimal Quantity, DateTimeOffset DeliveredAt, string DeliveredBy, string? ReceivedBy, string? Evidence, DateTimeOffset RecordedAt);

/// <summary>Proofs in sets; two keys, the line and the sender's proof id, decide which are new.</summary>
internal sealed class ProofStore(BridgeDatabase source, DataProtector protector)
{
    /// <summary>All or nothing: the number of new ones, or the disbursement of one that contradicts what is on record.</summary>
    public async Task<(int Recorded, string? Conflict)> RecordAsync(IReadOnlyList<NewProof> proofs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var columns = Columns(proofs, await protector.BeginAsync(connection, cancellationToken));
        await using var insert = await connection.PreparedAsync(
            """
            insert into in_kind.proof (seq, proof_id, envelope_id, disbursement_id, quantity, delivered_at, content, sealed, recorded_at)
            select *, $9 from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::timestamptz[], $7::uuid[], $8::bytea[]) as new(seq) order by new.seq
            on conflict do nothing
            """, cancellationToken,
            [.. columns, now]);
        var recorded = await insert.ExecuteNonQueryAsync(cancellationToken);
        if (recorded < proofs.Count)
        {
            var conflicts = await connection.QueryAsync(
                """
                select new.disbursement from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::numeric[], $6::timestamptz[], $7::uuid[])
                    as new(seq, proof, envelope, disbursement, quantity, at, content)
                where not exists (
                    select from in_kind.proof p
                    where p.seq = new.seq and p.proof_id = new.proof and p.quantity = new.quantity and p.delivered_at = new.at and p.content = new.content)
                order by new.seq limit 1
                """,
                columns[..^1], reader => reader.GetString(0), cancellationToken);
            if (conflicts is [var conflict])
            {
                return (0, conflict);
            }
        }

        await source.CommitAsync(transaction, cancellationToken);
        return (recorded, null);
    }

    public Task<List<StoredProof>> ReadAsync(IReadOnlyList<string> disbursementIds, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select proof_id, disbursement_id, envelope_id, quantity, delivered_at, seq, sealed, recorded_at
        from in_kind.proof where disbursement_id = any($1) order by seq
        """,
        [disbursementIds.ToArray()],
        reader =>
        {
            var texts = new string?[3];
            protector.Open(InKindSeals.Proof, RowKey.Of(reader.GetInt64(5)), reader.GetFieldValue<byte[]>(6), texts);
            return new StoredProof(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetDecimal(3), reader.GetFieldValue<DateTimeOffset>(4), texts[0]!, texts[1], texts[2],
                reader.GetFieldValue<DateTimeOffset>(7));
        },
        cancellationToken);

    // PostgreSQL keeps microseconds; what is compared must have no more.
    private object?[] Columns(IReadOnlyList<NewProof> proofs, Sealer sealer) =>
    [
        proofs.Select(proof => proof.Seq).ToArray(), proofs.Select(proof => proof.ProofId).ToArray(), proofs.Select(proof => proof.EnvelopeId).ToArray(),
        proofs.Select(proof => proof.DisbursementId).ToArray(), proofs.Select(proof => proof.Quantity).ToArray(),
        proofs.Select(proof => new DateTimeOffset(proof.DeliveredAt.Ticks - (proof.DeliveredAt.Ticks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero)).ToArray(),
        proofs.Select(proof => InKindSeals.ContentOf(protector.Hash(InKindSeals.ProofPurpose), proof.DeliveredBy, proof.ReceivedBy, proof.Evidence)).ToArray(),
        proofs.Select(proof => sealer.Seal(InKindSeals.Proof, RowKey.Of(proof.Seq), proof.DeliveredBy, proof.ReceivedBy, proof.Evidence)).ToArray(),
    ];
}
