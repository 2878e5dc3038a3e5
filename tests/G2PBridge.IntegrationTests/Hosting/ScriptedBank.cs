using System.Collections.Concurrent;
using G2PBridge.Connectors;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests;

/// <summary>
/// A bank at the connector port, with books of its own that judge whether anybody was paid twice. It has endless funds and takes
/// everything, but for what a test scripts.
/// </summary>
internal sealed class ScriptedBank : IBankConnector
{
    private readonly ConcurrentQueue<Func<PaymentOrder, Task<PaymentAnswer?>>> _payments = new();
    private readonly ConcurrentQueue<Func<FundsRequest, FundsCheck>> _checks = new();
    private readonly ConcurrentQueue<Func<FundsRequest, FundsBlock>> _blocks = new();

    public BankCapabilities Capabilities { get; set; } = Usual;

    /// <summary>What was really taken, by reference: the number of times, and the amount.</summary>
    public ConcurrentDictionary<string, (int Times, decimal Amount)> Books { get; } = new(StringComparer.Ordinal);
    public ConcurrentQueue<PaymentOrder> Orders { get; } = new();
    public ConcurrentQueue<FundsRequest> BlockRequests { get; } = new();
    public ConcurrentQueue<string> Releases { get; } = new();
    public ConcurrentQueue<IReadOnlyList<string>> Inquiries { get; } = new();

    /// <summary>Answers an inquiry about one reference; null: what the books say.</summary>
    public Func<string, PaymentInquiry?>? Inquiry { get; set; }

    private static BankCapabilities Usual { get; } = new(
        CanInquire: true, CanRelease: true, IdempotentBlock: true, IdempotentPayments: true, PerLineOutcome: true, NotFoundIsFinalAfter: TimeSpan.FromMinutes(2), MostPaymentsPerOrder: 10_000);

    /// <summary>Makes this bank the one behind EXAMPLE-BANK.</summary>
    public void Register(IServiceCollection services) => services.AddSingleton(new BankConnectorKind("example-bank", (_, _, _) => this));

    public void NextPayment(Func<PaymentOrder, Task<PaymentAnswer?>> answer) => _payments.Enqueue(answer);

    public void NextPayment(PaymentAnswer answer) => _payments.Enqueue(_ => Task.FromResult<PaymentAnswer?>(answer));

    public void NextCheck(FundsCheck answer) => _checks.Enqueue(_ => answer);

    public void NextBlock(Func<FundsRequest, FundsBlock> answer) => _blocks.Enqueue(answer);

    public void Take(PaymentOrder order)
    {
        foreach (var payment in order.Payments)
        {
            Books.AddOrUpdate(payment.Reference, (1, payment.Amount), (_, entry) => (entry.Times + 1, entry.Amount + payment.Amount));
        }
    }

    public void Reset()
    {
        _payments.Clear();
        _checks.Clear();
        _blocks.Clear();
        Books.Clear();
        Orders.Clear();
        BlockRequests.Clear();
        Releases.Clear();
        Inquiries.Clear();
        Inquiry = null;
        Release = null;
        Capabilities = Usual;
    }

    public Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(_checks.TryDequeue(out var answer) ? answer(request) : new FundsCheck.Sufficient());

    public Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        BlockRequests.Enqueue(request);
        return Task.FromResult(_blocks.TryDequeue(out var answer) ? answer(request) : new FundsBlock.Blocked($"BLOCK-{request.Key}", request.Amount));
    }

    /// <summary>Answers the next releases; null: nothing was left.</summary>
    public Func<string, BlockRelease>? Release { get; set; }

    public Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken)
    {
        Releases.Enqueue(blockReference);
        return Task.FromResult(Release?.Invoke(blockReference) ?? new BlockRelease.Released(0));
    }

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        Orders.Enqueue(order);
        if (_payments.TryDequeue(out var scripted) && await scripted(order) is { } answer)
        {
            return answer;
        }

        Take(order);
        return PaymentAnswer.Accepted.All;
    }

    public Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        Inquiries.Enqueue(references);
        return Task.FromResult<IReadOnlyList<PaymentInquiry>>([.. references.Select(reference => Inquiry?.Invoke(reference)
            ?? new PaymentInquiry(reference, Books.ContainsKey(reference) ? PaymentKnowledge.Accepted : PaymentKnowledge.NotFound, null, null))]);
    }

    public RecognisedEntry Recognise(StatementEntryText entry) => new(
        entry.CustomerReference,
        entry.Narratives.Count > 3 ? entry.Narratives[3] : null,
        entry.IsReversal && entry.Narratives.Count > 5 && entry.Narratives[5].Length > 0 ? entry.Narratives[5] : null);
}
