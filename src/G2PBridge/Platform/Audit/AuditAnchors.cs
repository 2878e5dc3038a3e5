using System.Globalization;
using G2PBridge.Platform.Health;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// Notes the head of the trail outside the database: in a file, and in the log. A backup that is put back, or a tail that is cut off, is a
/// chain that is whole and too short; only somebody who remembers a later block can tell. A line is: the first 16 digits of the first
/// block's hash, which tells this trail from others, then number, hash and time of the newest block.
/// </summary>
internal sealed partial class AuditAnchors(NpgsqlDataSource source, AuditSeal seal, IOptions<AuditOptions> options, IHostEnvironment environment, TimeProvider clock, ILogger<AuditAnchors> logger) : BackgroundService, IHealthNotice
{
    private const int Together = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _one = new(1, 1);
    private long _noted;
    private volatile string? _problem;

    /// <summary>A trail whose head nobody notes looks whole after an older backup was put in its place, so whoever asks about the host is told.</summary>
    public string? Notice =>
        !seal.IsOn || environment.IsDevelopment() ? null
        : _problem ?? (options.Value.AnchorFile is { Length: > 0 } ? null : "The head of the audit trail is noted in the log alone (no Audit:AnchorFile is set); 'g2pbridge verify' cannot tell that an older backup was put in the place of the database.");

    /// <summary>To be called before a host serves: whoever names a file relies on the notes in it. A sentence when it cannot be written, else null.</summary>
    public string? Prepare()
    {
        if (!seal.IsOn || options.Value.AnchorFile is not { Length: > 0 } file)
        {
            return null;
        }

        try
        {
            using var opened = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return $"Audit:AnchorFile: '{file}' cannot be written ({exception.GetType().Name}); make its folder, and let the bridge's account write there.";
        }
    }

    /// <summary>Appends the head, if there is a newer one than this host has noted.</summary>
    public async Task NoteAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var head = await source.QueryAsync(
                "select encode(substr(f.hash, 1, 8), 'hex'), b.number, encode(b.hash, 'hex'), b.at from audit.block b, audit.block f where f.number = 1 and b.number > $1 order by b.number desc limit 1",
                [_noted], reader => (Chain: reader.GetString(0), Number: reader.GetInt64(1), Hash: reader.GetString(2), At: reader.GetFieldValue<DateTimeOffset>(3)), cancellationToken);
            if (head is not [var newest])
            {
                return;
            }

            if (options.Value.AnchorFile is { Length: > 0 } file)
            {
                var line = string.Create(CultureInfo.InvariantCulture, $"{newest.Chain} {newest.Number} {newest.Hash} {newest.At:yyyy-MM-ddTHH:mm:ss.ffffffZ}\n");
                await File.AppendAllTextAsync(file, line, cancellationToken);
            }

            LogHead(newest.Number, newest.Hash);
            _noted = newest.Number;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Whether every block that was ever noted is there, with the hash that was noted.</summary>
    public async Task<InvariantResult> CheckAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Promise = "No audit block that was noted outside the database is missing";
        if (options.Value.AnchorFile is not { Length: > 0 } file)
        {
            return new("I7", "anchors", Promise, 0, 0, [], "no Audit:AnchorFile is set, so that an older backup in the place of the database would not be found");
        }

        if (new FileInfo(file) is not { Exists: true, Length: > 0 })
        {
            return new("I7", "anchors", Promise, 0, 0, [], $"'{file}' is not there yet; the host writes it within a minute");
        }

        var chain = (await connection.QueryAsync("select encode(substr(hash, 1, 8), 'hex') from audit.block where number = 1", [], reader => reader.GetString(0), cancellationToken)).FirstOrDefault() ?? "";
        var tally = new Tally();
        foreach (var some in ReadLines(file).Chunk(Together))
        {
            var numbers = some.Where(anchor => anchor.Chain == chain).Select(anchor => anchor.Number).ToArray();
            var hashes = (await connection.QueryAsync("select number, encode(hash, 'hex') from audit.block where number = any($1)", [numbers], reader => (Number: reader.GetInt64(0), Hash: reader.GetString(1)), cancellationToken))
                .ToDictionary(block => block.Number, block => block.Hash);
            foreach (var anchor in some)
            {
                var problem = anchor.Number == 0 ? "cannot be read" : anchor.Chain != chain ? "is of another trail than this database has" : !hashes.TryGetValue(anchor.Number, out var hash) ? $"block {anchor.Number} of {anchor.At} is not there: an older state of the database was put back, or blocks were taken away"
                    : hash != anchor.Hash ? $"block {anchor.Number} of {anchor.At} has another hash than was noted"
                    : null;
                tally.Add(problem is not null, problem is { } what ? $"line {anchor.Line}: {what}" : "");
            }
        }

        return tally.Result("I7", "anchors", Promise);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryNoteAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryNoteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops; StopAsync notes the last head.
        }
    }

    private async Task TryNoteAsync(CancellationToken cancellationToken)
    {
        if (!seal.IsOn)
        {
            return;
        }

        try
        {
            await NoteAsync(cancellationToken);
            _problem = null;
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException)
        {
            LogNotNoted(exception.GetType().Name);
            if (exception is not NpgsqlException)
            {
                _problem ??= $"The head of the audit trail has not been noted outside the database since {clock.GetUtcNow():yyyy-MM-dd HH:mm} UTC (Audit:AnchorFile, {exception.GetType().Name}).";
            }
        }
    }

    private static IEnumerable<(int Line, string Chain, long Number, string Hash, string At)> ReadLines(string file)
    {
        var line = 0;
        foreach (var text in File.ReadLines(file))
        {
            line++;
            yield return text.Split(' ') is [var chain, var number, var hash, var at] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)
                ? (line, chain, parsed, hash, at)
                : (line, "", 0, "", "");
        }
    }

    [LoggerMessage(141, LogLevel.Information, "The audit trail stands at block {Number}, {Hash}")]
    private partial void LogHead(long number, string hash);

    [LoggerMessage(142, LogLevel.Warning, "The head of the audit trail could not be noted ({Exception}); trying again in a minute")]
    private partial void LogNotNoted(string exception);
}
