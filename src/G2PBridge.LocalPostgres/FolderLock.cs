namespace G2PBridge.LocalPostgres;

/// <summary>
/// A file held open with no sharing: the operating system frees it when its holder dies, so a killed host never leaves it taken.
/// </summary>
internal static class FolderLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task<FileStream> AcquireAsync(string path, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (TryAcquire(path) is { } held)
            {
                return held;
            }

            if (TimeProvider.System.GetElapsedTime(since) > timeout)
            {
                throw new LocalPostgresException($"Another program has been starting or stopping this local PostgreSQL for {timeout.TotalSeconds:0} s (it holds {path}): end that program and try again.");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Null when another holder has it; a folder that is missing or forbidden throws what the file system says.</summary>
    public static FileStream? TryAcquire(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new FileStream(path, options);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException && IsTaken(e))
        {
            return null;
        }
    }

    // ERROR_SHARING_VIOLATION, and EWOULDBLOCK as Linux and macOS number it: other errors (disk full, read only) must not be waited for.
    private static bool IsTaken(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;
}
