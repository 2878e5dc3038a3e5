using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

internal enum CandidateGround
{
    /// <summary>The entry itself names it.</summary>
    Reference,

    /// <summary>Amount, account and currency agree, and the movement is still missing.</summary>
    SameAmount,
}

/// <summary>A payment that an entry may be about.</summary>
internal sealed record Candidate(string PaymentReference, string DisbursementId, string EnvelopeId, decimal Amount, string Currency, LineState State, CandidateGround Ground);

/// <summary>An order whose payments a debit may be the sum of.</summary>
/// <param name="Payments">How many payments it holds; the bank often states the number of its batch.</param>
/// <param name="Amount">Their sum.</param>
internal sealed record OrderCandidate(string OrderReference, string EnvelopeId, int Payments, decimal Amount, string Currency, CandidateGround Ground);

/// <param name="Complete">False when there were more payments than are looked through for one page.</param>
internal sealed record FoundCandidates(
    IReadOnlyDictionary<ExceptionId, IReadOnlyList<Candidate>> ByException, IReadOnlyDictionary<ExceptionId, IReadOnlyList<OrderCandidate>> OrdersByException, bool Complete);

/// <summary>
/// Payments and orders that unmatched entries may be about, for one page of exceptions at once. Those that the entries name come first;
/// then the newest of the same account, currency and amount whose movement is still missing, up to a bound, because amounts are nobody's key.
/// </summary>
internal sealed class FindCandidates(IMediator mediator, ExceptionReads reads)
{
    private const int MostShown = 10;
    private const int MostOrders = 3;
    private const int PageSize = 500;
    private const int MostLooked = 20_000;

    private readonly record struct Wanted(string Account, string Currency, decimal Amount, bool IsDebit);

    public async Task<FoundCandidates> OfAsync(IReadOnlyList<ExceptionRow> exceptions, CancellationToken cancellationToken)
    {
        var open = exceptions.Where(exception => exception.State == UnmatchedState.Open && (exception.Line is not null || exception.ReferenceTexts.Length > 0 || WantedBy(exception) is not null)).ToList();
        if (open.Count == 0)
        {
            return new FoundCandidates(new Dictionary<ExceptionId, IReadOnlyList<Candidate>>(), new Dictionary<ExceptionId, IReadOnlyList<OrderCandidate>>(), true);
        }

        var (byAmount, orders, isComplete) = await OfAmountsAsync([.. open.Select(WantedBy).OfType<Wanted>().Distinct()], cancellationToken);
        string[] texts = [.. open.SelectMany(exception => exception.ReferenceTexts).Distinct(StringComparer.Ordinal)];
        var named = texts.Length == 0 ? [] : await mediator.Send(new FindLinesById(texts), cancellationToken);
        var namedPayments = await NamedAsync(open, [.. named.Select(line => line.Seq)], cancellationToken);
        string[] keys = [.. texts.Select(OrderKey.FindWithin).OfType<string>().Distinct(StringComparer.Ordinal)];
        var namedOrders = keys.Length == 0 ? [] : await mediator.Send(new FindOrders(keys), cancellationToken);
        var lines = namedPayments.Concat(byAmount.Values.SelectMany(payments => payments)).Select(payment => payment.Line).Distinct().ToList();
        var ids = lines.Count == 0 ? [] : (await mediator.Send(new FindLinesBySeq(lines), cancellationToken)).ToDictionary(line => line.Seq, line => line.DisbursementId);
        var prefix = await mediator.Send(new ReadReferencePrefix(), cancellationToken);
        return new FoundCandidates(
            open.ToDictionary(exception => exception.Id, exception => (IReadOnlyList<Candidate>)[.. Payments(exception).DistinctBy(candidate => candidate.PaymentReference).Take(MostShown)]),
            open.ToDictionary(exception => exception.Id, exception => (IReadOnlyList<OrderCandidate>)[.. Orders(exception).DistinctBy(candidate => candidate.OrderReference).Take(MostOrders)]),
            isComplete);

        IEnumerable<Candidate> Payments(ExceptionRow exception) =>
            namedPayments.Where(payment => payment.Line == exception.Line || exception.ReferenceTexts.Contains(ids.GetValueOrDefault(payment.Line), StringComparer.Ordinal))
                .Select(payment => Show(payment, CandidateGround.Reference))
                .Concat(WantedBy(exception) is { } wanted ? byAmount[wanted].Select(payment => Show(payment, CandidateGround.SameAmount)) : []);

        IEnumerable<OrderCandidate> Orders(ExceptionRow exception) =>
            namedOrders.Where(order => exception.ReferenceTexts.Any(text => OrderKey.FindWithin(text) == order.Key)).Select(order => ShowOrder(order, CandidateGround.Reference))
                .Concat(WantedBy(exception) is { } wanted ? orders[wanted].Select(order => ShowOrder(order, CandidateGround.SameAmount)) : []);

        Candidate Show(InstructionFacts payment, CandidateGround ground) => new(
            new PaymentReference(payment.Line, payment.Generation).Format(prefix), ids.GetValueOrDefault(payment.Line, ""), payment.EnvelopeId, payment.Amount, payment.Currency, payment.State, ground);
    }

    private static OrderCandidate ShowOrder(OrderFacts order, CandidateGround ground) => new(order.Key, order.EnvelopeId, order.Payments, order.Amount, order.Currency, ground);

    /// <summary>What moves no money, or names a payment, is about no other of the same amount.</summary>
    private static Wanted? WantedBy(ExceptionRow exception) =>
        exception is { Amount: { } amount, Currency: { } currency, SponsorAccount: { } account, Mark: not null, Line: null } ? new Wanted(account, currency, amount, exception.IsDebit) : null;

    /// <summary>Payments that entries name: by our reference, or the newest of a line whose id they carry.</summary>
    private async Task<IReadOnlyList<InstructionFacts>> NamedAsync(List<ExceptionRow> open, IReadOnlyList<long> lines, CancellationToken cancellationToken)
    {
        var references = open.Where(exception => exception is { Line: not null, Generation: not null }).Select(exception => new PaymentReference(exception.Line!.Value, exception.Generation!.Value)).ToHashSet();
        if (lines.Count > 0)
        {
            references.UnionWith((await mediator.Send(new FindInstructionsOfLines(lines), cancellationToken)).Where(payment => payment.Generation > 0)
                .Select(payment => new PaymentReference(payment.Line, payment.Generation)));
        }

        return references.Count == 0 ? [] : await mediator.Send(new FindInstructions(references), cancellationToken);
    }

    private async Task<(Dictionary<Wanted, List<InstructionFacts>> Payments, Dictionary<Wanted, List<OrderFacts>> Orders, bool IsComplete)> OfAmountsAsync(
        IReadOnlyList<Wanted> wanted, CancellationToken cancellationToken)
    {
        var (payments, orders, looked, isComplete) = (new Dictionary<Wanted, List<InstructionFacts>>(), new Dictionary<Wanted, List<OrderFacts>>(), 0, true);
        foreach (var one in wanted)
        {
            var found = payments[one] = [];
            for (long? before = null; found.Count < MostShown && looked < MostLooked;)
            {
                var page = await mediator.Send(new FindOpenInstructions(one.Account, one.Currency, one.Amount, PageSize, before), cancellationToken);
                looked += page.Payments.Count;
                found.AddRange(await MissingAsync(page.Payments, one.IsDebit, cancellationToken));
                if (page.Payments.Count < PageSize)
                {
                    isComplete &= page.IsComplete;
                    break;
                }

                before = page.Payments[^1].Line;
            }

            orders[one] = one.IsDebit ? await OrdersAsync(one, cancellationToken) : [];
        }

        return (payments, orders, isComplete && looked < MostLooked);
    }

    /// <summary>A debit is missing where nothing is on record, a return where the debit is and nothing else.</summary>
    private async Task<IEnumerable<InstructionFacts>> MissingAsync(IReadOnlyList<InstructionFacts> payments, bool isDebit, CancellationToken cancellationToken)
    {
        var movements = await reads.MovementsAsync([.. payments.Select(payment => new PaymentReference(payment.Line, payment.Generation))], cancellationToken);
        return payments.Where(payment => movements.GetValueOrDefault(new PaymentReference(payment.Line, payment.Generation)) == (isDebit ? 0 : 1));
    }

    private async Task<List<OrderFacts>> OrdersAsync(Wanted wanted, CancellationToken cancellationToken)
    {
        var missing = new List<OrderFacts>();
        foreach (var order in await mediator.Send(new FindOrdersOfAmount(wanted.Account, wanted.Currency, wanted.Amount, MostShown), cancellationToken))
        {
            var payments = await mediator.Send(new ReadPaymentsOfOrder(order.ChunkId), cancellationToken);
            if (order.Payments > 1 && missing.Count < MostOrders && (await MissingAsync(payments, true, cancellationToken)).Count() == payments.Count)
            {
                missing.Add(order);
            }
        }

        return missing;
    }
}
