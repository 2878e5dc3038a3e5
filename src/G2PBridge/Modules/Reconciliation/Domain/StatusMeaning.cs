namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>What a status of pain.002 says about a payment (ISO 20022 external code set, payment transaction status).</summary>
internal enum StatusMeaning
{
    /// <summary>The bank has it and has not finished: it may still be rejected.</summary>
    UnderWay,

    /// <summary>The bank says that it is done. Only a statement proves that.</summary>
    Settled,

    /// <summary>Refused for good.</summary>
    Rejected,

    /// <summary>Accepted once and now held back by the bank.</summary>
    Blocked,

    /// <summary>Some are accepted and some rejected: says nothing about one.</summary>
    Mixed,

    /// <summary>Missing, or none of the code set.</summary>
    NotKnown,
}

internal static class StatusMeanings
{
    /// <summary>The statuses that are <see cref="StatusMeaning.Rejected"/>, for statements over stored ones.</summary>
    public static readonly string[] Rejections = ["RJCT", "CANC"];

    public static StatusMeaning Of(string? status) => status?.Trim().ToUpperInvariant() switch
    {
        "RCVD" or "PDNG" or "PATC" or "ACTC" or "ACCP" or "ACFC" or "ACSP" or "ACWC" or "ACWP" => StatusMeaning.UnderWay,
        "ACSC" or "ACCC" or "CPUC" => StatusMeaning.Settled,
        "RJCT" or "CANC" => StatusMeaning.Rejected,
        "BLCK" => StatusMeaning.Blocked,
        "PART" => StatusMeaning.Mixed,
        _ => StatusMeaning.NotKnown,
    };
}
