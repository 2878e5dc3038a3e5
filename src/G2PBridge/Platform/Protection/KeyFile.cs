using System.Runtime.InteropServices;

namespace G2PBridge.Platform.Protection;

/// <summary>Writes files of keys: readable by their owner alone, and whole or not at all.</summary>
internal static class KeyFile
{
    /// <summary>Makes the file where there is none. Of two processes at once one makes it, and both use it.</summary>
    public static void MakeOnce(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        PlaceOnce(path, KeyText.Create() + KeyText.NewEncryptionLine(TimeProvider.System.GetUtcNow()));
    }

    /// <summary>Writes a file with this text unless there is one; of several processes at once exactly one does, and all find the whole file.</summary>
    public static void PlaceOnce(string path, string text)
    {
        var draft = Draft(path, text);
        try
        {
            // File.Move looks whether there is a file and then renames over whatever came in between; a second name for a file is given once.
            // Where a file can have but one name, the look has to do.
            if (OperatingSystem.IsWindows() || (Link(draft, path) != 0 && !File.Exists(path)))
            {
                File.Move(draft, path, overwrite: false);
            }
        }
        catch (IOException) when (File.Exists(path))
        {
        }
        finally
        {
            File.Delete(draft);
        }
    }

    [DllImport("libc", EntryPoint = "link", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Link(string existing, string added);

    /// <summary>Adds a key as the newest, or makes the file with its first.</summary>
    public static void AddKey(string path, DateTimeOffset now)
    {
        var text = File.Exists(path) ? File.ReadAllText(path) : KeyText.Create();
        File.Move(Draft(path, (text.EndsWith('\n') ? text : text + "\n") + KeyText.NewEncryptionLine(now)), path, overwrite: true);
    }

    private static string Draft(string path, string text)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var draft = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(draft, options);
        using var writer = new StreamWriter(stream);
        writer.Write(text);
        writer.Flush();
        // The first row may be written under this key a moment later.
        stream.Flush(flushToDisk: true);
        return draft;
    }
}
