namespace G2PBridge.Platform.Secrets;

/// <summary>A secret of the settings: its text from the environment, or the file that holds it (<c>…File</c>), as orchestrators mount them.</summary>
internal static class SecretText
{
    private const int MostBytes = 64 * 1024;

    /// <param name="value">The text itself.</param>
    /// <param name="file">Path of a file with the text; one line break at its end does not count.</param>
    /// <returns>Null when neither is set.</returns>
    /// <exception cref="FormatException">Both are set, or the file cannot be read; the message continues "the secret cannot be used: ".</exception>
    public static string? Read(string? value, string? file)
    {
        if (string.IsNullOrEmpty(file))
        {
            return string.IsNullOrEmpty(value) ? null : value;
        }

        if (!string.IsNullOrEmpty(value))
        {
            throw new FormatException("both the secret and a file of it are set; remove one");
        }

        var text = System.Text.Encoding.UTF8.GetString(ReadFile(file));
        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }

    /// <exception cref="FormatException">The message says why it cannot be read, and names the file.</exception>
    public static byte[] ReadFile(string path)
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
