namespace G2PBridge.Platform.Persistence;

/// <summary>
/// An index that only some installations pay for. <c>migrate</c> makes it where it is wanted; a host that wants it does not start without it.
/// Nothing takes it away again: a host with other settings could still need it.
/// </summary>
/// <param name="Create">Changes nothing where the index exists.</param>
internal sealed record OptionalIndex(string Schema, string Name, string Create, bool IsWanted);
