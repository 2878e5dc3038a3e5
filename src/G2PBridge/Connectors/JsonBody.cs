using System.Net;
using System.Net.Http.Headers;

namespace G2PBridge.Connectors;

/// <summary>A request's JSON, held once: it is signed and sent from where it was written.</summary>
internal sealed class JsonBody : HttpContent
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public JsonBody(ReadOnlyMemory<byte> text)
    {
        Text = text;
        Headers.ContentType = Json;
    }

    /// <summary>UTF-8.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) => await stream.WriteAsync(Text);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => await stream.WriteAsync(Text, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = Text.Length;
        return true;
    }
}
