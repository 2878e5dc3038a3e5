namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>What a person says about an exception.</summary>
internal enum DecisionKind
{
    /// <summary>It is this one payment, or the return of it.</summary>
    Match,

    /// <summary>It is several payments, or a payment and something else, such as a charge.</summary>
    Split,

    /// <summary>It is no payment of ours.</summary>
    Classify,

    /// <summary>Nobody will find out; the amount is given up.</summary>
    WriteOff,
}

internal enum DecisionState
{
    /// <summary>Waits for a second person; nothing is booked.</summary>
    Proposed,

    /// <summary>A second person agreed, and it is booked.</summary>
    Confirmed,

    /// <summary>A later proposal took its place.</summary>
    Superseded,
}

/// <summary>What a person says about statements that the bank's profile holds back.</summary>
internal enum StatementDecisionKind
{
    /// <summary>They are booked as any other.</summary>
    Release,

    /// <summary>They are never booked.</summary>
    Discard,
}

/// <summary>What a part of an entry is.</summary>
internal enum PartClass
{
    Payment,
    Fee,
    Interest,
    TopUp,
    Other,
    WrittenOff,
}

/// <summary>One part of a decided entry. The parts of a decision add up to the entry.</summary>
/// <param name="Amount">Of a payment: what was ordered. Of anything else: what it adds to the entry, below zero where it takes away.</param>
internal sealed record DecisionPart(PartClass Class, PaymentReference? Payment, decimal Amount);

internal static class Decisions
{
    public static Refusal WithoutAmount { get; } = new("ENTRY_UNREADABLE", "The entry has no amount: it cannot be a payment. It can be classified or written off.", RefusalKind.Conflict);

    public static DecisionState Move(DecisionState from, DecisionState to) => (from, to) switch
    {
        (DecisionState.Proposed, DecisionState.Confirmed or DecisionState.Superseded) => to,
        _ => throw new InvalidOperationException($"A decision cannot go from {from} to {to}."),
    };

    /// <summary>Null when this person may confirm.</summary>
    public static Refusal? Judge(DecisionState state, string proposedBy, string actor) => state switch
    {
        DecisionState.Superseded => new Refusal("DECISION_SUPERSEDED", "A later proposal took the place of this one.", RefusalKind.Conflict),
        _ => Actor.MayConfirm(proposedBy, actor, "decision"),
    };

    /// <summary>Null when the parts are a decision of this kind about an entry of this amount; an entry that cannot be read has none.</summary>
    public static Refusal? Judge(DecisionKind kind, IReadOnlyList<DecisionPart> parts, decimal? amount)
    {
        var payments = parts.Where(part => part.Class == PartClass.Payment).ToList();
        if (payments.Count > 0 && amount is null)
        {
            return WithoutAmount;
        }

        if (payments.Select(part => part.Payment).Distinct().Count() != payments.Count)
        {
            return new Refusal("PAYMENT_NAMED_TWICE", "A payment can be only one part of an entry.");
        }

        if (kind == DecisionKind.Split && (parts.Count < 2 || payments.Count == 0))
        {
            return new Refusal("INVALID_SPLIT", "A split has at least two parts, one of which is a payment.");
        }

        return parts.Sum(part => part.Amount) != (amount ?? 0)
            ? new Refusal("AMOUNT_DIFFERS", FormattableString.Invariant($"The parts are {parts.Sum(part => part.Amount):0.00##}, the entry is {amount:0.00##}. A difference is a part of its own: split the entry."))
            : null;
    }

    public static UnmatchedState StateAfter(DecisionKind kind) => kind switch
    {
        DecisionKind.Classify => UnmatchedState.Classified,
        DecisionKind.WriteOff => UnmatchedState.WrittenOff,
        _ => UnmatchedState.Decided,
    };
}
