using System.Net;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Secrets;
using Npgsql;

namespace G2PBridge.Platform.Hosting;

/// <summary>Brings in the secrets that lie in files, and keeps a host in Production from starting with secrets that are none.</summary>
internal static class SecretsAtStart
{
    /// <summary>A password that protects a database on another machine has at least this many characters (NIST SP 800-63B asks for 8 of people; machines remember more).</summary>
    public const int ShortestPassword = 12;

    /// <summary>Of a secret that signs or opens something; fewer different characters than this were typed by somebody in a hurry.</summary>
    private const int FewestCharacters = 6;

    /// <summary>What stands in examples, in this project's and in everybody's.</summary>
    private static readonly HashSet<string> WellKnown = new(StringComparer.OrdinalIgnoreCase)
    {
        "", "…", "...", "g2pbridge", "g2p-bridge", "g2p_bridge", "openg2p", "postgres", "postgresql", "password", "passw0rd", "password1", "password123", "secret", "changeme", "change-me", "change_me", "admin",
        "administrator", "default", "example", "sample", "test", "letmein", "welcome", "qwerty", "123456", "12345678", "123456789", "1234567890", "simulated", "whsec_", "g2pb_", "string",
    };

    private static readonly Lazy<HashSet<string>> WellKnownHashes = new(() => WellKnown.SelectMany(word => new[] { word, "g2pb_" + word }).Select(ApiKey.Hash).ToHashSet(StringComparer.OrdinalIgnoreCase));

    /// <exception cref="StartupRefusedException">A secret cannot be used; the sentence names the setting and what to do, never the secret.</exception>
    public static void Take(WebApplicationBuilder builder)
    {
        var problems = SecretSettings.ReadFiles(builder.Configuration).ToList();
        if (builder.Environment.IsProduction())
        {
            problems.AddRange(SecretSettings.FoundInJson(builder.Configuration));
            problems.AddRange(Weak(builder.Configuration));
        }

        if (problems.Count > 0)
        {
            throw new StartupRefusedException("The settings cannot be used. " + string.Join(" ", problems));
        }
    }

    /// <summary>One sentence for each secret that anybody could guess.</summary>
    public static IEnumerable<string> Weak(IConfiguration configuration)
    {
        foreach (var (key, value) in configuration.AsEnumerable().Where(pair => pair.Value is { Length: > 0 }).OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
        {
            if (key.StartsWith("OperatorAccess:ApiKeys:", StringComparison.OrdinalIgnoreCase) && key.EndsWith(":Sha256", StringComparison.OrdinalIgnoreCase))
            {
                if (WellKnownHashes.Value.Contains(value!))
                {
                    yield return $"{key} is the hash of a word that anybody would try; make a key with 'g2pbridge api-key'.";
                }
            }
            else if (SecretSettings.IsConnectionString(key))
            {
                if (WeakPassword(value!) is { } weak)
                {
                    yield return $"{key}: {weak}";
                }
            }
            // Sets of keys are checked by who reads them, key by key.
            else if (SecretSettings.IsSecret(key) && !key.EndsWith(":Keys", StringComparison.OrdinalIgnoreCase) && !value!.Contains("PRIVATE KEY", StringComparison.Ordinal) && !value.TrimStart().StartsWith('{') && IsGuessable(value))
            {
                yield return $"{key} is a word out of examples, or hardly a secret; set a random one, for example from 'openssl rand -base64 24'.";
            }
        }
    }

    private static bool IsGuessable(string secret) => WellKnown.Contains(secret) || secret.Distinct().Count() < FewestCharacters;

    /// <summary>Null when it will do. A database on this machine is reached by whoever is on the machine, and may trust him without a password.</summary>
    private static string? WeakPassword(string connectionString)
    {
        NpgsqlConnectionStringBuilder parts;
        try
        {
            parts = new(connectionString);
        }
        catch (ArgumentException)
        {
            // Told by whoever connects.
            return null;
        }

        if (string.IsNullOrEmpty(parts.Password) || (parts.Host ?? "").Split(',').All(IsHere))
        {
            return null;
        }

        return WellKnown.Contains(parts.Password) || string.Equals(parts.Password, parts.Username, StringComparison.OrdinalIgnoreCase) || string.Equals(parts.Password, parts.Database, StringComparison.OrdinalIgnoreCase)
            ? "the password is a word out of examples, or the name of the user or database; set a random one."
            : parts.Password.Length < ShortestPassword ? $"the password has {parts.Password.Length} characters; on another machine it needs at least {ShortestPassword}." : null;
    }

    private static bool IsHere(string host) =>
        host.StartsWith('/') || host.StartsWith('@') || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Split(':') is [var name, _] ? name : host, out var address) && IPAddress.IsLoopback(address));
}
