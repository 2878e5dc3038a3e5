using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Domain;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>What one attempt brought: answers about some or all, and the failure that kept it from asking about the rest.</summary>
internal sealed record AttemptOutcome(IReadOnlyList<LineWithAddress> Resolved, IReadOnlyList<LineWithoutAddress> Unresolved, int NotAsked, MapperAnswer.Failed? Failure);

/// <summary>
/// Asks the mapper about the lines of a slice: all in one call as long as that works. After a failed attempt the same lines are asked
/// about in up to eight smaller calls, so that a mapper that is too slow for a full slice, or that trips over one person,
/// fails fewer people each time. A call about one person that fails while others are answered speaks about that person.
/// </summary>
internal sealed class AskMapper(IMapperConnector mapper)
{
    private const int MostHalvings = 3;
    private const int FailuresBeforeStop = 2;

    public Task<AttemptOutcome> AskAsync(IReadOnlyList<LineFacts> lines, int failedAttempts, CancellationToken cancellationToken) => AskAsync(mapper, lines, failedAttempts, cancellationToken);

    /// <param name="directory">Who is asked instead of the mapper; null when nobody here can be, which is a failed attempt.</param>
    public static async Task<AttemptOutcome> AskAsync(IMapperConnector? directory, IReadOnlyList<LineFacts> lines, int failedAttempts, CancellationToken cancellationToken)
    {
        var calls = 1 << Math.Min(failedAttempts, MostHalvings);
        var (resolved, unresolved, alone) = (new List<LineWithAddress>(lines.Count), new List<LineWithoutAddress>(), new List<LineWithoutAddress>());
        var (notAsked, failuresInARow, answered) = (0, 0, false);
        MapperAnswer.Failed? failure = null;
        foreach (var part in lines.Chunk(Math.Max(1, (lines.Count + calls - 1) / calls)))
        {
            if (failuresInARow == FailuresBeforeStop)
            {
                notAsked += part.Length;
                continue;
            }

            switch (await CallAsync(directory, part, cancellationToken))
            {
                case MapperAnswer.Answered answer:
                    AnswerSheet.Match(part, answer.Answers, resolved, unresolved);
                    (failuresInARow, answered) = (0, true);
                    break;
                case MapperAnswer.Failed failed:
                    failure = failed;
                    failuresInARow++;
                    notAsked += part.Length;
                    if (part.Length == 1)
                    {
                        alone.Add(AnswerSheet.Without(part[0], failed.Code, failed.Why));
                    }

                    break;
            }
        }

        if (!answered || alone.Count == 0)
        {
            return new(resolved, unresolved, notAsked, failure);
        }

        unresolved.AddRange(alone);
        return new(resolved, unresolved, notAsked - alone.Count, failure);
    }

    private static async Task<MapperAnswer> CallAsync(IMapperConnector? directory, LineFacts[] lines, CancellationToken cancellationToken)
    {
        if (directory is null)
        {
            return new MapperAnswer.Failed(ReasonCodes.NobodyToAsk, "Cash by hand is switched off, so nobody knows the agency's account.");
        }

        try
        {
            return await directory.ResolveAsync([.. lines.Select(line => new AddressQuestion(AnswerSheet.ReferenceOf(line), line.BeneficiaryId))], cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // A ministry's own connector may throw anything; that is a failed attempt, and the slice must not wait for its lease.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new MapperAnswer.Failed(ReasonCodes.ConnectorFault, exception.GetType().Name);
        }
    }
}
