using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>
/// The statements of the intake path: rows go in by binary COPY, a call is one transaction, and the envelope's totals are
/// raised last by one guarded UPDATE, so that parallel calls queue for a moment at the end instead of excluding each other.
/// </summary>
/// <remarks>Cost of a call with n lines: 3 n rows copied, 3 rows otherwise; index entries per line: primary key, partner's id, entitlement.</remarks>
internal sealed class DisbursementWriter(BridgeDatabase source, Partitions partitions)
{
    public const string BatchConstraint = "pk_batch";

    /// <summary>A run of line numbers that nobody else gets. Taken outside of the transaction: a rolled back call leaves a gap, which harms nothing.</summary>
    public async Task<SeqRange> TakeNumbersAsync(int count, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("select envelopes.take_numbers($1)");
        command.Parameters.Add(new() { Value = count });
        await command.PrepareAsync(cancellationToken);
        var first = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        await partitions.EnsureAsync(NumberSeries.Lines, first + count - 1, cancellationToken);
        return new SeqRange(first, first + count - 1);
    }

    public static async Task CopyLinesAsync(NpgsqlConnection connection, IReadOnlyList<DisbursementPayload> lines, long firstSeq, CancellationToken cancellationToken)
    {
        await using var copy = await BinaryCopy.BeginAsync(
            connection,
            "copy envelopes.disbursement (seq, disbursement_id, beneficiary_id, beneficiary_name, quantity, narrative, cycle_id, compute_elements) from stdin (format binary)",
            cancellationToken);
        var seq = firstSeq;
        foreach (var line in lines)
        {
            await copy.StartRowAsync(8, cancellationToken);
            copy.Write(seq++);
            copy.Write(line.DisbursementId);
            copy.Write(line.BeneficiaryId);
            copy.Write(line.BeneficiaryName);
            copy.Write(line.Quantity);
            copy.Write(line.Narrative);
            copy.Write(line.CycleId);
            if (line.ComputeElements.IsEmpty)
            {
                copy.WriteNull();
            }
            else
            {
                copy.WriteJson(line.ComputeElements.Span);
            }
        }

        await copy.CompleteAsync(cancellationToken);
        await DisbursementKeys.CopyAsync(connection, lines, firstSeq, cancellationToken);
    }

    public static async Task InsertBatchAsync(
        NpgsqlConnection connection, string batchId, string envelopeId, int? cycleId, SeqRange lines, decimal quantity, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "insert into envelopes.batch (id, envelope_id, cycle_id, first_seq, last_seq, quantity, received_at) values ($1, $2, $3, $4, $5, $6, $7)", connection)
        {
            Parameters =
            {
                new() { Value = batchId }, new() { Value = envelopeId }, new() { Value = (object?)cycleId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
                new() { Value = lines.First }, new() { Value = lines.Last }, new() { Value = quantity }, new() { Value = at },
            },
        };
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Raises the totals if the envelope still takes them; null when it does not. The row's lock is what concurrent calls queue for.</summary>
    public static async Task<bool?> RaiseTotalsAsync(NpgsqlConnection connection, string envelopeId, int count, decimal quantity, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            update envelopes.envelope
               set disbursements_received = disbursements_received + $2, quantity_received = quantity_received + $3
             where id = $1 and status = 'Open'
               and disbursements_received + $2 <= number_of_disbursements and quantity_received + $3 <= total_quantity
            returning disbursements_received = number_of_disbursements and quantity_received = total_quantity
            """, connection)
        {
            Parameters = { new() { Value = envelopeId }, new() { Value = count }, new() { Value = quantity } },
        };
        await command.PrepareAsync(cancellationToken);
        return (bool?)await command.ExecuteScalarAsync(cancellationToken);
    }
}
