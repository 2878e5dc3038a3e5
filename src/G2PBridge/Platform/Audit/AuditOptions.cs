using G2PBridge.Platform.Protection;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Audit;

/// <summary>The keys that vouch for the audit trail, and where its head is noted outside the database.</summary>
internal sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>
    /// A text file with one key per line: 32 random bytes or more, in Base64. The first seals; the others are known, so that blocks
    /// sealed with them can still be checked. Lines that begin with <c>#</c> are comments. In Development it is made when there is none.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>The same keys, separated by commas, for an environment variable; they come before those of the file.</summary>
    public string? Keys { get; set; }

    /// <summary>A file to which the number and hash of the newest block are appended every minute in which there is a new one. Keep it where the database is not.</summary>
    public string? AnchorFile { get; set; }

    /// <summary>Off only to measure what the trail costs. Refused in Production.</summary>
    public bool Enabled { get; set; } = true;
}

internal sealed class AuditValidation(IHostEnvironment environment) : IValidateOptions<AuditOptions>
{
    public ValidateOptionsResult Validate(string? name, AuditOptions options)
    {
        if (!options.Enabled)
        {
            return environment.IsProduction()
                ? ValidateOptionsResult.Fail("Audit:Enabled: the audit trail cannot be switched off in Production; remove the setting.")
                : ValidateOptionsResult.Success;
        }

        var keys = AuditKeys.Read(options);
        return keys.IsRefused ? ValidateOptionsResult.Fail(keys.Refusal!.Detail) : ValidateOptionsResult.Success;
    }
}

/// <summary>In Development a key is made once, beside the private database; it is as private as that folder.</summary>
internal sealed class DevelopmentAuditKey(IHostEnvironment environment, IConfiguration configuration, DataFolder folder) : IPostConfigureOptions<AuditOptions>
{
    public const string FileName = "audit.key";

    public void PostConfigure(string? name, AuditOptions options)
    {
        if (!environment.IsDevelopment() || options is { KeyFile.Length: > 0 } or { Keys.Length: > 0 } or { Enabled: false })
        {
            return;
        }

        options.KeyFile = Path.Combine(folder.Path, FileName);
        if (string.IsNullOrWhiteSpace(configuration.GetConnectionString("G2PBridge")))
        {
            options.AnchorFile ??= Path.Combine(folder.Path, "audit.anchors");
        }

        if (!File.Exists(options.KeyFile))
        {
            KeyFile.PlaceOnce(options.KeyFile, $"# Seals the audit trail of the database beside it.\n{AuditKeys.Make()}\n");
        }
    }
}

/// <summary>Where a host in Development keeps what belongs to it.</summary>
internal sealed record DataFolder(string Path);
