using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace G2PBridge.Platform.Protection;

/// <summary>
/// One AES-256 key. Its id is derived from the key itself, so that an id that is known says that the key is the right one; it tells nothing about the key.
/// </summary>
internal sealed class DataKey : IDisposable
{
    public const int Length = 32;
    public const int TagLength = 16;

    // An instance holds one cipher context, which two threads must not use at once; making one costs more than a row.
    private readonly ThreadLocal<AesGcm> _cipher;

    public DataKey(byte[] secret)
    {
        Id = BinaryPrimitives.ReadInt32BigEndian(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 4, info: "g2p-bridge key id"u8.ToArray()));
        _cipher = new ThreadLocal<AesGcm>(() => new AesGcm(secret, TagLength), trackAllValues: true);
    }

    public int Id { get; }

    public AesGcm Cipher => _cipher.Value!;

    /// <summary>As it is shown to people: eight hexadecimal digits.</summary>
    public static string Name(int id) => ((uint)id).ToString("x8", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        foreach (var cipher in _cipher.Values)
        {
            cipher.Dispose();
        }

        _cipher.Dispose();
    }
}
