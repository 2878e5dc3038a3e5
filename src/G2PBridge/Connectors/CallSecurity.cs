using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using G2PBridge.Modules.Access.Contracts;
using G2PBridge.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors;

/// <summary>How calls to one party are secured, in the party's own section of the settings.</summary>
internal sealed class CallSecuritySettings
{
    /// <summary>Whether our requests are signed in the header <c>Signature</c>.</summary>
    public bool Sign { get; init; }

    /// <summary>ES256, EdDSA, PS256 or RS256. Null: that of the key whose turn it is.</summary>
    public string? SignAlgorithm { get; init; }

    public TlsSettings Tls { get; init; } = new();
}

/// <summary>TLS with one party.</summary>
internal sealed class TlsSettings
{
    /// <summary>What we show: PKCS#12, or PEM with the key in it or in <see cref="ClientKey"/>.</summary>
    public string? ClientCertificate { get; init; }

    public string? ClientKey { get; init; }

    /// <summary>Of the PKCS#12 file or the encrypted key.</summary>
    public string? Password { get; init; }

    /// <summary>A file with the certificates of the authorities that alone may have issued the party's. Null: those of the machine.</summary>
    public string? Authorities { get; init; }

    /// <summary>SHA-256 of the party's own certificates in hexadecimal: no other is taken, whoever issued it.</summary>
    public IReadOnlyList<string> Pinned { get; init; } = [];

    public bool IsSet => ClientCertificate is not null || Authorities is not null || Pinned.Count > 0;
}

/// <summary>
/// Secures the calls to one party: our signature, our client certificate, and whose certificate we take from it. What is wrong with the settings
/// stops the start; what is wrong with the other side is told in a sentence that names the party.
/// </summary>
internal sealed class CallSecurity
{
    private readonly string _party;
    private readonly CallSecuritySettings _settings;
    private readonly IBridgeSigner? _signer;
    private readonly bool _isTls;
    private readonly X509Certificate2? _client;
    private readonly X509Certificate2Collection? _authorities;

    private CallSecurity(IServiceProvider provider, IConfigurationSection section, string party)
    {
        (_party, _settings) = (party, section.Get<CallSecuritySettings>() ?? new());
        _signer = _settings.Sign ? provider.GetRequiredService<IBridgeSigner>() : null;
        if (_signer?.CanSign(_settings.SignAlgorithm) == false)
        {
            throw Unusable(section, "Sign", $"no {_settings.SignAlgorithm ?? "key"} of Signing:Keys signs now; add one, or set it to false");
        }

        var tls = _settings.Tls;
        var address = section["BaseUrl"] ?? section["Url"];
        _isTls = address?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true;
        if (tls.IsSet && address is not null && !_isTls)
        {
            throw Unusable(section, "Tls", "the address begins with http:, so that nothing of it would be used; write https:");
        }

        if (tls.ClientCertificate is { } file)
        {
            _client = Load(section, "Tls:ClientCertificate", () => CertificateFile.LoadWithKey(file, tls.ClientKey, string.IsNullOrEmpty(tls.Password) ? null : tls.Password));
            if (CertificateFile.Problem(_client, Now) is { } problem)
            {
                throw Unusable(section, "Tls:ClientCertificate", $"'{file}' cannot be used: {problem}");
            }
        }

        _authorities = tls.Authorities is { } authorities ? Load(section, "Tls:Authorities", () => CertificateFile.LoadAll(authorities)) : null;
        if (tls.Pinned.FirstOrDefault(pin => pin.Length != 64 || !pin.All(char.IsAsciiHexDigit)) is { } wrong)
        {
            throw Unusable(section, "Tls:Pinned", $"'{wrong}' is no SHA-256 in hexadecimal; 'openssl x509 -noout -fingerprint -sha256' shows one, without its colons");
        }
    }

    public bool Signs => _settings.Sign;

    /// <summary>TLS goes by the machine's clock, whatever clock the host is given.</summary>
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <param name="section">The party's section; <see cref="CallSecuritySettings"/> stand in it beside its own.</param>
    /// <param name="party">How the party is called in a sentence, such as <c>bank NATIONAL</c>.</param>
    /// <exception cref="OptionsValidationException">A setting cannot be used.</exception>
    public static CallSecurity Read(IServiceProvider provider, IConfigurationSection section, string party) => new(provider, section, party);

    /// <summary>A connection handler with all of it around it.</summary>
    public HttpMessageHandler Secure(SocketsHttpHandler connections)
    {
        connections.SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = _client is null ? null : [_client],
            // Given as it is, whatever list of authorities the server names.
            LocalCertificateSelectionCallback = _client is null ? null : (_, _, _, _, _) => _client,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Check(certificate as X509Certificate2, chain, errors),
            CertificateChainPolicy = _authorities is null ? null : Policy(_authorities),
        };
        return _signer is not null ? new SignedCalls(_signer, _settings.SignAlgorithm, connections) : connections;
    }

    /// <summary>What is wrong with the TLS connection, for a person; null when it is something else.</summary>
    public string? Explain(Exception exception)
    {
        if (!_isTls)
        {
            return null;
        }

        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is RefusedCertificateException refused)
            {
                return $"no TLS connection to {_party}: its certificate is refused: {refused.Message}";
            }
        }

        // A server that does not take our certificate ends the handshake, or lets it end and then hangs up.
        return exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError }
            ? null
            : $"the TLS connection to {_party} broke: " + (_client is null
                ? "it may ask for a client certificate (Tls:ClientCertificate), and none is set"
                : $"it may not take our client certificate '{_client.Subject}'");
    }

    private bool Check(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            throw new RefusedCertificateException("it shows none");
        }

        if (CertificateFile.Problem(certificate, Now) is { } problem)
        {
            throw new RefusedCertificateException(problem);
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new RefusedCertificateException($"'{certificate.Subject}' is not made out to the address we call");
        }

        var pins = _settings.Tls.Pinned;
        if (pins.Count > 0)
        {
            return pins.Contains(certificate.GetCertHashString(HashAlgorithmName.SHA256), StringComparer.OrdinalIgnoreCase)
                ? true
                : throw new RefusedCertificateException($"'{certificate.Subject}' is none of Tls:Pinned");
        }

        return errors == SslPolicyErrors.None
            ? true
            : throw new RefusedCertificateException(
                $"'{certificate.Subject}' was not issued by an authority we trust ({string.Join(", ", (chain?.ChainStatus ?? []).Select(status => status.Status))})");
    }

    private static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        // An authority between the root and the party may be in the file too.
        policy.ExtraStore.AddRange(authorities);
        return policy;
    }

    private static T Load<T>(IConfigurationSection section, string setting, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (FormatException exception)
        {
            throw Unusable(section, setting, $"it cannot be used: {exception.Message}");
        }
    }

    private static OptionsValidationException Unusable(IConfigurationSection section, string setting, string why) =>
        new(section.Path, typeof(CallSecuritySettings), [$"{section.Path}:{setting}: {why}."]);

    /// <summary>Told apart from a handshake that the other side ended.</summary>
    private sealed class RefusedCertificateException(string message) : AuthenticationException(message);
}
