using System.Text;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// Keyed forms of what entries, statements and files are compared by. The plain ones are hashes over texts of which a reader of the database knows everything but the
/// account number, which he could then try.
/// </summary>
internal sealed class EntryHashes(DataProtector protector)
{
    private readonly KeyedHash _entries = protector.Hash("entry");
    private readonly KeyedHash _references = protector.Hash("reference");
    private readonly KeyedHash _statements = protector.Hash("statement");
    private readonly KeyedHash _files = protector.Hash("file");

    public Guid OfEntry(Guid fingerprint) => _entries.Of(fingerprint);

    public Guid[]? OfReferences(string[]? texts) => texts is null ? null : Array.ConvertAll(texts, _references.Of);

    public string? OfStatement(string? fingerprint) => fingerprint is null ? null : Convert.ToHexStringLower(_statements.Whole(Encoding.UTF8.GetBytes(fingerprint)));

    /// <summary>Thirty-two bytes.</summary>
    public byte[] OfFile(ReadOnlySpan<byte> sha256) => _files.Whole(sha256);
}
