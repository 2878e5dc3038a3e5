using G2PBridge.Modules.Access.Domain;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Features;

/// <summary>
/// Recognises a bank by the header <c>Signature</c> of an upload: a detached JWS by a key of the bank's over the bytes of the file, or over the canonical form where
/// the upload is JSON. The file is still to be read by then, so that what comes is checked while it is stored, and counts when it fits.
/// </summary>
internal sealed partial class SignedUploads(IOptions<OperatorAccessOptions> options, ILogger<SignedUploads> logger)
{
    private readonly Lazy<(string Bank, PartnerKey Key)[]> _keys = new(() => [.. options.Value.StatementKeys.Select(key => (key.Bank, key.Read()))]);

    public Caller? Recognise(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<TakesSignedUpload>() is null
            || DetachedSignature.Parse(http.Request.Headers["Signature"] is [{ } value] ? value : null) is not { Algorithm: { } algorithm } signature
            || Array.Find(_keys.Value, known => known.Key.Algorithm == algorithm && known.Key.Id == signature.KeyId) is not { Key: { } key, Bank: { } bank })
        {
            return null;
        }

        http.Features.Set<IUploadProof>(new Proof(key, signature, () => LogRefused(bank)));
        return new($"bank {bank}", [Role.StatementSender], AccessScope.Of(null, [bank]));
    }

    [LoggerMessage(922, LogLevel.Warning, "A statement in the name of bank {Bank} was refused: it is not what was signed")]
    private partial void LogRefused(string bank);

    private sealed class Proof(PartnerKey key, DetachedSignature signature, Action refused) : IUploadProof
    {
        private static readonly Refusal Invalid = new(PartnerCodes.SignatureInvalid, "The signature is not valid for this file; sign the bytes of the file itself.");

        private SigningInput? _input;

        public Stream Watch(Stream content)
        {
            _input = Begin();
            return new Watched(content, _input);
        }

        public Refusal? Verify()
        {
            using (_input)
            {
                return _input is not null && key.Verify(_input.Finish(), signature.Signature) ? null : Refuse();
            }
        }

        public Refusal? Verify(ReadOnlyMemory<byte> json)
        {
            using var input = Begin();
            return CanonicalJson.TryWrite(json, input) && key.Verify(input.Finish(), signature.Signature) ? null : Refuse();
        }

        private SigningInput Begin() => new(key.Algorithm.Hash(), key.HashPrefix(signature.Signature), signature.HeaderText);

        private Refusal Refuse()
        {
            refused();
            return Invalid;
        }
    }

    /// <summary>Reads on, and shows what was read.</summary>
    private sealed class Watched(Stream content, SigningInput input) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await content.ReadAsync(buffer, cancellationToken);
            input.Write(buffer.Span[..read]);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();
    }
}
