namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>What a statement entry is. Stored as a number: there is one for every payment ever made.</summary>
internal enum EntryKind : short
{
    /// <summary>A payment of ours left the account.</summary>
    Debit = 0,

    /// <summary>A payment of ours came back.</summary>
    Return = 1,

    /// <summary>The sum over payments that follow as entries of their own.</summary>
    Batch = 2,

    /// <summary>Announced, not booked; settles nothing.</summary>
    Expected = 3,
    Fee = 4,
    Interest = 5,
    TopUp = 6,

    /// <summary>Nothing of ours was recognised in it.</summary>
    Unknown = 7,

    /// <summary>Its line could not be read.</summary>
    Unreadable = 8,

    /// <summary>What the bank reports about an order (pain.002). No movement: it has no amount and books nothing.</summary>
    PaymentStatus = 9,
}

/// <summary>Why an entry is not matched, in our words; the contract's closed list of error reasons is coarser.</summary>
internal static class UnmatchedCause
{
    public const string UnknownReference = "UnknownReference";
    public const string Unreadable = "Unreadable";
    public const string AmountDiffers = "AmountDiffers";
    public const string CurrencyDiffers = "CurrencyDiffers";
    public const string AccountDiffers = "AccountDiffers";
    public const string ReturnAmountDiffers = "ReturnAmountDiffers";
    public const string CreditWithoutReturnSignal = "CreditWithoutReturnSignal";
    public const string NotAPayout = "NotAPayout";
    public const string DebitedBefore = "DebitedBefore";
    public const string ReturnWithoutDebit = "ReturnWithoutDebit";
    public const string Repeated = "Repeated";
    public const string RejectedAfterDebit = "RejectedAfterDebit";
    public const string SettledAfterRefusal = "SettledAfterRefusal";
    public const string HeldAsDuplicate = "HeldAsDuplicate";
    public const string BlockedByBank = "BlockedByBank";
    public const string StatusUnknown = "StatusUnknown";
    public const string OrderPartlyNamed = "OrderPartlyNamed";
}

internal enum UnmatchedState
{
    /// <summary>Waits for a person, or for the debit of a return.</summary>
    Open,

    /// <summary>Matched after all.</summary>
    Matched,

    /// <summary>Nothing to do: the movement stands in an earlier statement too.</summary>
    Closed,

    /// <summary>Two persons said which payments it is.</summary>
    Decided,

    /// <summary>Two persons said that it is no payment, and what it is.</summary>
    Classified,

    /// <summary>Two persons gave it up.</summary>
    WrittenOff,
}
