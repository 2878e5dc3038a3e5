using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What a bank wrote about the other side of a movement: names, accounts and free text, kept as one ciphertext per entry.</summary>
/// <param name="Narrative">Where a person may have to read it.</param>
/// <param name="References">Texts that may be a reference, where none was recognised.</param>
/// <param name="BankReference">Of anything but a plain debit of ours.</param>
internal sealed record EntryTexts(string? Name, string? Reason, string? Narrative, string[] References, string? BankReference)
{
    private const char Separator = '\u001f';
    private const int Fields = 5;

    public static readonly SealedColumn Sealed = new($"{ReconciliationModule.Schema}.entry", "sealed", ("file", "bigint"), ("no", "integer"));

    /// <summary>The same ciphertexts, beside the matches of ordinary debits.</summary>
    public static readonly SealedColumn Copy = new($"{ReconciliationModule.Schema}.match", "sealed", ("line", "bigint"), ("generation", "smallint"), ("kind", "smallint")) { Copy = (Sealed, ["file", "entry_no"]) };

    private static readonly EntryTexts None = new(null, null, null, [], null);

    /// <summary>Null where there is nothing to hide.</summary>
    public static byte[]? Seal(Sealer sealer, long file, ReadEntry entry) => sealer.SealIfAny(
        Sealed, RowKey.Of(file, entry.No), entry.Name, entry.Reason, entry.Narrative, entry.ReferenceTexts is { Length: > 0 } texts ? string.Join(Separator, texts) : null,
        IsPlain(entry) ? null : entry.BankReference);

    public static EntryTexts Open(DataProtector protector, long file, int no, byte[]? sealedTexts)
    {
        if (sealedTexts is null)
        {
            return None;
        }

        var fields = new string?[Fields];
        protector.Open(Sealed, RowKey.Of(file, no), sealedTexts, fields);
        return new EntryTexts(fields[0], fields[1], fields[2], fields[3]?.Split(Separator) ?? [], fields[4]);
    }

    /// <summary>A debit of ours, whose reference at the bank is an id of the bank's and nothing else.</summary>
    public static bool IsPlain(ReadEntry entry) => entry is { Kind: EntryKind.Debit, Ours: not null };
}
