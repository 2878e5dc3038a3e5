using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

internal enum CandidateGround
{
    /// <summary>The entry itself names the payment.</summary>
    Reference,

    /// <summary>Amount, account and currency agree, and the movement is still missing.</summary>
    SameAmount,
}

/// <summary>A payment that an entry may be about.</summary>
internal sealed record Candidate(string PaymentReference, string DisbursementId, string EnvelopeId, decimal Amount, string Currency, LineState State, CandidateGround Ground);

/// <param name="Complete">False when there were more lines than are looked through for one page.</param>
internal sealed record FoundCandidates(IReadOnlyDictionary<ExceptionId, IReadOnlyList<Candidate>> ByException, bool Complete);

/// <summary>
/// Payments that unmatched entries may be about, for one page of exceptions at once. Those that the entries name come first; then
/// the newest envelopes are looked through for equal amounts, up to a bound, because amounts are nobody's key.
/// </summary>
internal sealed class FindCandidates(IMediator mediator, ExceptionReads reads)
{
    private const int MostEnvelopes = 50;
    private const int MostLines = 20_000;
    private const int MostFound = 1_000;
    private const int MostShown = 10;

    public async Task<FoundCandidates> OfAsync(IReadOnlyList<ExceptionRow> exceptions, CancellationToken cancellationToken)
    {
        var open = exceptions.Where(exception => exception is { State: UnmatchedState.Open, Amount: not null, Currency: not null }).ToList();
        if (open.Count == 0)
        {
            return new FoundCandidates(new Dictionary<ExceptionId, IReadOnlyList<Candidate>>(), true);
        }

        string[] texts = [.. open.SelectMany(exception => exception.ReferenceTexts).Distinct(StringComparer.Ordinal)];
        var named = texts.Length == 0 ? [] : await mediator.Send(new FindLinesById(texts), cancellationToken);
        var (lines, isComplete) = await LinesOfAmountAsync([.. open.Select(exception => (exception.Currency!, exception.Amount!.Value)).Distinct()], cancellationToken);
        lines.UnionWith(named.Select(line => line.Seq));
        lines.UnionWith(open.Where(exception => exception.Line is not null).Select(exception => exception.Line!.Value));
        if (lines.Count == 0)
        {
            return new FoundCandidates(new Dictionary<ExceptionId, IReadOnlyList<Candidate>>(), isComplete);
        }

        var newest = (await mediator.Send(new FindInstructionsOfLines(lines), cancellationToken)).Where(payment => payment.Generation > 0)
            .Select(payment => new PaymentReference(payment.Line, payment.Generation))
            .Concat(open.Where(exception => exception is { Line: not null, Generation: not null }).Select(exception => new PaymentReference(exception.Line!.Value, exception.Generation!.Value)))
            .Distinct().ToList();
        var payments = await mediator.Send(new FindInstructions(newest), cancellationToken);
        var movements = await reads.MovementsAsync(newest, cancellationToken);
        var ids = (await mediator.Send(new FindLinesBySeq(lines), cancellationToken)).ToDictionary(line => line.Seq, line => line.DisbursementId);
        var prefix = await mediator.Send(new ReadReferencePrefix(), cancellationToken);
        var found = open.ToDictionary(exception => exception.Id, exception => (IReadOnlyList<Candidate>)[.. Fit(exception)]);
        return new FoundCandidates(found, isComplete);

        IEnumerable<Candidate> Fit(ExceptionRow exception) =>
            (from payment in payments
             let isNamed = payment.Line == exception.Line || exception.ReferenceTexts.Contains(ids.GetValueOrDefault(payment.Line), StringComparer.Ordinal)
             let reference = new PaymentReference(payment.Line, payment.Generation)
             where isNamed || IsMissing(exception, payment, movements.GetValueOrDefault(reference))
             orderby isNamed descending, payment.Line
             select new Candidate(
                 reference.Format(prefix), ids.GetValueOrDefault(payment.Line, ""), payment.EnvelopeId, payment.Amount, payment.Currency, payment.State,
                 isNamed ? CandidateGround.Reference : CandidateGround.SameAmount)).Take(MostShown);
    }

    private static bool IsMissing(ExceptionRow exception, InstructionFacts payment, int movements) =>
        payment.Amount == exception.Amount && payment.Currency == exception.Currency && payment.AccountNumber == exception.SponsorAccount && movements == (exception.IsDebit ? 0 : 1);

    private async Task<(HashSet<long> Lines, bool IsComplete)> LinesOfAmountAsync(HashSet<(string Currency, decimal Amount)> wanted, CancellationToken cancellationToken)
    {
        var (found, looked) = (new HashSet<long>(), 0L);
        var envelopes = await mediator.Send(new ListEnvelopes(null, MostEnvelopes, null, null, EnvelopeStatus.Sealed, null, null), cancellationToken);
        foreach (var envelope in envelopes.Where(envelope => wanted.Any(amount => amount.Currency == envelope.Unit)))
        {
            foreach (var batch in await mediator.Send(new ListBatchesOfEnvelope(envelope.Id), cancellationToken))
            {
                var lines = new SeqRange(batch.Lines.First, Math.Min(batch.Lines.Last, batch.Lines.First + MostLines - looked - 1));
                looked += batch.Lines.Length;
                found.UnionWith((await mediator.Send(new ReadLines(lines), cancellationToken)).Where(line => wanted.Contains((envelope.Unit, line.Quantity))).Select(line => line.Seq));
                if (looked > MostLines || found.Count > MostFound)
                {
                    return (found, false);
                }
            }
        }

        return (found, envelopes.Count < MostEnvelopes);
    }
}
