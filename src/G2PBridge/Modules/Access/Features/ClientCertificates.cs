using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Features;

/// <summary>
/// Recognises a caller by the certificate shown in TLS: to us, or to a gateway that hands it on in a header. The header counts only from the addresses of gateways:
/// whoever holds no private key could write it just as well.
/// </summary>
internal sealed class ClientCertificates(IOptions<OperatorAccessOptions> options)
{
    private const int MostCharacters = 32 * 1024;

    private readonly Lazy<IPNetwork[]> _gateways = new(() => [.. options.Value.ForwardedCertificate.Gateways.Select(Network)]);
    private readonly Lazy<X509Certificate2Collection?[]> _authorities = new(() => [.. options.Value.Certificates.Select(known => known.Authorities is { } file ? CertificateFile.LoadAll(file) : null)]);

    public Caller? Recognise(HttpContext http)
    {
        if (options.Value.Certificates.Count == 0)
        {
            return null;
        }

        if (http.Connection.ClientCertificate is { } shown)
        {
            return Find(shown);
        }

        using var forwarded = Forwarded(http);
        return forwarded is null ? null : Find(forwarded);
    }

    /// <exception cref="FormatException">It is neither an address nor a network.</exception>
    public static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new(address, address.GetAddressBytes().Length * 8)
        : throw new FormatException($"'{text}' is neither an address nor a network such as 10.0.0.0/24");

    private Caller? Find(X509Certificate2 certificate)
    {
        // TLS goes by the machine's clock, whatever clock the host is given.
        if (CertificateFile.Problem(certificate, TimeProvider.System.GetUtcNow()) is not null)
        {
            return null;
        }

        var hash = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        for (var i = 0; i < options.Value.Certificates.Count; i++)
        {
            var known = options.Value.Certificates[i];
            if (known.Sha256 is { } pinned ? pinned.Equals(hash, StringComparison.OrdinalIgnoreCase) : IsIssued(certificate, known.Subject!, _authorities.Value[i]!))
            {
                return new(known.Actor, [.. known.Roles], AccessScope.Of(known.Programmes, known.Banks));
            }
        }

        return null;
    }

    private static bool IsIssued(X509Certificate2 certificate, string subject, X509Certificate2Collection authorities)
    {
        if (!string.Equals(certificate.Subject, subject, StringComparison.Ordinal))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    /// <summary>PEM with percent signs as nginx writes it, bare base64, or Envoy's <c>Cert="…"</c>.</summary>
    private X509Certificate2? Forwarded(HttpContext http)
    {
        if (options.Value.ForwardedCertificate.Header is not { Length: > 0 } header
            || http.Features.Get<PeerAddress>()?.Address is not { } address || !Array.Exists(_gateways.Value, gateway => gateway.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
            || http.Request.Headers[header] is not [{ Length: > 0 and <= MostCharacters } value])
        {
            return null;
        }

        var text = value.IndexOf("Cert=\"", StringComparison.OrdinalIgnoreCase) is var at and >= 0 ? value[(at + 6)..].Split('"')[0] : value;
        try
        {
            text = text.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(text) : text;
            return text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) ? X509CertificateLoader.LoadCertificate(Encoding.ASCII.GetBytes(text)) : X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
