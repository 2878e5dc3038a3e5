namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>What reading a file to its end gave.</summary>
/// <param name="Findings">JSON of the findings that belong to no statement.</param>
/// <param name="IsRejected">The file as a whole is cut off, too large or no statement.</param>
/// <param name="Debits">Entries that are a debit of a payment of ours in every figure.</param>
internal sealed record FileOutcome(string Format, string Verdict, string Findings, bool IsRejected, int Entries, int Classified, int Debits);

/// <summary>What is settled of a file that is read again.</summary>
/// <param name="Settled">Statements that are booked, or discarded for good: they are left alone.</param>
/// <param name="Released">Statements that are booked although the profile holds them, with the content fingerprint that was approved.</param>
internal sealed record EarlierReading(HashSet<int> Settled, HashSet<(int No, string Fingerprint)> Released);

/// <summary>The points of the reading at which a process may die.</summary>
internal enum ReadStep
{
    Claimed,
    SetWritten,
    AllWritten,
    BeforeCommit,
    Booked,
    Told,
}

/// <summary>
/// Told of every step of the reading. Does nothing in production; a test throws here, which leaves exactly what a killed process
/// leaves: whatever was committed before.
/// </summary>
internal interface IReadObserver
{
    void Reached(ReadStep step);
}

internal sealed class NoReadObserver : IReadObserver
{
    public void Reached(ReadStep step)
    {
    }
}
