using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>A line that did not get its person's place, because another line has it.</summary>
internal sealed record Collision(long Seq, long OwnerSeq, string OwnerEnvelopeId, bool OwnerIsStopped);

/// <summary>
/// Who has which place. A place is one person in one programme, cycle and benefit code, over all envelopes; its key is a hash, and the primary key
/// of the table is what two simultaneous requests run into: the second waits for the first to end and then sees it. Keys are always written in their
/// order, so that two requests over the same people wait for each other in one direction only, and the index is written in runs. A key begins with
/// four bytes that all people of the cycle share: the index grows at one place for each cycle that is being paid, and leaves alone what is years old.
/// Cost where nobody collides: one row of 24 bytes by COPY and one index entry a line. Where some do: one probe a line, and a few for each that collides.
/// </summary>
internal static class Entitlements
{
    public const string Constraint = "pk_entitlement";

    private const char Separator = '\u001f';
    private const int KeyLength = 16;
    private const int ScopeBits = 32;

    /// <summary>The same in SQL, over the row <c>e</c> of an envelope and the row <c>d</c> of a line.</summary>
    public const string KeyInSql = "envelopes.entitlement_key(e.programme_id, e.programme_mnemonic, e.cycle_mnemonic, e.benefit_code_id, e.benefit_code_mnemonic, d.beneficiary_id)";

    /// <summary>
    /// What is the same for every line of an envelope. Numbers count before names: the contract's newest form always has them, its version 1.0 never.
    /// </summary>
    public static EntitlementScope ScopeOf(Envelope envelope) => new(string.Join(
        Separator, "P", Name(envelope.ProgrammeId, envelope.ProgrammeMnemonic), envelope.CycleMnemonic, Name(envelope.BenefitCodeId, envelope.BenefitCodeMnemonic), ""));

    /// <summary>The place of one person in one envelope, for lines that are not the first of their place.</summary>
    public static EntitlementScope ScopeOf(long envelopeNumber) => new(string.Create(CultureInfo.InvariantCulture, $"{envelopeNumber}{Separator}"));

    /// <summary>As a number, so that sorting is cheap; the table holds it big-endian, which sorts the same way.</summary>
    public static UInt128 KeyOf(EntitlementScope of, string beneficiaryId)
    {
        ReadOnlySpan<byte> scope = of.Text;
        var length = scope.Length + Encoding.UTF8.GetByteCount(beneficiaryId);
        Span<byte> text = length <= 1024 ? stackalloc byte[length] : new byte[length];
        scope.CopyTo(text);
        Encoding.UTF8.GetBytes(beneficiaryId, text[scope.Length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return ((UInt128)of.Prefix << (128 - ScopeBits)) | (BinaryPrimitives.ReadUInt128BigEndian(hash) >> ScopeBits);
    }

    public static byte[] Bytes(UInt128 key)
    {
        var bytes = new byte[KeyLength];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
        return bytes;
    }

    /// <summary>All or an error that names <see cref="Constraint"/>.</summary>
    /// <param name="keys">In their order.</param>
    public static async Task CopyAsync(NpgsqlConnection connection, UInt128[] keys, long[] seqs, CancellationToken cancellationToken)
    {
        await using var copy = await BinaryCopy.BeginAsync(connection, "copy envelopes.entitlement (key, seq) from stdin (format binary)", cancellationToken);
        var key = new byte[16];
        for (var i = 0; i < keys.Length; i++)
        {
            await copy.StartRowAsync(2, cancellationToken);
            BinaryPrimitives.WriteUInt128BigEndian(key, keys[i]);
            copy.Write(key);
            copy.Write(seqs[i]);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>Takes the places that are free; gives the lines that got none. Waits for whoever is taking one of them now.</summary>
    public static async Task<HashSet<long>> TakeFreeAsync(NpgsqlConnection connection, UInt128[] keys, long[] seqs, CancellationToken cancellationToken)
    {
        var taken = await connection.QueryAsync(
            "insert into envelopes.entitlement (key, seq) select key, seq from unnest($1::bytea[], $2::bigint[]) as n(key, seq) order by key on conflict (key) do nothing returning seq",
            [Array.ConvertAll(keys, Bytes), seqs], reader => reader.GetInt64(0), cancellationToken);
        var left = seqs.ToHashSet();
        left.ExceptWith(taken);
        return left;
    }

    /// <summary>Who has these places, with the rows locked until the transaction ends, so that what is decided about them stays true. A place that was freed meanwhile is left out.</summary>
    public static Task<List<Collision>> FindOwnersAsync(NpgsqlConnection connection, UInt128[] keys, long[] seqs, CancellationToken cancellationToken) => connection.QueryAsync(
        """
        select n.seq, t.seq, b.envelope_id,
            o.status = 'Cancelled' or exists (select from envelopes.cancellation c where c.seq = t.seq)
                or exists (select from envelopes.line_hold h where h.seq = t.seq and h.state = 'Dropped')
        from unnest($1::bytea[], $2::bigint[]) as n(key, seq)
        join envelopes.entitlement t on t.key = n.key
        cross join lateral (select envelope_id from envelopes.batch where first_seq <= t.seq order by first_seq desc limit 1) b
        join envelopes.envelope o on o.id = b.envelope_id
        order by n.key
        for update of t
        """,
        [Array.ConvertAll(keys, Bytes), seqs],
        reader => new Collision(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetBoolean(3)),
        cancellationToken);

    /// <summary>Gives places, whose rows the caller has locked, to other lines.</summary>
    public static async Task HandOverAsync(NpgsqlConnection connection, UInt128[] keys, long[] seqs, CancellationToken cancellationToken)
    {
        await using var update = await connection.PreparedAsync(
            "update envelopes.entitlement t set seq = n.seq from unnest($1::bytea[], $2::bigint[]) as n(key, seq) where t.key = n.key", cancellationToken, Array.ConvertAll(keys, Bytes), seqs);
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Name(int? number, string? mnemonic) =>
        number is { } given ? string.Create(CultureInfo.InvariantCulture, $"#{given}") : mnemonic ?? "";
}

/// <summary>What is the same for every line that is entered together, and the four bytes of its own hash that their keys begin with.</summary>
internal readonly struct EntitlementScope
{
    public EntitlementScope(string text)
    {
        Text = Encoding.UTF8.GetBytes(text);
        Prefix = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Text));
    }

    public byte[] Text { get; }

    public uint Prefix { get; }
}
