using G2PBridge.Connectors;

namespace G2PBridge.IntegrationTests;

/// <summary>A bank that takes whatever it is asked, and answers nothing until it is let go.</summary>
internal sealed class HangingBank : IBankConnector
{
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BankCapabilities Capabilities { get; } = new(true, true, true, true, true, null, 10_000);

    /// <summary>Funds are checked and blocked as if nothing were wrong; only orders and inquiries hang.</summary>
    public bool AnswersAboutFunds { get; set; }

    public void LetGo() => _letGo.TrySetResult();

    public async Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        await (AnswersAboutFunds ? Task.CompletedTask : _letGo.Task);
        return new FundsCheck.Sufficient();
    }

    public async Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        await (AnswersAboutFunds ? Task.CompletedTask : _letGo.Task);
        return new FundsBlock.Blocked(request.Key, request.Amount);
    }

    public async Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken)
    {
        await _letGo.Task;
        return new BlockRelease.Released(0);
    }

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        await _letGo.Task;
        return PaymentAnswer.Accepted.All;
    }

    public async Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        await _letGo.Task;
        return [];
    }

    public RecognisedEntry Recognise(StatementEntryText entry) => new(entry.CustomerReference, null, null);
}
