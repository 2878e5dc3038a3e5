using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Features;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>A public key that a sponsor bank signs its statements with.</summary>
internal sealed class ConfiguredStatementKey
{
    /// <summary>The sponsor bank's code; statements of its accounts alone are taken.</summary>
    public string Bank { get; init; } = "";

    /// <summary>A certificate or public key in PEM, or the path of a file with one.</summary>
    public string PublicKey { get; init; } = "";

    /// <summary>The <c>kid</c> that a signature must name. Null: a certificate's SHA-256 in base64url; a bare key needs one.</summary>
    public string? KeyId { get; init; }

    public string? Algorithm { get; init; }

    /// <exception cref="FormatException">The message says what is wrong with the key.</exception>
    public PartnerKey Read()
    {
        var key = new ConfiguredKey { PublicKey = PublicKey, KeyId = KeyId, Algorithm = Algorithm }.Read();
        return key.Id is null ? throw new FormatException("it has no KeyId, by which a signature would name it") : key;
    }
}

/// <summary>A certificate that somebody shows in TLS.</summary>
internal sealed class ConfiguredCertificate
{
    /// <summary>Who acts, as it will stand in the histories.</summary>
    public string Actor { get; init; } = "";

    /// <summary>SHA-256 of the certificate in hexadecimal: this one and no other.</summary>
    public string? Sha256 { get; init; }

    /// <summary>In place of it: the distinguished name that certificates of <see cref="Authorities"/> must carry.</summary>
    public string? Subject { get; init; }

    /// <summary>A PEM file with the authorities that may have issued it.</summary>
    public string? Authorities { get; init; }

    public IReadOnlyList<Role> Roles { get; init; } = [];

    public IReadOnlyList<string> Programmes { get; init; } = [];

    public IReadOnlyList<string> Banks { get; init; } = [];
}

/// <summary>How a gateway that ends TLS hands the caller's certificate on.</summary>
internal sealed class ForwardedCertificateOptions
{
    /// <summary>The header; the gateway must overwrite it, whatever the caller sent. Null: none is believed.</summary>
    public string? Header { get; init; }

    /// <summary>Addresses or networks of the gateways; from any other address the header says nothing.</summary>
    public IReadOnlyList<string> Gateways { get; init; } = [];
}

internal sealed class StatementSenderValidation : IValidateOptions<OperatorAccessOptions>
{
    public ValidateOptionsResult Validate(string? name, OperatorAccessOptions options)
    {
        var failures = new List<string>();
        for (var i = 0; i < options.StatementKeys.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(options.StatementKeys[i].Bank))
            {
                failures.Add($"OperatorAccess:StatementKeys:{i}:Bank: name the sponsor bank whose statements the key signs.");
            }

            Try($"OperatorAccess:StatementKeys:{i}:PublicKey: the key cannot be used", () => options.StatementKeys[i].Read(), failures);
        }

        foreach (var twice in options.StatementKeys.GroupBy(key => key.KeyId).Where(keys => keys.Key is not null && keys.Count() > 1))
        {
            failures.Add($"OperatorAccess:StatementKeys: two keys have the KeyId '{twice.Key}'; give each its own.");
        }

        for (var i = 0; i < options.Certificates.Count; i++)
        {
            Check(options.Certificates[i], $"OperatorAccess:Certificates:{i}", failures);
        }

        foreach (var gateway in options.ForwardedCertificate.Gateways)
        {
            Try("OperatorAccess:ForwardedCertificate:Gateways", () => ClientCertificates.Network(gateway), failures);
        }

        if (options.ForwardedCertificate is { Header.Length: > 0, Gateways.Count: 0 })
        {
            failures.Add("OperatorAccess:ForwardedCertificate:Gateways: list the addresses of the gateways; from anybody else the header proves nothing.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void Check(ConfiguredCertificate certificate, string at, List<string> failures)
    {
        if (string.IsNullOrWhiteSpace(certificate.Actor) || certificate.Actor.Length > Actor.LongestName)
        {
            failures.Add($"{at}:Actor: say in at most {Actor.LongestName} characters who acts with the certificate.");
        }

        if (certificate.Roles.Count == 0)
        {
            failures.Add($"{at}:Roles: list at least one of {string.Join(", ", Enum.GetNames<Role>())}.");
        }

        if (certificate.Sha256 is { } pinned ? pinned.Length != 64 || !pinned.All(char.IsAsciiHexDigit) : certificate.Subject is null || certificate.Authorities is null)
        {
            failures.Add($"{at}: give the certificate's Sha256 in hexadecimal, or its Subject and the Authorities that may have issued it.");
        }

        if (certificate.Authorities is { } file)
        {
            Try($"{at}:Authorities: it cannot be used", () => CertificateFile.LoadAll(file), failures);
        }
    }

    private static void Try(string setting, Func<object> read, List<string> failures)
    {
        try
        {
            read();
        }
        catch (FormatException exception)
        {
            failures.Add($"{setting}: {exception.Message}.");
        }
    }
}
