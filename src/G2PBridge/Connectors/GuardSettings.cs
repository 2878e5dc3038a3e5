using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Connectors;

/// <summary>How a bank is called, whatever its connector; in the bank's section beside the connector's own settings.</summary>
internal sealed class GuardSettings
{
    /// <summary>For one call; shorter than the callers' CallTimeout.</summary>
    [Range(1, 600)]
    public int TimeoutSeconds { get; init; } = 60;

    /// <summary>Calls a second, all kinds together; 0 for no limit.</summary>
    [Range(0, 10_000)]
    public int CallsPerSecond { get; init; } = 50;

    /// <summary>How often a read is tried in all.</summary>
    [Range(1, 10)]
    public int ReadTries { get; init; } = 3;

    /// <summary>Calls in a row that may fail before the bank is left alone for <see cref="BreakSeconds"/>.</summary>
    [Range(2, 1_000)]
    public int FailuresBeforeBreak { get; init; } = 5;

    [Range(1, 3_600)]
    public int BreakSeconds { get; init; } = 15;
}
