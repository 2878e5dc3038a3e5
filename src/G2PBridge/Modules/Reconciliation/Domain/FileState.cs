namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>Where an uploaded file stands.</summary>
internal enum FileState
{
    /// <summary>Its bytes are still arriving.</summary>
    Uploading,

    /// <summary>Complete, waiting to be read.</summary>
    Received,

    /// <summary>Leased to a worker.</summary>
    Reading,

    /// <summary>Every statement in it is booked, known already, or held by the bank's profile.</summary>
    Processed,

    /// <summary>A statement in it, or all of it, could not be booked. The same file may be uploaded again: it is then read again.</summary>
    Error,

    /// <summary>The same bytes as a file before; not kept.</summary>
    Duplicate,
}

internal static class FileTransitions
{
    public static bool Allows(FileState from, FileState to) => (from, to) switch
    {
        (FileState.Uploading, FileState.Received or FileState.Duplicate) => true,
        (FileState.Received, FileState.Reading) => true,
        (FileState.Reading, FileState.Received or FileState.Processed or FileState.Error) => true,
        (FileState.Error, FileState.Received) => true,
        // Two persons released a statement that was held: the file is read once more.
        (FileState.Processed, FileState.Received) => true,
        _ => false,
    };

    public static FileState Move(FileState from, FileState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A statement file cannot go from {from} to {to}.");
}

/// <summary>Where one statement of a file stands.</summary>
internal enum StatementState
{
    /// <summary>Read, not yet booked. Seen by nobody: it turns into one of the others in the transaction that wrote it.</summary>
    Read,

    /// <summary>Its entries count.</summary>
    Booked,

    /// <summary>The same statement was booked before, in this file or another, in this framing or another.</summary>
    Duplicate,

    /// <summary>Kept and not booked: by the bank's profile a person decides.</summary>
    Held,

    /// <summary>Was held, and two persons decided that it is never booked.</summary>
    Discarded,

    /// <summary>Not to be booked as it stands; the findings say why.</summary>
    Rejected,

    /// <summary>No programme pays from its account.</summary>
    UnknownAccount,
}
