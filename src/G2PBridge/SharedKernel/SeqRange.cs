namespace G2PBridge.SharedKernel;

/// <summary>
/// A run of line numbers, both ends included. A batch takes its numbers in one run, so that "the lines of a batch" is a
/// range of the primary key and needs no index of its own.
/// </summary>
internal readonly record struct SeqRange(long First, long Last)
{
    public long Length => Last - First + 1;

    public bool Contains(long seq) => seq >= First && seq <= Last;
}
