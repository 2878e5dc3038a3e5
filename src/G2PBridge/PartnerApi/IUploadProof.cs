namespace G2PBridge.PartnerApi;

/// <summary>
/// Stands with an upload whose sender was let in on the word of a signature over what is still to come. Whoever takes the upload in has to ask it before the
/// upload counts.
/// </summary>
internal interface IUploadProof
{
    /// <summary>The same stream; what is read of it is checked. For a file, whose very bytes are signed.</summary>
    Stream Watch(Stream content);

    /// <summary>Whether what was read of the watched stream is what was signed; null when it is.</summary>
    Refusal? Verify();

    /// <summary>Whether this JSON body is what was signed, in its canonical form; null when it is.</summary>
    Refusal? Verify(ReadOnlyMemory<byte> json);
}

/// <summary>On a route that takes a signed upload and asks <see cref="IUploadProof"/>.</summary>
internal sealed record TakesSignedUpload;
