using System.Security.Cryptography;

namespace G2PBridge.Platform.Protection;

/// <summary>The keys of an installation cannot be used; the message is one sentence for whoever starts it, and holds nothing of a key.</summary>
internal sealed class ProtectionException(string message) : Exception(message);

/// <summary>
/// How keys are written: lines <c>fingerprints BASE64</c>, once, and <c>encryption BASE64</c>, oldest first; what follows <c>#</c> is for people. A semicolon ends a line too,
/// for an environment variable.
/// </summary>
/// <param name="Fingerprints">Never changes: equal numbers must keep equal fingerprints.</param>
/// <param name="Encryption">The newest is the last.</param>
internal sealed record KeyText(byte[] Fingerprints, IReadOnlyList<byte[]> Encryption)
{
    private const string FingerprintsWord = "fingerprints";
    private const string EncryptionWord = "encryption";

    /// <summary>Thirty-two random bytes have about thirty different values; fewer than this was made by a person.</summary>
    private const int FewestValues = 16;

    private const string Heading =
        """
        # Keys that protect people's data in the database of a G2P Bridge. Whoever has this file and the database can read account and telephone numbers:
        # keep it away from the database and its back-ups. Without it the data cannot be read again: keep a copy in a safe place.
        """;

    public static string Create() => $"{Heading}\n{FingerprintsWord} {Draw()}\n";

    public static string NewEncryptionLine(DateTimeOffset now) => FormattableString.Invariant($"{EncryptionWord} {Draw()} # made {now:yyyy-MM-dd}\n");

    /// <param name="where">The setting that the text came from, for the sentence.</param>
    /// <exception cref="ProtectionException">A key is missing, cannot be read or is weak.</exception>
    public static KeyText Parse(string text, string where)
    {
        byte[]? fingerprints = null;
        var encryption = new List<byte[]>();
        var number = 0;
        foreach (var line in text.Split(['\n', ';']))
        {
            number++;
            if (line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is not { Length: > 0 } words)
            {
                continue;
            }

            if (words is not [FingerprintsWord or EncryptionWord, var value])
            {
                throw new ProtectionException($"{where}, line {number}, is not '{FingerprintsWord} BASE64' or '{EncryptionWord} BASE64'; let 'g2pbridge keys create' write it.");
            }

            var key = Read(value, where, number);
            if (words[0] == EncryptionWord)
            {
                encryption.Add(key);
            }
            else if (fingerprints is not null)
            {
                throw new ProtectionException($"{where}, line {number}: a second '{FingerprintsWord}' line; an installation has one, for ever: keep the first one that this database was written with.");
            }
            else
            {
                fingerprints = key;
            }
        }

        if (fingerprints is null || encryption.Count == 0)
        {
            throw new ProtectionException($"{where} holds no line '{(fingerprints is null ? FingerprintsWord : EncryptionWord)} BASE64'; let 'g2pbridge keys create' write it.");
        }

        return encryption.Append(fingerprints).DistinctBy(Convert.ToHexString).Count() < encryption.Count + 1
            ? throw new ProtectionException($"{where} holds the same key twice; let 'g2pbridge keys create' draw each anew.")
            : new KeyText(fingerprints, encryption);
    }

    private static string Draw() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(DataKey.Length));

    private static byte[] Read(string value, string where, int line)
    {
        var key = new byte[DataKey.Length];
        if (value.Length > 2 * DataKey.Length || !Convert.TryFromBase64String(value, key, out var length) || length != DataKey.Length)
        {
            throw new ProtectionException($"{where}, line {line}: a key is {DataKey.Length} random bytes in base64, 44 characters; let 'g2pbridge keys create' draw it.");
        }

        return IsWeak(key)
            ? throw new ProtectionException($"{where}, line {line}: the key was not drawn at random (a typed text, a pattern or a sample) and protects nothing; let 'g2pbridge keys create' draw one.")
            : key;
    }

    /// <summary>Typed texts, among them every sample that could stand in a document; one value or few; anything that repeats or counts. Random bytes are none of it.</summary>
    private static bool IsWeak(ReadOnlySpan<byte> key)
    {
        var values = new HashSet<byte>();
        var (isText, counts) = (true, true);
        for (var i = 0; i < key.Length; i++)
        {
            values.Add(key[i]);
            isText &= key[i] is >= 0x20 and < 0x7f;
            counts &= i == 0 || (byte)(key[i] - key[i - 1]) == (byte)(key[1] - key[0]);
        }

        return isText || counts || values.Count < FewestValues || key[..(key.Length / 2)].SequenceEqual(key[(key.Length / 2)..]);
    }
}
