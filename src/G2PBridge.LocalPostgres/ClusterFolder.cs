using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.LocalPostgres;

/// <summary>The files of one cluster: the folder that was asked for, and the one where the cluster is, which is usually the same.</summary>
internal sealed class ClusterFolder
{
    private const string Unfinished = ".new-";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private ClusterFolder(string wanted, string actual)
    {
        Wanted = wanted;
        Actual = actual;
    }

    public string Wanted { get; }

    public string Actual { get; private set; }

    public string Data => Path.Combine(Actual, "data");

    public string Log => Path.Combine(Data, "server.log");

    public string Lock => Path.Combine(Wanted, "start.lock");

    public bool IsMoved => Actual != Wanted;

    public bool HasData => File.Exists(Path.Combine(Data, "PG_VERSION"));

    private string Pointer => Path.Combine(Wanted, "location");

    private string PasswordFile => Path.Combine(Actual, "password");

    private string PortFile => Path.Combine(Actual, "port");

    /// <summary>Makes the folder when it is missing, and follows the path left in it when the cluster had to be elsewhere.</summary>
    public static ClusterFolder Open(string path)
    {
        var wanted = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        MakePrivate(wanted);
        var folder = new ClusterFolder(wanted, wanted);
        if (File.Exists(folder.Pointer))
        {
            folder.Actual = File.ReadAllText(folder.Pointer).Trim();
        }

        return folder;
    }

    /// <summary>Puts a new cluster where the server can reach it; data that is there already is never moved.</summary>
    public void MoveTo(string parent)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Wanted)))[..16];
        Actual = Path.Combine(parent, $"cluster-{name}");
        MakePrivate(Actual);
        File.WriteAllText(Pointer, Actual + "\n");
    }

    /// <summary>Lets others pass through the folder, not look into it: the data folder and the password stay closed to them.</summary>
    public void LetOthersPass()
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Actual, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    public int? ReadMajorVersion()
    {
        if (!HasData)
        {
            return null;
        }

        var text = File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim();
        return int.TryParse(text, CultureInfo.InvariantCulture, out var major)
            ? major
            : throw new LocalPostgresException($"The data in {Data} is of PostgreSQL {text}, which is too old to read: delete {Wanted} to start with an empty cluster.");
    }

    public string NewUnfinishedData() => $"{Data}{Unfinished}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";

    /// <summary>Removes what killed initialisations left.</summary>
    public void RemoveUnfinishedData()
    {
        foreach (var leftover in Directory.GetDirectories(Actual, $"data{Unfinished}*"))
        {
            try
            {
                Directory.Delete(leftover, recursive: true);
            }
            catch (IOException)
            {
                // Its initdb is still at work; the next start finds it ended.
            }
        }
    }

    /// <exception cref="LocalPostgresException">Files that PostgreSQL did not make are in the way; they are never deleted.</exception>
    public void ClearWayForData()
    {
        if (Directory.Exists(Data))
        {
            if (Directory.EnumerateFileSystemEntries(Data).Any())
            {
                throw new LocalPostgresException($"{Data} holds files but no PostgreSQL cluster: move them away or choose another folder for the local PostgreSQL.");
            }

            Directory.Delete(Data);
        }
    }

    public string ReadPassword() => File.Exists(PasswordFile)
        ? File.ReadAllText(PasswordFile).Trim()
        : throw new LocalPostgresException($"The file {PasswordFile} with the local PostgreSQL's password is gone: put it back, or delete {Wanted} to start with an empty cluster.");

    public string WriteNewPassword()
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        WriteSecret(PasswordFile, password);
        return PasswordFile;
    }

    public int? ReadPort() =>
        File.Exists(PortFile) && int.TryParse(File.ReadAllText(PortFile), CultureInfo.InvariantCulture, out var port) ? port : null;

    public void WritePort(int port) => File.WriteAllText(PortFile, port.ToString(CultureInfo.InvariantCulture) + "\n");

    public static void WriteSecret(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new StreamWriter(path, options);
        file.Write(text + "\n");
    }

    private static void MakePrivate(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        // Only the last folder is private; `.data` above it is an ordinary one.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(path, OwnerOnly);
    }
}
