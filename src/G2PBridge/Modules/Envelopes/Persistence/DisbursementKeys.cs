using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>
/// Partners' ids, one row of 24 bytes each, for ever: the lines are cut by their numbers and leave month by month, and a unique index over ids
/// can only be where ids are not cut. By hash, because what is kept for ever should be small, and ids may have 128 characters. Written in
/// their order, so that calls with the same ids wait for each other in one direction only.
/// </summary>
internal static class DisbursementKeys
{
    public const string Constraint = "pk_disbursement_key";

    /// <summary>The same in SQL, over the row <c>d</c> of a line.</summary>
    public const string KeyInSql = "envelopes.disbursement_key_of(d.disbursement_id)";

    public static Guid Of(string disbursementId)
    {
        var length = Encoding.UTF8.GetByteCount(disbursementId);
        Span<byte> text = length <= 512 ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(disbursementId, text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    public static Guid[] Of(IReadOnlyCollection<string> disbursementIds) => [.. disbursementIds.Select(Of)];

    /// <summary>All or an error that names <see cref="Constraint"/>.</summary>
    public static async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<DisbursementPayload> lines, long firstSeq, CancellationToken cancellationToken)
    {
        var (keys, seqs) = (new Guid[lines.Count], new long[lines.Count]);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = Of(lines[i].DisbursementId!);
            seqs[i] = firstSeq + i;
        }

        // .NET compares field by field, which for big-endian bytes is the order of the database.
        Array.Sort(keys, seqs);
        await using var copy = await BinaryCopy.BeginAsync(connection, "copy envelopes.disbursement_key (key, seq) from stdin (format binary)", cancellationToken);
        for (var i = 0; i < keys.Length; i++)
        {
            await copy.StartRowAsync(2, cancellationToken);
            copy.Write(keys[i]);
            copy.Write(seqs[i]);
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
