using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Keys;
using G2PBridge.Modules.Access.Persistence;
using G2PBridge.PartnerApi;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Features;

/// <summary>
/// Lets a request of the partner API in when its detached signature is by a key that is registered for the sender its body names
/// (contract, section 1.3), its time is near ours, and this very signature was not here before. Every failed check gives the same answer after the same
/// work: somebody who tries learns neither which partners there are nor which of their keys. With no signature required, all are let in.
/// </summary>
internal sealed partial class AdmitPartnerRequest(
    PartnerKeys keys, SeenSignatures seen, IOptions<PartnerSignatureOptions> options, IHostEnvironment environment, TimeProvider clock, ILogger<AdmitPartnerRequest> logger) : IPartnerGate
{
    private static readonly Refusal Invalid = new(PartnerCodes.SignatureInvalid, "The signature is missing or is not valid for this request.");

    /// <summary>What a request is checked against when there is nothing of its own to check: a key and a signature that never fit.</summary>
    private static readonly Lazy<(PartnerKey Key, DetachedSignature Signature)> Decoy = new(() =>
    {
        using var rsa = RSA.Create(2048);
        return (PartnerKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem(), null, null), new("e30"u8.ToArray(), SignatureAlgorithm.RS256, null, new byte[256]));
    });

    public async ValueTask<Refusal?> AdmitAsync(PartnerRequest request, string? signature, CancellationToken cancellationToken)
    {
        var partner = PartnerNames.Of(request.Sender);
        request.Scope = options.Value.ScopeOf(partner);
        if (!options.Value.IsRequired(environment))
        {
            return null;
        }

        var detached = DetachedSignature.Parse(signature);
        var candidates = detached?.Algorithm is { } algorithm && options.Value.Allows(algorithm)
            ? await keys.FindAsync(partner, detached.KeyId, algorithm, cancellationToken)
            : [];
        if (candidates.Count == 0 || detached is null)
        {
            Check(request, Decoy.Value.Key, Decoy.Value.Signature);
            LogRefused(partner, "no key");
            return Invalid;
        }

        foreach (var key in candidates)
        {
            if (Check(request, key, detached) is { } signed)
            {
                return await AdmitOnceAsync(request, partner, signed, cancellationToken);
            }
        }

        LogRefused(partner, "no valid signature");
        return Invalid;
    }

    /// <summary>The hash of what was signed, or null when the signature is not valid for it.</summary>
    private static byte[]? Check(PartnerRequest request, PartnerKey key, DetachedSignature signature)
    {
        using var input = new SigningInput(key.Algorithm.Hash(), key.HashPrefix(signature.Signature), signature.HeaderText);
        var isCanonical = CanonicalJson.TryWrite(request.Body, input);
        var hash = input.Finish();
        return key.Verify(hash, signature.Signature) & isCanonical ? hash : null;
    }

    private async Task<Refusal?> AdmitOnceAsync(PartnerRequest request, string partner, byte[] signed, CancellationToken cancellationToken)
    {
        var freshness = options.Value.Freshness;
        var now = clock.GetUtcNow();
        if (request.Timestamp is not { } stated || (now - stated).Duration() > freshness)
        {
            LogRefused(partner, "not fresh");
            return new(PartnerCodes.RequestExpired, $"The request's time is missing or more than {freshness.TotalSeconds:0} seconds from the present; date it anew and sign it again.");
        }

        // What was signed is remembered, not the signature: anyone can turn a valid one of ECDSA into a second that is valid too.
        var digest = SHA256.HashData([.. Encoding.ASCII.GetBytes(partner), 0, .. signed]);
        if (!await seen.TryRememberAsync(digest, stated.ToUniversalTime() + freshness, cancellationToken))
        {
            LogRefused(partner, "replayed");
            return new(PartnerCodes.RequestReplayed, "This signed request was received before; to repeat the request, date it anew and sign it again.");
        }

        return null;
    }

    [LoggerMessage(920, LogLevel.Warning, "A request in the name of {Partner} was refused: {Problem}")]
    private partial void LogRefused(string partner, string problem);
}
