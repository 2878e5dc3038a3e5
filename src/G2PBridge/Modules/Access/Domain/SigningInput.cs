using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// What a detached JWS is computed over, <c>BASE64URL(header) "." BASE64URL(payload)</c> (RFC 7515, section 5.1), hashed as the payload comes:
/// the text itself, a third longer than the body, never exists.
/// </summary>
internal sealed class SigningInput : IDisposable
{
    /// <summary>A multiple of three, so that no piece but the last needs padding, which base64url leaves out.</summary>
    private const int PieceBytes = 12 * 1024;

    private readonly IncrementalHash _hash;
    private readonly byte[] _piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
    private readonly byte[] _encoded = ArrayPool<byte>.Shared.Rent(PieceBytes / 3 * 4);
    private int _length;

    /// <param name="algorithm">The hash of the signature's algorithm.</param>
    /// <param name="prefix">What the hash begins with; only Ed25519 has such a thing.</param>
    /// <param name="header">The first part of the JWS as it was received.</param>
    public SigningInput(HashAlgorithmName algorithm, ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> header)
    {
        _hash = IncrementalHash.CreateHash(algorithm);
        _hash.AppendData(prefix);
        _hash.AppendData(header);
        _hash.AppendData("."u8);
    }

    public void Write(ReadOnlySpan<byte> payload)
    {
        while (payload.Length > PieceBytes - _length)
        {
            var fits = PieceBytes - _length;
            payload[..fits].CopyTo(_piece.AsSpan(_length));
            payload = payload[fits..];
            _length = PieceBytes;
            Flush();
        }

        payload.CopyTo(_piece.AsSpan(_length));
        _length += payload.Length;
    }

    public byte[] Finish()
    {
        Flush();
        return _hash.GetHashAndReset();
    }

    public void Dispose()
    {
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_piece);
        ArrayPool<byte>.Shared.Return(_encoded);
    }

    private void Flush()
    {
        Base64Url.EncodeToUtf8(_piece.AsSpan(0, _length), _encoded, out _, out var written);
        _hash.AppendData(_encoded, 0, written);
        _length = 0;
    }
}
