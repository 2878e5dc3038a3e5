using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;

namespace G2PBridge.Platform.Secrets;

/// <summary>Which settings are secrets, and where they may come from: the environment, the command line, or a file that the setting of the same name and <c>File</c> names.</summary>
internal static partial class SecretSettings
{
    private const string FileSuffix = "File";

    /// <summary>Brings in the secrets that lie in files, before anything reads a setting.</summary>
    /// <returns>One sentence for each that cannot be used.</returns>
    public static IReadOnlyList<string> ReadFiles(IConfigurationManager configuration)
    {
        var (read, problems) = (new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase), new List<string>());
        foreach (var (key, path) in Values(configuration))
        {
            if (!key.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase) || !IsSecret(key[..^FileSuffix.Length]))
            {
                continue;
            }

            var secret = key[..^FileSuffix.Length];
            if (!string.IsNullOrEmpty(configuration[secret]))
            {
                problems.Add($"{key} and {secret} are both set; remove one.");
                continue;
            }

            try
            {
                read[secret] = Text(SecretFile.Read(path));
            }
            catch (FormatException exception)
            {
                problems.Add($"{key}: {exception.Message}.");
            }
        }

        if (read.Count > 0)
        {
            ((IConfigurationBuilder)configuration).Add(new MemoryConfigurationSource { InitialData = read });
        }

        return problems;
    }

    /// <summary>Secrets that stand in the JSON files beside the program, where whoever copies or publishes it takes them along. One sentence for each.</summary>
    public static IEnumerable<string> FoundInJson(IConfigurationRoot configuration) =>
        from provider in configuration.Providers.OfType<JsonConfigurationProvider>()
        from key in Keys(provider, null)
        where provider.TryGet(key, out var value) && HoldsSecret(key, value)
        select $"{key} is a secret and stands in {provider.Source.Path}; take it out, and set {key.Replace(":", "__", StringComparison.Ordinal)} in the environment or {key}{FileSuffix} to the path of a file.";

    /// <summary>Whether the value under a key is a secret as a whole, or holds one.</summary>
    public static bool HoldsSecret(string key, string? value) => value is { Length: > 0 }
        && (IsConnectionString(key) ? PasswordInText().IsMatch(value) : IsSecret(key) || value.Contains("PRIVATE KEY-----", StringComparison.Ordinal));

    public static bool IsSecret(string key) => IsConnectionString(key) || SecretName().IsMatch(key);

    public static bool IsConnectionString(string key) => key.StartsWith("ConnectionStrings:", StringComparison.OrdinalIgnoreCase) || key.EndsWith(":ConnectionString", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<(string Key, string Value)> Values(IConfiguration configuration) =>
        [.. configuration.AsEnumerable().Where(pair => !string.IsNullOrEmpty(pair.Value)).Select(pair => (pair.Key, pair.Value!))];

    private static IEnumerable<string> Keys(JsonConfigurationProvider provider, string? parent) =>
        provider.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase).Select(name => parent is null ? name : $"{parent}:{name}").SelectMany(key => Keys(provider, key).Prepend(key));

    /// <summary>One line break at the end does not count.</summary>
    private static string Text(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    [GeneratedRegex("^Signing:Keys:[0-9]+:Key$|^DataProtection:Keys$|^Audit:Keys$|:(Password|Secret|CallbackSecret|ApiKey|Token)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"(^|;)\s*(password|pwd|ssl\s*password)\s*=\s*[^;\s]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PasswordInText();
}
