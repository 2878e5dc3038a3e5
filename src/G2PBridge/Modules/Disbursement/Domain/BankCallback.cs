using G2PBridge.Modules.Disbursement.Contracts;

namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>What a bank says of one payment after its answer.</summary>
internal enum CallbackStatus
{
    /// <summary>The bank has it.</summary>
    Accepted,

    /// <summary>The bank has paid it.</summary>
    Paid,

    /// <summary>The bank will not pay it.</summary>
    Refused,

    /// <summary>The bank has paid it, and the money came back; the return itself is taken from the statement.</summary>
    Returned,
}

internal enum CallbackState
{
    /// <summary>Not looked at yet, or the order's own answer is still awaited.</summary>
    Waiting,

    /// <summary>It told something new.</summary>
    Applied,

    /// <summary>It told nothing new: a repetition, or one that came late.</summary>
    NoEffect,

    /// <summary>It contradicts what is proved otherwise; somebody has to look.</summary>
    Conflict,

    /// <summary>Nothing was ever ordered of this bank under this reference.</summary>
    UnknownReference,
}

/// <summary>What a callback does: the state it ends in, the state that its payment goes to (null: stays), and why.</summary>
internal readonly record struct CallbackEffect(CallbackState State, LineState? To, string Note);

internal static class Callbacks
{
    public static CallbackState Require(CallbackState from, CallbackState to) =>
        from == CallbackState.Waiting ? to : throw new InvalidOperationException($"A callback cannot go from {from} to {to}.");

    /// <summary>
    /// In whatever order callbacks come, the same is known in the end. That a payment was made outweighs that it was refused, because the
    /// other way round it would be made again. A prepared payment of which the bank speaks is doubted before this is asked.
    /// </summary>
    /// <param name="hasNext">It was paid again since, over its refusal.</param>
    /// <param name="isProvedPaid">A statement shows the debit, or the bank itself said before that it was paid.</param>
    public static CallbackEffect Judge(CallbackStatus said, LineState now, bool hasNext, bool isProvedPaid) => (said, now) switch
    {
        (_, LineState.Prepared or LineState.Sending) => new(CallbackState.Waiting, null, "the order's own answer is awaited"),
        (_, LineState.NothingToPay) => new(CallbackState.Conflict, null, "nothing was to be paid"),
        (CallbackStatus.Refused, LineState.Unknown or LineState.Sent) when isProvedPaid => new(CallbackState.Conflict, null, "refused, although it is proved paid"),
        (CallbackStatus.Refused, LineState.Unknown or LineState.Sent) => new(CallbackState.Applied, LineState.Refused, "the bank called back: refused"),
        (CallbackStatus.Refused, _) => new(CallbackState.NoEffect, null, "known already"),
        (_, LineState.Unknown) => new(CallbackState.Applied, LineState.Sent, "the bank called back: it has it"),
        (CallbackStatus.Accepted, LineState.Refused) => new(CallbackState.NoEffect, null, "came late: refused since"),
        (_, LineState.Refused) when hasNext => new(CallbackState.Conflict, null, "paid, although it was refused and paid again since"),
        (_, LineState.Refused) => new(CallbackState.Applied, LineState.Sent, "the bank called back: it paid what it had refused"),
        _ => new(CallbackState.NoEffect, null, "known already"),
    };
}
