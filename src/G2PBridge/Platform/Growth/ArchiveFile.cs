using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace G2PBridge.Platform.Growth;

/// <summary>What was written into a file of an archive.</summary>
/// <param name="Table">Whose rows.</param>
/// <param name="File">Name in the archive's folder: gzip over CSV with a header, as PostgreSQL's COPY writes and reads it.</param>
/// <param name="Rows">Without the header.</param>
/// <param name="Sum">Over the table's amounts; null where it has none.</param>
/// <param name="Bytes">Of the file.</param>
/// <param name="FileHash">SHA-256 of the file, in hexadecimal.</param>
/// <param name="RowsHash">SHA-256 of what is compressed in it.</param>
internal sealed record ArchivedTable(string Table, string File, IReadOnlyList<string> Columns, long Rows, decimal? Sum, long Bytes, string FileHash, string RowsHash);

/// <summary>Rows on their way into a file, and the file on its way back. Streams: memory does not grow with the rows.</summary>
internal static class ArchiveFile
{
    private const int Block = 64 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes under another name and gives the file its own at the end, on the disk; what is half written by then is no file of the archive.</summary>
    public static async Task<(long Bytes, string FileHash, string RowsHash)> WriteAsync(NpgsqlConnection connection, string copy, string path, Action<long> report, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        using var rows = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var file = new FileStream(partial, options))
        {
            await using (var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true))
            {
                using var reader = await connection.BeginTextExportAsync(copy, cancellationToken);
                var (text, bytes, read) = (new char[Block], new byte[Block * 3], 0L);
                var encoder = Utf8.GetEncoder();
                for (int count; (count = await reader.ReadBlockAsync(text, cancellationToken)) > 0;)
                {
                    var length = encoder.GetBytes(text.AsSpan(0, count), bytes, flush: false);
                    rows.AppendData(bytes.AsSpan(0, length));
                    await gzip.WriteAsync(bytes.AsMemory(0, length), cancellationToken);
                    report(read += text.AsSpan(0, count).Count('\n'));
                }
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
        return (new FileInfo(path).Length, await HashAsync(path, cancellationToken), Convert.ToHexStringLower(rows.GetHashAndReset()));
    }

    /// <summary>Reads the file back beside the rows that it was made of; false at the first difference.</summary>
    public static async Task<bool> IsSameAsync(NpgsqlConnection connection, string copy, string path, Action<long> report, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            await using var gzip = new GZipStream(file, CompressionMode.Decompress);
            using var written = new StreamReader(gzip, Utf8, detectEncodingFromByteOrderMarks: false, Block);
            using var rows = await connection.BeginTextExportAsync(copy, cancellationToken);
            var (a, b, read) = (new char[Block], new char[Block], 0L);
            while (true)
            {
                var count = await written.ReadBlockAsync(a, cancellationToken);
                if (await rows.ReadBlockAsync(b, cancellationToken) != count || !a.AsSpan(0, count).SequenceEqual(b.AsSpan(0, count)))
                {
                    return false;
                }

                if (count == 0)
                {
                    return true;
                }

                report(read += a.AsSpan(0, count).Count('\n'));
            }
        }
        catch (Exception damaged) when (damaged is InvalidDataException or DecoderFallbackException or IOException)
        {
            return false;
        }
    }

    /// <summary>SHA-256 of the rows in a file; null when it cannot be decompressed to its end.</summary>
    public static async Task<string?> RowsHashAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(path);
            await using var gzip = new GZipStream(file, CompressionMode.Decompress);
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(gzip, cancellationToken));
        }
        catch (Exception damaged) when (damaged is InvalidDataException or IOException)
        {
            return null;
        }
    }

    public static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }
}
