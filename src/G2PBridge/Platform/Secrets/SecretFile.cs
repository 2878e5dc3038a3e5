namespace G2PBridge.Platform.Secrets;

/// <summary>A small file that holds a secret, as orchestrators mount them.</summary>
internal static class SecretFile
{
    private const int MostBytes = 64 * 1024;

    /// <exception cref="FormatException">The message says why it cannot be read, and names the file; it continues "the key cannot be used: ".</exception>
    public static byte[] Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return !file.Exists ? throw new FormatException($"there is no file '{path}'")
                : file.Length > MostBytes ? throw new FormatException($"the file '{path}' is longer than {MostBytes} bytes")
                : File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"the file '{path}' cannot be read ({exception.GetType().Name}); check its path and who may read it", exception);
        }
    }
}
