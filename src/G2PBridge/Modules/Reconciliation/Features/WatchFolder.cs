using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Takes in what is put into a folder. A complete file is stored like any upload and then waits in received/ under its statement id
/// until it was read; from there it goes to done/, or to failed/ with the reason beside it. The folder holds no state that counts:
/// whoever dies between storing and renaming stores the same bytes again, which is a duplicate and leads to the same id, and of two
/// hosts that rename one file, one finds it gone.
/// </summary>
internal static partial class WatchFolder
{
    public const string Job = "watch-folder";
    public const string Received = "received";
    public const string Done = "done";
    public const string Failed = "failed";

    private const string Channel = "folder";
    private const char IdEnd = '~';

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        FileStore store, FilesSeen seen, ReconciliationDbContext db, WorkSignal signal, IOptions<StatementsOptions> options, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (options.Value.WatchedFolder is not { Length: > 0 } folder)
            {
                return false;
            }

            foreach (var name in new[] { Received, Done, Failed })
            {
                Directory.CreateDirectory(Path.Combine(folder, name));
            }

            var any = await SettleAsync(folder, cancellationToken);
            foreach (var file in seen.Complete(folder))
            {
                any |= await TakeAsync(folder, file, cancellationToken);
            }

            return any;
        }

        private async Task<bool> TakeAsync(string folder, string file, CancellationToken cancellationToken)
        {
            try
            {
                // The lock keeps a second host of this machine away until the file is gone from here.
                await using var content = new FileStream(file, new FileStreamOptions { Share = FileShare.None, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
                var name = Path.GetFileName(file);
                var stored = await store.StoreAsync(content, new UploadFacts(Channel, name, null, null), cancellationToken);
                if (stored.Refusal is { } refusal)
                {
                    await FailAsync(folder, file, name, refusal.Code, refusal.Detail, cancellationToken);
                    LogRefused(refusal.Code);
                    return true;
                }

                Move(file, Path.Combine(folder, Received), $"{stored.Value.Id:N}{IdEnd}{name}");
                LogTaken(stored.Value.Id, stored.Value.IsDuplicate);
                await signal.RaiseAsync(Work.ReadStatements, CancellationToken.None);
                return true;
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                // Held by another host, taken by it, or not ours to read: the next look tells.
                LogNotTaken(exception.GetType().Name);
                return false;
            }
        }

        /// <summary>What was read leaves received/.</summary>
        private async Task<bool> SettleAsync(string folder, CancellationToken cancellationToken)
        {
            var waiting = new Dictionary<string, Guid>(StringComparer.Ordinal);
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, Received)))
            {
                if (Path.GetFileName(file).Split(IdEnd, 2) is [var id, _] && Guid.TryParseExact(id, "N", out var parsed))
                {
                    waiting[file] = parsed;
                }
            }

            if (waiting.Count == 0)
            {
                return false;
            }

            var ids = waiting.Values.Distinct().ToList();
            var read = await db.Files.AsNoTracking().Where(row => ids.Contains(row.Id) && (row.State == FileState.Processed || row.State == FileState.Error))
                .Select(row => new { row.Id, row.State, row.ErrorCode, row.ErrorText }).ToDictionaryAsync(row => row.Id, cancellationToken);
            var any = false;
            foreach (var (file, id) in waiting)
            {
                if (!read.TryGetValue(id, out var outcome))
                {
                    continue;
                }

                try
                {
                    var name = Path.GetFileName(file).Split(IdEnd, 2)[1];
                    if (outcome.State == FileState.Error)
                    {
                        await FailAsync(folder, file, name, outcome.ErrorCode, $"{outcome.ErrorText} More at /v1/statements/{id}.", cancellationToken);
                    }
                    else
                    {
                        Move(file, Path.Combine(folder, Done), name);
                    }

                    any = true;
                }
                catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
                {
                    LogNotTaken(exception.GetType().Name);
                }
            }

            return any;
        }

        /// <summary>The reason first: a file in failed/ is never without it.</summary>
        private static async Task FailAsync(string folder, string file, string name, string? code, string detail, CancellationToken cancellationToken)
        {
            var target = FreeName(Path.Combine(folder, Failed), name);
            var reason = target + ".reason.txt";
            await File.WriteAllTextAsync(reason, $"{code}: {detail}\n", cancellationToken);
            try
            {
                File.Move(file, target);
            }
            catch (IOException) when (!File.Exists(target))
            {
                // Another host moved it, under another name.
                File.Delete(reason);
                throw;
            }
        }

        private static void Move(string file, string folder, string name) => File.Move(file, FreeName(folder, name));

        private static string FreeName(string folder, string name)
        {
            var target = Path.Combine(folder, name);
            for (var copy = 2; File.Exists(target); copy++)
            {
                target = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(name)}.{copy}{Path.GetExtension(name)}");
            }

            return target;
        }

        [LoggerMessage(4040, LogLevel.Information, "Statement file {File} is taken from the watched folder; the same bytes came before: {IsDuplicate}")]
        private partial void LogTaken(Guid file, bool isDuplicate);

        [LoggerMessage(4041, LogLevel.Warning, "A file in the watched folder is refused: {Code}")]
        private partial void LogRefused(string code);

        [LoggerMessage(4042, LogLevel.Debug, "A file in the watched folder cannot be opened or moved now: {Cause}")]
        private partial void LogNotTaken(string cause);
    }

    /// <summary>What the folder looked like before: a file is complete when nothing about it has changed for a while.</summary>
    internal sealed class FilesSeen(IOptions<StatementsOptions> options, TimeProvider clock)
    {
        private static readonly string[] Unfinished = [".part", ".tmp", ".filepart", ".crdownload"];

        private readonly Lock _lock = new();
        private Dictionary<string, (long Length, DateTime Written, DateTimeOffset Since)> _seen = new(StringComparer.Ordinal);

        public IReadOnlyList<string> Complete(string folder)
        {
            var now = clock.GetUtcNow();
            lock (_lock)
            {
                var (seen, complete) = (new Dictionary<string, (long Length, DateTime Written, DateTimeOffset Since)>(StringComparer.Ordinal), new List<string>());
                foreach (var file in new DirectoryInfo(folder).EnumerateFiles().Where(IsStatement))
                {
                    if (!file.Exists)
                    {
                        continue;
                    }

                    var since = _seen.TryGetValue(file.FullName, out var before) && before.Length == file.Length && before.Written == file.LastWriteTimeUtc ? before.Since : now;
                    seen[file.FullName] = (file.Length, file.LastWriteTimeUtc, since);
                    if (now - since >= options.Value.WatchedFolderQuiet)
                    {
                        complete.Add(file.FullName);
                    }
                }

                _seen = seen;
                complete.Sort(StringComparer.Ordinal);
                return complete;
            }
        }

        /// <summary>A link may lead out of the folder, to what its owner has no right to read.</summary>
        private static bool IsStatement(FileInfo file) =>
            !file.Name.StartsWith('.') && file.LinkTarget is null && !Unfinished.Contains(file.Extension, StringComparer.OrdinalIgnoreCase);
    }
}
