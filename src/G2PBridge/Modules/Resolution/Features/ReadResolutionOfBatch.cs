using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// The contract's four words over the slices of a batch. PROCESSED means that everyone was asked about at least once, as
/// upstream means it; people without an address are exceptions, not a state of the batch.
/// </summary>
internal sealed class ReadResolutionOfBatchHandler(BridgeDatabase source, IOptions<ResolutionOptions> options) : IRequestHandler<ReadResolutionOfBatch, ResolutionOfBatch?>
{
    public async Task<ResolutionOfBatch?> Handle(ReadResolutionOfBatch request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("""
            select count(*)::int,
                   (count(*) filter (where asked))::int,
                   (count(*) filter (where not asked and failed_attempts >= $2))::int,
                   (count(*) filter (where asked or status = 'Resolving'))::int,
                   max(asked_at),
                   (array_agg(last_error_code order by updated_at desc) filter (where last_error_code is not null))[1],
                   coalesce(max(attempts), 0)
            from (select *, status in ('Resolved', 'Incomplete', 'Exhausted') or resolved + unresolved >= lines as asked from resolution.slice where batch_id = $1) s
            """);
        command.Parameters.Add(new() { Value = request.BatchId });
        command.Parameters.Add(new() { Value = options.Value.MaxFailedAttempts });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var total = reader.GetInt32(0);
        return total == 0
            ? null
            : new ResolutionOfBatch(
                request.BatchId,
                StatusOf(total, reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3)),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.GetInt32(6));
    }

    internal static string StatusOf(int slices, int asked, int failing, int begun) =>
        failing > 0 ? "ERROR" : asked == slices ? "PROCESSED" : begun > 0 ? "PROCESSING" : "PENDING";
}
