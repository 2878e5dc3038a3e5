namespace G2PBridge.Modules.Resolution.Domain;

/// <summary>
/// Where a slice of a batch stands with the mapper. Resolving is leased to one worker; Incomplete has people without an
/// address who are asked about again when the slice is due; Exhausted has such people too, but only a person asks again.
/// </summary>
internal enum SliceStatus
{
    Pending,
    Resolving,
    Resolved,
    Incomplete,
    Exhausted,
}

/// <summary>The whole state chart of a slice.</summary>
internal static class SliceTransitions
{
    public static bool Allows(SliceStatus from, SliceStatus to) => (from, to) switch
    {
        (SliceStatus.Pending or SliceStatus.Incomplete, SliceStatus.Resolving) => true,
        // Pending: the attempt failed, its lease ended or the host stopped. Asking the mapper twice moves no money.
        (SliceStatus.Resolving, SliceStatus.Resolved or SliceStatus.Incomplete or SliceStatus.Exhausted or SliceStatus.Pending) => true,
        // A person wants the mapper asked again now.
        (SliceStatus.Incomplete or SliceStatus.Exhausted, SliceStatus.Pending) => true,
        // A line of it was held and is released.
        (SliceStatus.Resolved, SliceStatus.Pending) => true,
        _ => false,
    };

    public static SliceStatus Move(SliceStatus from, SliceStatus to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A slice that is {from} cannot become {to}.");
}
