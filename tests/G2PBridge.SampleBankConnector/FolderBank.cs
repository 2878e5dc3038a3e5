using System.Text.Json;
using G2PBridge.Connectors;

namespace G2PBridge.SampleBankConnector;

/// <summary>
/// A bank that takes orders as files in a folder, which somebody carries to it. Sees its setting <c>Folder</c>. One order is one file under
/// its key, moved into place when it is whole, so that the same order twice is one file; what lies there is what the bank has.
/// </summary>
public sealed class FolderBank : IBankConnector
{
    private readonly string _folder;

    public FolderBank(BankSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _folder = settings.Required("Folder");
        if (!Directory.Exists(_folder))
        {
            throw new BankSettingsException($"Folder is '{_folder}', which does not exist.");
        }
    }

    public BankCapabilities Capabilities { get; } = new(
        CanInquire: true, CanRelease: true, IdempotentBlock: true, IdempotentPayments: true, PerLineOutcome: false, NotFoundIsFinalAfter: TimeSpan.Zero, MostPaymentsPerOrder: 1_000);

    /// <summary>Nobody can be asked; the bank says so when it reads the file.</summary>
    public Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken) => Task.FromResult<FundsCheck>(new FundsCheck.Sufficient());

    public Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.FromResult<FundsBlock>(new FundsBlock.Blocked(request.Key, request.Amount));
    }

    public Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken) => Task.FromResult<BlockRelease>(new BlockRelease.Released(0));

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(order);
        var file = Path.Combine(_folder, order.IdempotencyKey + ".json");
        var draft = file + ".tmp";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(order), cancellationToken);
        File.Move(draft, file, overwrite: true);
        return PaymentAnswer.Accepted.All;
    }

    public async Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(references);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(_folder, "*.json"))
        {
            var order = JsonSerializer.Deserialize<PaymentOrder>(await File.ReadAllTextAsync(file, cancellationToken));
            known.UnionWith(order!.Payments.Select(payment => payment.Reference));
        }

        return [.. references.Select(reference => new PaymentInquiry(reference, known.Contains(reference) ? PaymentKnowledge.Accepted : PaymentKnowledge.NotFound, null, null))];
    }

    public RecognisedEntry Recognise(StatementEntryText entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new RecognisedEntry(entry.CustomerReference, null, null);
    }
}
