using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// The keys of HMAC-SHA-256 that seal blocks. They never reach the database: whoever can write every table, but has no key, cannot make
/// a block that <c>verify</c> believes.
/// </summary>
internal sealed class AuditKeys
{
    public const int FewestBytes = 32;

    private readonly Dictionary<string, byte[]> _known;

    public AuditKeys(IOptions<AuditOptions> options)
        : this(options.Value.Enabled ? Read(options.Value).Value : [])
    {
    }

    private AuditKeys(IReadOnlyList<byte[]> keys)
    {
        _known = keys.DistinctBy(IdOf).ToDictionary(IdOf, key => key, StringComparer.Ordinal);
        Current = keys.Count > 0 ? IdOf(keys[0]) : "";
    }

    /// <summary>Says which key seals; a block names it. It tells nothing about the key.</summary>
    public string Current { get; }

    public bool Knows(string keyId) => _known.ContainsKey(keyId);

    public byte[] Seal(string keyId, in BlockContent block)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _known[keyId]);
        Span<byte> number = stackalloc byte[8];
        hmac.AppendData("g2p-audit-1"u8);
        Append(hmac, number, block.Transaction);
        Append(hmac, number, block.Changes);
        hmac.AppendData(block.Digest);
        Append(hmac, number, (block.At - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        Append(hmac, number, block.Follows);
        hmac.AppendData(block.FollowsHash);
        Append(hmac, number, Encoding.UTF8.GetByteCount(block.Actor));
        hmac.AppendData(Encoding.UTF8.GetBytes(block.Actor));
        return hmac.GetHashAndReset();
    }

    /// <summary>The link of the chain: anybody can compute it, nobody can change it without changing all that follow.</summary>
    public static byte[] Link(ReadOnlySpan<byte> previous, long number, ReadOnlySpan<byte> seal)
    {
        Span<byte> text = stackalloc byte[previous.Length + 8 + seal.Length];
        previous.CopyTo(text);
        BinaryPrimitives.WriteInt64BigEndian(text[previous.Length..], number);
        seal.CopyTo(text[(previous.Length + 8)..]);
        return SHA256.HashData(text);
    }

    public static string Make() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(FewestBytes));

    public static Result<IReadOnlyList<byte[]>> Read(AuditOptions options)
    {
        var keys = new List<byte[]>();
        foreach (var (place, text) in (options.Keys ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select((text, i) => ($"Audit:Keys, key {i + 1}", text)))
        {
            if (!Add(keys, text))
            {
                return Unusable(place);
            }
        }

        if (options.KeyFile is { Length: > 0 } file)
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return new Refusal("AUDIT_KEY_MISSING", $"Audit:KeyFile: '{file}' cannot be read ({exception.GetType().Name}); make it with 'openssl rand -base64 32 > {file}' and let nobody else read it.");
            }

            for (var i = 0; i < lines.Length; i++)
            {
                if (lines[i].Trim() is { Length: > 0 } line && line[0] != '#' && !Add(keys, line))
                {
                    return Unusable($"Audit:KeyFile, line {i + 1}");
                }
            }
        }

        return keys.Count > 0
            ? keys
            : new Refusal("AUDIT_KEY_MISSING", "Audit:KeyFile: outside Development the audit trail needs a key that is not in the database; name a file made with 'openssl rand -base64 32' (or set Audit:Keys from a secret store).");
    }

    private static Refusal Unusable(string place) => new("AUDIT_KEY_UNUSABLE", $"{place}: this is not at least {FewestBytes} random bytes in Base64; 'openssl rand -base64 32' makes them.");

    private static bool Add(List<byte[]> keys, string text)
    {
        var bytes = new byte[text.Length];
        // A key of few different bytes was typed, not drawn.
        if (!Convert.TryFromBase64String(text, bytes, out var length) || length < FewestBytes || bytes.AsSpan(0, length).ToArray().Distinct().Count() < 12)
        {
            return false;
        }

        keys.Add(bytes[..length]);
        return true;
    }

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(HMACSHA256.HashData(key, "g2p-audit-key-id"u8))[..16];

    private static void Append(IncrementalHash hash, Span<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(buffer, value);
        hash.AppendData(buffer);
    }
}

/// <summary>What a seal stands for.</summary>
/// <param name="Transaction">Our own number of the database transaction, from a sequence.</param>
/// <param name="Changes">How many records it has.</param>
/// <param name="Digest">SHA-256 over them, in their order.</param>
/// <param name="Follows">The newest block that was there when it was sealed; 0 for none. So each block vouches for those before it.</param>
internal readonly record struct BlockContent(long Transaction, int Changes, byte[] Digest, string Actor, DateTimeOffset At, long Follows, byte[] FollowsHash);
