using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>What is encrypted here: how to reach people, the accounts of agencies, and who received what from whom.</summary>
internal static class InKindSeals
{
    private const int ContactFields = 4;
    private const int PersonFields = 3;

    /// <summary>Name, e-mail and telephone number of a beneficiary.</summary>
    public static readonly SealedColumn Beneficiary = new($"{InKindModule.Schema}.beneficiary", "sealed", ("seq", "bigint"));

    /// <summary>Additional attributes (an agency's account is in them) and the administrator's name, e-mail and telephone number.</summary>
    public static readonly SealedColumn Warehouse = new($"{InKindModule.Schema}.geo", "warehouse_sealed", ("id", "text"));

    public static readonly SealedColumn Agency = new($"{InKindModule.Schema}.geo", "agency_sealed", ("id", "text"));

    /// <summary>Who handed out, who received, and what proves it.</summary>
    public static readonly SealedColumn Proof = new($"{InKindModule.Schema}.proof", "sealed", ("seq", "bigint"))
    {
        FingerprintColumn = "content",
        Fingerprint = (ring, of) => ContentOf(ring.Hash(ProofPurpose), of[0], of[1], of[2]),
    };

    public const string ProofPurpose = "proof";

    public static byte[]? OfPoint(Sealer sealer, SealedColumn column, string geoId, string? info, string? name, string? email, string? phone) =>
        sealer.SealIfAny(column, RowKey.Of(geoId), info, name, email, phone);

    /// <param name="at">The column of the point's id; mnemonic, name, ciphertext and benefit follow.</param>
    public static AllocatedPoint? ReadPoint(DataProtector protector, SealedColumn column, NpgsqlDataReader reader, int at)
    {
        if (reader.IsDBNull(at))
        {
            return null;
        }

        var contact = new string?[ContactFields];
        if (!reader.IsDBNull(at + 3))
        {
            protector.Open(column, RowKey.Of(reader.GetString(0)), reader.GetFieldValue<byte[]>(at + 3), contact);
        }

        return new AllocatedPoint(
            reader.GetString(at), reader.IsDBNull(at + 1) ? reader.GetString(at) : reader.GetString(at + 1), reader.IsDBNull(at + 2) ? null : reader.GetString(at + 2),
            contact[0], contact[1], contact[2], contact[3], reader.IsDBNull(at + 4) ? null : reader.GetString(at + 4));
    }

    /// <summary>Name, e-mail and telephone number.</summary>
    public static (string? Name, string? Email, string? Phone) ReadPerson(DataProtector protector, NpgsqlDataReader reader, long seq, int at)
    {
        var fields = new string?[PersonFields];
        if (!reader.IsDBNull(at))
        {
            protector.Open(Beneficiary, RowKey.Of(seq), reader.GetFieldValue<byte[]>(at), fields);
        }

        return (fields[0], fields[1], fields[2]);
    }

    /// <summary>The same for the same three texts: a proof that is sent again is told from one that says something else.</summary>
    public static Guid ContentOf(KeyedHash hash, string? deliveredBy, string? receivedBy, string? evidence) =>
        hash.Of($"{deliveredBy}\u001f{(receivedBy is null ? "-" : "+")}{receivedBy}\u001f{(evidence is null ? "-" : "+")}{evidence}");
}
