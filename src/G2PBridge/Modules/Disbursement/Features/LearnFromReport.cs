using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// What a bank's status reports say of its orders. A report counts as an inquiry's answer does, and less than a statement. Whoever is on its
/// way to the bank this moment gets its answer first: the report about it is taken when it is told again.
/// </summary>
internal sealed partial class LearnFromReport(BridgeDatabase source, TimeProvider clock, WorkSignal signal, ILogger<LearnFromReport> logger) : IRequestHandler<RecordPaymentReports, int>
{
    private const string Actor = "status report";

    public async Task<int> Handle(RecordPaymentReports request, CancellationToken cancellationToken)
    {
        // Of two reports about one payment in a set the rejection counts.
        var byReference = request.Reports.GroupBy(report => report.Reference).ToDictionary(group => group.Key, group => group.OrderByDescending(report => report.IsRejected).First());
        PaymentReference[] references = [.. byReference.Keys];
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var chunks = await LineChanges.ChunksOfAsync(connection, references, cancellationToken);
        if (chunks.Count == 0)
        {
            return 0;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LineChanges.LockChunksAsync(connection, chunks, cancellationToken);
        var before = await LineChanges.ReadAsync(connection, references, chunks, cancellationToken);
        await LineChanges.DoubtUnsentAsync(connection, [.. before.Where(line => line.State == LineState.Prepared).Select(line => line.ChunkId).Distinct()], now, cancellationToken);
        var lines = await LineChanges.ReadAsync(connection, references, chunks, cancellationToken);
        var changes = new List<LineChange>();
        foreach (var line in lines.Where(line => !line.HasNext))
        {
            var report = byReference[new PaymentReference(line.Line, line.Generation)];
            if (report.IsRejected && line.State is LineState.Unknown or LineState.Sent)
            {
                changes.Add(new LineChange(line, LineState.Refused, CodeOf(report.ReasonCode), report.Reason, report.Proof));
            }
            else if (!report.IsRejected && line.State == LineState.Unknown)
            {
                changes.Add(new LineChange(line, LineState.Sent, null, null, report.Proof));
            }
        }

        await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        LogReported(changes.Count(change => change.To == LineState.Refused), changes.Count(change => change.To == LineState.Sent));
        await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
        return lines.Count(line => line.State is LineState.Sending or LineState.Prepared);
    }

    private static string CodeOf(string? code) => code switch { null => "NARR", { Length: > 64 } => code[..64], _ => code };

    [LoggerMessage(3043, LogLevel.Information, "The bank reports {Rejected} payments as rejected, and has {Accepted} of which it was not known")]
    private partial void LogReported(int rejected, int accepted);
}
