using System.ComponentModel.DataAnnotations;
using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation;

/// <summary>How statements come in and how the banks write them.</summary>
internal sealed class StatementsOptions : IValidatableObject
{
    public const string Section = "Statements";

    /// <summary>The longest statement file in bytes.</summary>
    [Range(1_024, 2_147_483_648)]
    public long MaxUploadBytes { get; init; } = 10_485_760;

    /// <summary>The profile of an account that <see cref="Accounts"/> does not name.</summary>
    [Required]
    public string DefaultProfile { get; init; } = "example-bank";

    /// <summary>Own profiles by name; one with the name of a shipped profile replaces it.</summary>
    public Dictionary<string, BankProfile> Profiles { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Account number, as the bank writes it, to profile name.</summary>
    public Dictionary<string, string> Accounts { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>How often the tables are looked at when nobody wakes the reader.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Files that this process reads at once.</summary>
    [Range(1, 16)]
    public int Parallelism { get; init; } = 2;

    /// <summary>How long a worker that stops answering keeps its file. Renewed while it lives.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts to read one file before it is put aside.</summary>
    [Range(1, 100)]
    public int MostAttempts { get; init; } = 10;

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Entries that are resolved and written together.</summary>
    [Range(100, 100_000)]
    public int SetSize { get; init; } = 10_000;

    /// <summary>A folder that statement files are put into; none unless said.</summary>
    public string? WatchedFolder { get; init; }

    /// <summary>How long a file in it must stay as it is before it counts as complete.</summary>
    public TimeSpan WatchedFolderQuiet { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (account, profile) in Accounts.Append(new("(default)", DefaultProfile)))
        {
            if (FindProfile(profile) is null)
            {
                yield return new ValidationResult($"{Section}: account {account} names the profile '{profile}', which does not exist.");
            }
        }

        foreach (var (name, profile) in Profiles)
        {
            if (!string.IsNullOrWhiteSpace(profile.CodePage) && !StatementReader.IsKnownCodePage(profile.CodePage))
            {
                yield return new ValidationResult($"{Section}:Profiles:{name}:CodePage is '{profile.CodePage}', which does not exist.");
            }
        }

        if (!string.IsNullOrEmpty(WatchedFolder) && !Directory.Exists(WatchedFolder))
        {
            yield return new ValidationResult($"{Section}:WatchedFolder is '{WatchedFolder}', which does not exist.");
        }

        if (WatchedFolderQuiet <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:WatchedFolderQuiet must be longer than nothing.");
        }

        if (Lease <= TimeSpan.Zero || Interval <= TimeSpan.Zero || FirstRetry <= TimeSpan.Zero || LongestRetry < FirstRetry)
        {
            yield return new ValidationResult($"{Section}: Lease, Interval and FirstRetry must be longer than nothing, LongestRetry no shorter than FirstRetry.");
        }
    }

    /// <summary>A configured profile, else a shipped one; null when there is neither.</summary>
    public BankProfile? FindProfile(string name)
    {
        if (!Profiles.TryGetValue(name, out var profile))
        {
            return BankProfile.Shipped(name);
        }

        profile.Name = name;
        if (profile.References.Count == 0)
        {
            profile.References = BankProfile.Shipped("generic")!.References;
        }

        return profile;
    }

    /// <summary>The profile of the account as the bank writes it.</summary>
    public string ProfileOf(string? account) =>
        account is not null && (Accounts.TryGetValue(account, out var name) || Accounts.TryGetValue(account.Replace(" ", "", StringComparison.Ordinal), out name)) ? name : DefaultProfile;
}
