using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Exports;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/envelopes/{id}/disbursements.csv: every line of an envelope and where it stands, in line order; without accounts.</summary>
internal static class ExportDisbursements
{
    /// <summary>Lines asked about in one go; five questions a step.</summary>
    private const int LinesPerStep = 1_000;

    private static readonly string[] Columns = ["disbursement_id", "batch_id", "beneficiary_id", "amount", "unit", "state", "reason_code", "reason", "payment_reference", "received_at", "cancelled_at"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("envelopes/{id}/disbursements.csv", HandleAsync)
        .WithName("export_disbursements").WithTags("Envelopes").WithSummary("Every disbursement of an envelope and where it stands, as a file")
        .GivesCsv().ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task HandleAsync(string id, HttpContext http, IMediator mediator)
    {
        if (await mediator.Send(new ReadEnvelopes([id]), http.RequestAborted) is not [var envelope])
        {
            await GetEnvelope.NotFound(id).ToProblem().ExecuteAsync(http);
            return;
        }

        var steps = new Queue<SeqRange>((await mediator.Send(new ListBatchesOfEnvelope(id), http.RequestAborted)).Select(batch => batch.Lines).OrderBy(lines => lines.First).SelectMany(Steps));
        await CsvFile.WriteAsync(http, $"{id}-disbursements", Columns, async (csv, cancellationToken) =>
        {
            if (steps.TryDequeue(out var lines))
            {
                await WriteAsync(csv, envelope, lines, mediator, cancellationToken);
            }

            return steps.Count > 0;
        });
    }

    private static IEnumerable<SeqRange> Steps(SeqRange lines)
    {
        for (var first = lines.First; first <= lines.Last; first += LinesPerStep)
        {
            yield return new(first, Math.Min(first + LinesPerStep - 1, lines.Last));
        }
    }

    private static async Task WriteAsync(CsvText csv, EnvelopeFacts envelope, SeqRange range, IMediator mediator, CancellationToken cancellationToken)
    {
        List<long> seqs = [.. Enumerable.Range(0, (int)range.Length).Select(offset => range.First + offset)];
        var lines = await mediator.Send(new FindLinesBySeq(seqs), cancellationToken);
        var resolved = await mediator.Send(new FindResolvedLines(range), cancellationToken);
        var unresolved = (await mediator.Send(new FindUnresolved(seqs), cancellationToken)).ToDictionary(line => line.Seq);
        var instructions = (await mediator.Send(new FindInstructionsOfLines(seqs), cancellationToken)).ToDictionary(instruction => instruction.Line);
        var matches = (await mediator.Send(new FindMatches(seqs), cancellationToken)).ToLookup(match => match.Line);
        // At most one of each kind a line.
        var stops = (await mediator.Send(new ListHolds(envelope.Id, range.First - 1, 2 * seqs.Count, null, null), cancellationToken))
            .Where(hold => hold.State is HoldState.Held or HoldState.Dropped).ToLookup(hold => hold.Seq);
        foreach (var line in lines.OrderBy(line => line.Seq))
        {
            var instruction = instructions.GetValueOrDefault(line.Seq);
            var standing = LineStanding.Of(
                line, stops[line.Seq].FirstOrDefault(), resolved.Contains(line.Seq), unresolved.GetValueOrDefault(line.Seq), instruction,
                [.. matches[line.Seq].Where(match => match.Generation == (instruction?.Generation ?? 1))]);
            csv.Text(line.DisbursementId).Text(line.BatchId).Text(line.BeneficiaryId).Number(line.Quantity).Text(envelope.Unit).Text(standing.State).Text(standing.ReasonCode).Text(standing.Reason)
                .Text(instruction is { Generation: > 0 } ? instruction.Reference : null).Time(line.ReceivedAt).Time(line.CancelledAt).End();
        }
    }
}
