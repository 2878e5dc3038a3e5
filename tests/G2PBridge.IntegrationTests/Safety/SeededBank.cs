using G2PBridge.Connectors;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>
/// A bank that lies within what its capabilities admit, drawn from the chance of whoever calls. Its books say what it really did: it pays
/// whatever reaches it, as often as it reaches it, and only a key that it honours holds it back.
/// </summary>
internal sealed class SeededBank(Func<Turnstile> turnstile) : IBankConnector
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PaymentAnswer> _answeredKeys = new(StringComparer.Ordinal);
    private readonly List<PaymentOrder> _onTheirWay = [];
    private readonly Dictionary<string, (string Reference, decimal Amount)> _blocksByKey = new(StringComparer.Ordinal);
    private double _lies;

    public BankCapabilities Capabilities { get; private set; } = new(true, true, true, true, true, TimeSpan.FromMinutes(2), 10_000);

    /// <summary>Times and amount by reference.</summary>
    public Dictionary<string, (int Times, decimal Amount)> Books { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Refused { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Returned { get; } = new(StringComparer.Ordinal);

    /// <summary>What is still set aside, by the bank's own name of the block.</summary>
    public Dictionary<string, decimal> Blocks { get; } = new(StringComparer.Ordinal);

    public void Reset(BankCapabilities capabilities, double lies, bool keepBooks = false)
    {
        Capabilities = capabilities;
        _lies = lies;
        if (keepBooks)
        {
            return;
        }

        _answeredKeys.Clear();
        _onTheirWay.Clear();
        _blocksByKey.Clear();
        Books.Clear();
        Refused.Clear();
        Returned.Clear();
        Blocks.Clear();
    }

    public void BeHonest()
    {
        _lies = 0;
        DeliverLate();
    }

    /// <summary>What was accepted without being seen in an inquiry yet: here before the bank's settling time is over.</summary>
    public void DeliverLate()
    {
        lock (_gate)
        {
            _onTheirWay.ForEach(order => Take(order, order.Payments));
            _onTheirWay.Clear();
        }
    }

    public void Register(IServiceCollection services) => services.AddSingleton(new BankConnectorKind("example-bank", (_, _, _) => this));

    public async Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("funds check");
        return Draw(4) switch
        {
            1 => new FundsCheck.Insufficient("not yet"),
            2 => throw new TimeoutException(),
            _ => new FundsCheck.Sufficient(),
        };
    }

    public async Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("before block");
        var lie = Draw(6);
        if (lie is 1 or 2)
        {
            return lie == 1 ? new FundsBlock.NotSent("no connection") : new FundsBlock.NotKnown("time-out before");
        }

        (string Reference, decimal Amount) block;
        lock (_gate)
        {
            if (!Capabilities.IdempotentBlock || !_blocksByKey.TryGetValue(request.Key, out block))
            {
                block = ($"BLOCK-{Blocks.Count + 1}", lie == 3 ? request.Amount / 2 : request.Amount);
                _blocksByKey[request.Key] = block;
                Blocks[block.Reference] = block.Amount;
            }
        }

        await turnstile().ReachedAsync("after block");
        return lie == 4 ? throw new TimeoutException() : new FundsBlock.Blocked(block.Reference, block.Amount);
    }

    public async Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("release");
        if (Draw(3) == 1)
        {
            throw new TimeoutException();
        }

        lock (_gate)
        {
            return Blocks.Remove(blockReference, out var amount) ? new BlockRelease.Released(amount) : new BlockRelease.Released(0);
        }
    }

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("before payment");
        var answer = Pay(order);
        await turnstile().ReachedAsync("after payment");
        return answer ?? throw new TimeoutException();
    }

    public async Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("inquiry");
        cancellationToken.ThrowIfCancellationRequested();
        var lie = Draw(6);
        if (lie == 1)
        {
            throw new TimeoutException();
        }

        List<PaymentInquiry> answers;
        lock (_gate)
        {
            answers = [.. references.Select(reference => Refused.TryGetValue(reference, out var code) ? new PaymentInquiry(reference, PaymentKnowledge.Refused, code, null)
                : new PaymentInquiry(reference, Books.ContainsKey(reference) ? PaymentKnowledge.Accepted : PaymentKnowledge.NotFound, null, null))];
        }

        await turnstile().ReachedAsync("after inquiry");
        return lie switch
        {
            2 => [.. answers.Take(answers.Count / 2)],
            3 => [.. Enumerable.Reverse(answers), .. answers, new PaymentInquiry("NEVER-HEARD-OF", PaymentKnowledge.Accepted, null, null)],
            _ => answers,
        };
    }

    public RecognisedEntry Recognise(StatementEntryText entry) => new(entry.CustomerReference, null, null);

    /// <summary>What comes back over the wire; null when nothing does.</summary>
    private PaymentAnswer? Pay(PaymentOrder order)
    {
        lock (_gate)
        {
            if (Capabilities.IdempotentPayments && _answeredKeys.TryGetValue(order.IdempotencyKey, out var before))
            {
                return Draw(3) == 1 ? null : before;
            }

            switch (Draw(14))
            {
                case 1:
                    return null;
                case 2:
                    return new PaymentAnswer.NotSent("come back later", TimeSpan.FromSeconds(3));
                case 3:
                    return Take(order, order.Payments) is null ? null : new PaymentAnswer.NotKnown("502");
                case 4:
                    Take(order, order.Payments);
                    return null;
                case 5:
                    _onTheirWay.Add(order);
                    return null;
                case 6 when Capabilities.PerLineOutcome && order.Payments.Count > 1:
                    // Some of it, and the bank does not get round to saying so.
                    Take(order, [.. order.Payments.Take(order.Payments.Count / 2)]);
                    return new PaymentAnswer.NotKnown("garbage");
                case 7 when Capabilities.PerLineOutcome:
                    return Take(order, [.. order.Payments.Skip(1)], order.Payments[0].Reference);
                case 8 when Capabilities.PerLineOutcome:
                    return Take(order, order.Payments) with { ReferencesNotKnown = [order.Payments[^1].Reference] };
                case 9:
                    return _answeredKeys[order.IdempotencyKey] = new PaymentAnswer.Refused("REFUSED", "by the bank");
                default:
                    return Take(order, order.Payments);
            }
        }
    }

    private PaymentAnswer.Accepted Take(PaymentOrder order, IReadOnlyList<Payment> payments, string? refused = null)
    {
        foreach (var payment in payments)
        {
            var (times, amount) = Books.GetValueOrDefault(payment.Reference);
            Books[payment.Reference] = (times + 1, amount + payment.Amount);
            if (Blocks.TryGetValue(order.BlockReference, out var left))
            {
                Blocks[order.BlockReference] = Math.Max(0, left - payment.Amount);
            }
        }

        PaymentRefusal[] refusals = [];
        if (refused is not null)
        {
            Refused[refused] = "ACCOUNT_CLOSED";
            refusals = [new PaymentRefusal(refused, "ACCOUNT_CLOSED", "closed")];
        }

        var answer = new PaymentAnswer.Accepted(refusals, []);
        _answeredKeys[order.IdempotencyKey] = answer;
        return answer;
    }

    /// <summary>Which lie, from 1 on; 0 for none.</summary>
    private int Draw(int lies) => Turnstile.Current is { } actor && actor.Chance.NextDouble() < _lies ? actor.Chance.Next(1, lies) : 0;
}

/// <summary>A mapper that fails, leaves people out, and knows some of them only later or never.</summary>
internal sealed class SeededMapper(Func<Turnstile> turnstile) : IMapperConnector
{
    private double _lies;

    /// <summary>People it does not know.</summary>
    public HashSet<string> Strangers { get; } = new(StringComparer.Ordinal);

    public void Reset(double lies)
    {
        _lies = lies;
        Strangers.Clear();
    }

    public void Lie(double share) => _lies = share;

    public void BeHonest() => _lies = 0;

    public async Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken)
    {
        await turnstile().ReachedAsync("mapper");
        cancellationToken.ThrowIfCancellationRequested();
        var lie = Turnstile.Current is { } actor && actor.Chance.NextDouble() < _lies ? actor.Chance.Next(1, 4) : 0;
        return lie switch
        {
            1 => throw new TimeoutException(),
            2 => new MapperAnswer.Failed("rjct.unknown", "out of order"),
            3 => new MapperAnswer.Answered([.. questions.Take(questions.Count / 2).Select(Answer), .. questions.Take(1).Select(Answer)]),
            _ => new MapperAnswer.Answered([.. questions.Select(Answer)]),
        };
    }

    private AddressAnswer Answer(AddressQuestion question) => Strangers.Contains(question.BeneficiaryId)
        ? new AddressAnswer(question.Reference, null, "succ.fa.not_linked_to_id", "not linked")
        : new AddressAnswer(question.Reference, new ResolvedAddress("BANK_ACCOUNT", $"ACC-{question.BeneficiaryId}", "EXAMPLE-BANK", "0001", null, null, null, null, null), "succ.id.active", null);
}
