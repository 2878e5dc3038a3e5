namespace G2PBridge.Platform.Growth;

/// <summary>
/// Numbers that grow with time, and by which big tables are cut into partitions: partition <c>n</c> holds the numbers from
/// <c>n · Size</c> on. The first number of a partition is never given, so that no unbroken run of numbers lies in two.
/// </summary>
/// <param name="Name">One of <see cref="Lines"/> and <see cref="Files"/>.</param>
/// <param name="Size">Numbers of one partition; more than comes in an ordinary month, and a multiple of the sets of the audit trail.</param>
/// <param name="Newest">A query for the newest number that was given.</param>
/// <param name="Begin">A statement after which all numbers are above $1; it changes nothing where they are already.</param>
internal sealed record NumberSeries(string Name, long Size, string Newest, string Begin)
{
    /// <summary>Numbers of disbursements and payouts.</summary>
    public const string Lines = "line";

    /// <summary>Numbers of statement files.</summary>
    public const string Files = "file";

    public const long LinesOfPartition = 1 << 24;

    public const long FilesOfPartition = 1 << 16;
}

/// <summary>A table that is cut by the numbers in one of its columns, which is part of its primary key.</summary>
internal sealed record PartitionedTable(string Name, string Column, string Series)
{
    public string Partition(long no) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name}_p{no}");
}
