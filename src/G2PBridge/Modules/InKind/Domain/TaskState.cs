namespace G2PBridge.Modules.InKind.Domain;

/// <summary>What is done for every batch, in this order; goods have no payouts, cash by hand needs no warehouse.</summary>
internal enum TaskKind
{
    GeoResolution,
    WarehouseAllocation,
    AgencyAllocation,
    Payout,
}

/// <summary>
/// Where a task of a batch stands. Working is leased to one worker; Incomplete has left somebody out and is done again when it is due;
/// Exhausted has too, but only a person or new work sets it going again.
/// </summary>
internal enum TaskState
{
    Pending,
    Working,
    Done,
    Incomplete,
    Exhausted,
}

/// <summary>The whole state chart of a task.</summary>
internal static class TaskTransitions
{
    public static bool Allows(TaskState from, TaskState to) => (from, to) switch
    {
        (TaskState.Pending or TaskState.Incomplete, TaskState.Working) => true,
        // Pending: the attempt failed, its lease ended, the host stopped, or more work came meanwhile.
        (TaskState.Working, TaskState.Done or TaskState.Incomplete or TaskState.Exhausted or TaskState.Pending) => true,
        // The task before brought more places, or a person wants it done again now.
        (TaskState.Done or TaskState.Incomplete or TaskState.Exhausted, TaskState.Pending) => true,
        _ => false,
    };

    public static TaskState Require(TaskState from, TaskState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A task that is {from} cannot become {to}.");
}
