using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>
/// Partners' ids, one row of 24 bytes each, for ever: the lines are cut by their numbers and leave month by month, and a unique index over ids
/// can only be where ids are not cut. What is kept for ever should be small, and ids may have 128 characters; so the key is a hash, of 88 bits, of
/// the id without its last number (but with the length of that), and behind it that number. Ids which a programme counts up thus stand beside each
/// other, and a month's intake touches a stretch of the index, however large that grows (ADR 0033). Written in their order, so that calls with the
/// same ids wait for each other in one direction only.
/// </summary>
internal static class DisbursementKeys
{
    /// <summary>Of the last number; more of them would not fit into five bytes.</summary>
    private const int MostDigits = 12;

    private const int HashBytes = 11;
    private const int NumberBytes = 5;

    public const string Constraint = "pk_disbursement_key";

    /// <summary>The same in SQL, over the row <c>d</c> of a line.</summary>
    public const string KeyInSql = "envelopes.disbursement_key_of(d.disbursement_id)";

    public static Guid Of(string disbursementId)
    {
        Shape? none = null;
        return Of(disbursementId, ref none);
    }

    public static Guid[] Of(IReadOnlyCollection<string> disbursementIds)
    {
        Shape? shape = null;
        return [.. disbursementIds.Select(id => Of(id, ref shape))];
    }

    private static Guid Of(string id, ref Shape? last)
    {
        var end = id.AsSpan().LastIndexOfAnyInRange('0', '9') + 1;
        var first = end;
        while (first > 0 && end - first < MostDigits && char.IsAsciiDigit(id[first - 1]))
        {
            first--;
        }

        // Neighbours in a call mostly differ in their numbers alone.
        if (last is null || !last.Fits(id, first, end))
        {
            last = new Shape(id, first, end);
        }

        Span<byte> key = stackalloc byte[HashBytes + NumberBytes];
        // The number has five bytes at most, so the hash covers nothing but zeros of its eight.
        BinaryPrimitives.WriteUInt64BigEndian(key[^sizeof(ulong)..], first == end ? 0 : ulong.Parse(id.AsSpan(first, end - first), NumberStyles.None, CultureInfo.InvariantCulture));
        last.Hash.CopyTo(key);
        return new Guid(key, bigEndian: true);
    }

    /// <summary>An id without its last number. No digit stands behind that, so two ids with one shape and one number are the same.</summary>
    private sealed class Shape
    {
        private readonly string _id;
        private readonly int _first;
        private readonly int _end;

        public Shape(string id, int first, int end)
        {
            (_id, _first, _end) = (id, first, end);
            var shape = first == end ? id : string.Create(CultureInfo.InvariantCulture, $"{id.AsSpan(0, first)}#{end - first}#{id.AsSpan(end)}");
            Hash = SHA256.HashData(Encoding.UTF8.GetBytes(shape))[..HashBytes];
        }

        public byte[] Hash { get; }

        public bool Fits(string id, int first, int end) =>
            first == _first && end == _end && id.AsSpan(0, first).SequenceEqual(_id.AsSpan(0, first)) && id.AsSpan(end).SequenceEqual(_id.AsSpan(end));
    }

    /// <summary>All or an error that names <see cref="Constraint"/>.</summary>
    public static async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<DisbursementPayload> lines, long firstSeq, CancellationToken cancellationToken)
    {
        var (keys, seqs) = (new Guid[lines.Count], new long[lines.Count]);
        var (shape, sorted) = ((Shape?)null, true);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = Of(lines[i].DisbursementId!, ref shape);
            seqs[i] = firstSeq + i;
            sorted &= i == 0 || keys[i - 1].CompareTo(keys[i]) <= 0;
        }

        if (!sorted)
        {
            // .NET compares field by field, which for big-endian bytes is the order of the database.
            Array.Sort(keys, seqs);
        }

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
