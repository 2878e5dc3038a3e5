using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration.Json;

namespace G2PBridge.Platform.Protection;

/// <summary>Where the keys are. They never come from the database, nor from a file of settings.</summary>
internal sealed class DataProtectionOptions
{
    public const string Section = "DataProtection";

    /// <summary>A file of keys, as <c>g2pbridge keys create</c> writes it.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The same text, from the environment (<c>DataProtection__Keys</c>); lines end with semicolons.</summary>
    public string? Keys { get; init; }

    /// <summary>In Development, a key file that is missing is made.</summary>
    public bool MakeKeyFile { get; init; }
}

/// <summary>
/// The keys of this process, read once, and again when a row asks for one that is not there: a key that is put beside the others is known without a restart.
/// </summary>
internal sealed class KeyRing(IConfiguration configuration, IHostEnvironment environment)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, KeyedHash> _hashes = new(StringComparer.Ordinal);
    private Snapshot? _snapshot;

    private sealed record Snapshot(string Text, int FingerprintsId, byte[] Fingerprints, DataKey[] Keys);

    private DataProtectionOptions Options => configuration.GetSection(DataProtectionOptions.Section).Get<DataProtectionOptions>() ?? new DataProtectionOptions();

    /// <summary>Where the keys come from, for sentences.</summary>
    public string Place => Options is { KeyFile: { Length: > 0 } file } ? $"The key file {Path.GetFullPath(file)}" : "DataProtection:Keys";

    /// <summary>The file that new keys are written to; null where they come from the environment.</summary>
    public string? File => Options.KeyFile is { Length: > 0 } file ? Path.GetFullPath(file) : null;

    public int FingerprintsId => Current.FingerprintsId;

    public IReadOnlyList<DataKey> Keys => Current.Keys;

    public DataKey Newest => Current.Keys[^1];

    private Snapshot Current
    {
        get
        {
            if (Volatile.Read(ref _snapshot) is { } snapshot)
            {
                return snapshot;
            }

            lock (_gate)
            {
                return _snapshot ??= Build(Read());
            }
        }
    }

    /// <summary>Null when no key of this process has the id, not even after looking again.</summary>
    public DataKey? Find(int id) => Array.Find(Current.Keys, key => key.Id == id) ?? (Reload() ? Array.Find(Current.Keys, key => key.Id == id) : null);

    /// <summary>Reads again; true when something is new. What cannot be read any more changes nothing.</summary>
    public bool Reload()
    {
        lock (_gate)
        {
            try
            {
                var text = Read();
                if (_snapshot is { } known && known.Text == text)
                {
                    return false;
                }

                // Keys of before stay in use with whoever holds them; the collector disposes of their ciphers.
                _snapshot = Build(text);
                return true;
            }
            catch (ProtectionException) when (_snapshot is not null)
            {
                return false;
            }
        }
    }

    /// <summary>A key of its own for each kind of fingerprint, so that equal numbers in two tables look different; none of them changes when the encryption key does.</summary>
    public KeyedHash Hash(string purpose) => _hashes.GetOrAdd(
        purpose,
        (name, fingerprints) => new KeyedHash(HKDF.DeriveKey(HashAlgorithmName.SHA256, fingerprints, DataKey.Length, info: Encoding.UTF8.GetBytes($"g2p-bridge fingerprint {name}"))),
        Current.Fingerprints);

    private Snapshot Build(string text)
    {
        var keys = KeyText.Parse(text, Place);
        using var fingerprints = new DataKey(keys.Fingerprints);
        return new Snapshot(text, fingerprints.Id, keys.Fingerprints, [.. keys.Encryption.Select(key => new DataKey(key))]);
    }

    private string Read()
    {
        var options = Options;
        if (options.KeyFile is { Length: > 0 } path)
        {
            if (options.MakeKeyFile && environment.IsDevelopment())
            {
                KeyFile.MakeOnce(path);
            }

            try
            {
                return System.IO.File.ReadAllText(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ProtectionException($"The key file {Path.GetFullPath(path)} (DataProtection:KeyFile) cannot be read; put it there, or make the first one with 'g2pbridge keys create'.");
            }
        }

        if (options.Keys is not { Length: > 0 } keys)
        {
            throw new ProtectionException(
                "No key protects people's data: set DataProtection__KeyFile to a file that this program may read and the database may not, and let 'g2pbridge keys create' write it.");
        }

        return configuration is IConfigurationRoot root && root.Providers.OfType<JsonConfigurationProvider>().Any(provider => provider.TryGet("DataProtection:Keys", out _))
            ? throw new ProtectionException("DataProtection:Keys stands in a file of settings, where keys are copied and kept too easily; take it out, and give it as the environment's DataProtection__Keys or as DataProtection:KeyFile.")
            : keys;
    }
}
