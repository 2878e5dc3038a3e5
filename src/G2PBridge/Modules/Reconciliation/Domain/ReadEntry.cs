namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>One movement on its way from the reader to the table.</summary>
internal sealed class ReadEntry
{
    public required int No { get; init; }

    public required int Statement { get; init; }

    public required int Ordinal { get; init; }

    public required int DetailOrdinal { get; init; }

    /// <summary>Of the statement; of a reported status the account that the payment was ordered from.</summary>
    public required string SponsorAccount { get; set; }

    public EntryKind Kind { get; set; }

    public string? Mark { get; init; }

    public string? Type { get; init; }

    public DateOnly? ValueDate { get; init; }

    public DateOnly? EntryDate { get; init; }

    public decimal? Amount { get; init; }

    public string? Currency { get; init; }

    /// <summary>True where money left the account.</summary>
    public bool IsDebit { get; init; }

    /// <summary>True where a credit says that it brings something back.</summary>
    public bool IsReturn { get; init; }

    /// <summary>True for a debit or reversal that can never concern a payment of ours.</summary>
    public bool IsNotAPayout { get; init; }

    /// <summary>Our own reference, proved by its check character.</summary>
    public PaymentReference? Ours { get; set; }

    /// <summary>Texts that may be a reference of another kind, the likeliest first.</summary>
    public string[]? ReferenceTexts { get; init; }

    /// <summary>What stands for them where they are looked for.</summary>
    public Guid[]? ReferenceKeys { get; init; }

    public int? Envelope { get; set; }

    /// <summary>True where a status is reported of an order as a whole.</summary>
    public bool IsAboutOrder { get; init; }

    /// <summary>The key of an order that a debit without a payment of ours names.</summary>
    public string? OrderKey { get; init; }

    /// <summary>The payments of that order, where the debit is their sum.</summary>
    public IReadOnlyList<BatchPart>? Batch { get; set; }

    public string? Problem { get; set; }

    public string? Cause { get; set; }

    public string? Detail { get; set; }

    public string? BankReference { get; init; }

    public string? Name { get; init; }

    public string? ReasonCode { get; init; }

    public string? Reason { get; init; }

    public string? Narrative { get; init; }

    public Guid Fingerprint { get; init; }

    public bool Tell { get; set; }

    public long FileLine { get; init; }

    /// <param name="problem">One of the contract's error codes; null where it knows none.</param>
    public void Refuse(string? problem, string cause, string detail) => (Problem, Cause, Detail) = (problem, cause, detail);
}

/// <summary>One payment of a debit for a whole order.</summary>
/// <param name="Tell">The paying side does not know for sure that the bank has it.</param>
internal sealed record BatchPart(PaymentReference Payment, decimal Amount, bool Tell);
