namespace G2PBridge.Platform.Growth;

/// <summary>Numbers that are to be archived.</summary>
/// <param name="Envelopes">Of lines: the envelopes that have some of them and are not cancelled.</param>
/// <param name="Before">Whatever came or changed on this day (UTC) or later stays.</param>
internal sealed record ArchiveQuestion(SeqRange Numbers, DateOnly Before, IReadOnlyList<string> Envelopes)
{
    public DateTimeOffset BeforeTime => new(Before.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}

/// <summary>What a module has to say before numbers are archived. Only what can never change again may go.</summary>
internal interface IArchiveRule
{
    string Series { get; }

    /// <summary>Why they may not go, a short sentence each and some of each kind; empty when nothing speaks against it.</summary>
    Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken);
}

/// <summary>Says which envelopes have lines under these numbers.</summary>
internal interface IEnvelopesOfLines
{
    Task<IReadOnlyList<(string Id, bool IsCancelled)>> ReadAsync(SeqRange lines, CancellationToken cancellationToken);
}

/// <summary>Rows that go with a range although their table is not cut by its numbers: exported like the others, then deleted some at a time.</summary>
/// <param name="Name">The table.</param>
/// <param name="From">What follows <c>from</c>, with the table as <c>t</c> and <c>{0}</c> and <c>{1}</c> for first and last number.</param>
/// <param name="Order">What orders the rows.</param>
internal sealed record ArchivedRows(string Name, string Series, string From, string Order);
