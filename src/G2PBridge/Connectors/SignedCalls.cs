using G2PBridge.Modules.Access.Contracts;

namespace G2PBridge.Connectors;

/// <summary>Signs the body of each request in the header <c>Signature</c> (contract, sections 1.3 and 5.1).</summary>
internal sealed class SignedCalls(IBridgeSigner signer, string? algorithm, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    public const string Header = "Signature";

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is JsonBody body)
        {
            // Nothing has left us yet, and the error says so to whoever has to know.
            var signature = signer.Sign(body.Text, algorithm) ?? throw new HttpRequestException(HttpRequestError.ConnectionError, "no key of Signing:Keys signs now");
            request.Headers.TryAddWithoutValidation(Header, signature.Value);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
