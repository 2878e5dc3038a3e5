using System.Globalization;
using System.Text.Json;

namespace G2PBridge.Statements;

/// <summary>
/// <c>g2pbridge statement inspect</c>: says what is in a file without importing it. Exit code 0 for accept and warn, 1 for hold,
/// 2 for reject and for a file that cannot be opened.
/// </summary>
internal static class InspectStatement
{
    /// <param name="path">The file to read.</param>
    /// <param name="profileName">One of <see cref="BankProfile.ShippedNames"/> or of <paramref name="configured"/>; null is <c>generic</c>.</param>
    /// <param name="configured">Profiles from configuration; they outrank the shipped ones.</param>
    public static async Task<int> RunAsync(string path, string? profileName, bool json, TextWriter output, TextWriter error, CancellationToken ct,
        IReadOnlyDictionary<string, BankProfile>? configured = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var name = string.IsNullOrWhiteSpace(profileName) ? "generic" : profileName;
        var profile = configured is not null && configured.TryGetValue(name, out var own) ? own : BankProfile.Shipped(name);
        if (profile is null)
        {
            await error.WriteLineAsync($"There is no bank profile \"{name}\"; known are {string.Join(", ", BankProfile.ShippedNames.Union(configured?.Keys ?? []))}.");
            return 2;
        }

        var rows = new List<StatementSummary>();
        var statuses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var returns = 0;
        FileSummary file;
        try
        {
            await using var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.Read,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                BufferSize = 64 * 1024,
            });
            await using var reader = await StatementReader.OpenAsync(stream, profile, ct: ct);
            while (await reader.ReadAsync(ct))
            {
                switch (reader.Event)
                {
                    case StatementEvent.Entry or StatementEvent.Detail when reader.Entry is { Sign: > 0, HasDetails: false } && reader.Entry.Return.IsPayoutReturn:
                        returns++;
                        break;
                    case StatementEvent.PaymentStatus:
                        var status = $"{reader.Status.Level} {reader.Status.Status}";
                        statuses[status] = statuses.GetValueOrDefault(status) + 1;
                        break;
                    case StatementEvent.StatementEnd:
                        rows.Add(reader.Summary);
                        break;
                }
            }
            file = reader.File;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            await error.WriteLineAsync($"There is no file {path}.");
            return 2;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            await error.WriteLineAsync($"The file {path} cannot be read: {e.Message}");
            return 2;
        }

        if (json)
        {
            await output.WriteLineAsync(Json(rows, file));
            foreach (var finding in file.Findings) await error.WriteLineAsync(finding.Message);
        }
        else
        {
            await WriteTableAsync(path, rows, file, statuses, returns, output);
        }
        return file.Verdict switch
        {
            Verdict.Reject => 2,
            Verdict.Hold => 1,
            _ => 0,
        };
    }

    private static string Json(List<StatementSummary> rows, FileSummary file)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("statements");
            foreach (var s in rows)
            {
                writer.WriteStartObject();
                writer.WriteString("account", s.Header.Account);
                writer.WriteString("number", s.Header.Number);
                writer.WriteString("currency", s.Header.Currency ?? s.Opening?.Currency ?? s.Closing?.Currency);
                writer.WriteString("opening", Plain(s.Opening?.Amount));
                writer.WriteString("closing", Plain(s.Closing?.Amount));
                writer.WriteNumber("entries", s.Entries);
                writer.WriteString("credits", Plain(s.Credits));
                writer.WriteString("debits", Plain(s.Debits));
                writer.WriteString("verdict", Name(s.Verdict));
                writer.WriteStartArray("findings");
                foreach (var finding in s.Findings)
                {
                    writer.WriteStartObject();
                    writer.WriteString("code", finding.Code);
                    writer.WriteString("severity", Name(finding.Severity));
                    writer.WriteNumber("line", finding.Line);
                    writer.WriteNumber("count", finding.Count);
                    writer.WriteString("message", finding.Message);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteString("verdict", Name(file.Verdict));
            writer.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static async Task WriteTableAsync(string path, List<StatementSummary> rows, FileSummary file, SortedDictionary<string, int> statuses, int returns, TextWriter output)
    {
        await output.WriteLineAsync($"{Path.GetFileName(path)}: {file.Format}, {Count(rows.Count, "statement", "statements")}, {file.Bytes.ToString("N0", CultureInfo.InvariantCulture)} bytes, verdict {Name(file.Verdict)}");
        if (rows.Count > 0)
        {
            string[] head = ["Account", "Number", "Ccy", "Opening", "Closing", "Entries", "Credits", "Debits", "Verdict"];
            var cells = rows.Select(r => new[]
            {
                r.Header.Account ?? "-", r.Header.Number ?? "-", r.Header.Currency ?? "-", Grouped(r.Opening?.Amount), Grouped(r.Closing?.Amount),
                r.Entries.ToString("N0", CultureInfo.InvariantCulture), Grouped(r.Credits), Grouped(r.Debits), Name(r.Verdict),
            }).ToList();
            var widths = head.Select((h, i) => Math.Max(h.Length, cells.Max(c => c[i].Length))).ToArray();
            await output.WriteLineAsync();
            await output.WriteLineAsync(Format(head));
            await output.WriteLineAsync(string.Join("  ", widths.Select(w => new string('-', w))));
            foreach (var line in cells) await output.WriteLineAsync(Format(line));

            string Format(string[] line) => string.Join("  ", line.Select((c, i) => i is >= 3 and <= 7 ? c.PadLeft(widths[i]) : c.PadRight(widths[i]))).TrimEnd();
        }
        if (returns > 0) await output.WriteLineAsync($"\n{Count(returns, "payment", "payments")} came back or may have come back.");
        foreach (var (status, count) in statuses) await output.WriteLineAsync($"{count.ToString("N0", CultureInfo.InvariantCulture),9}  {status}");
        var any = false;
        foreach (var row in rows)
        {
            foreach (var finding in row.Findings)
            {
                if (!any) await output.WriteLineAsync();
                any = true;
                await output.WriteLineAsync($"{Name(finding.Severity),-7} {finding.Code}: {finding.Message} (statement {row.Header.Index.ToString(CultureInfo.InvariantCulture)}, line {finding.Line.ToString(CultureInfo.InvariantCulture)}{(finding.Count > 1 ? $", {finding.Count.ToString(CultureInfo.InvariantCulture)} times" : "")})");
            }
        }
        foreach (var finding in file.Findings) await output.WriteLineAsync($"{Name(finding.Severity),-7} {finding.Code}: {finding.Message}");
    }

    private static string Count(int n, string one, string many) => $"{n.ToString("N0", CultureInfo.InvariantCulture)} {(n == 1 ? one : many)}";

    private static string? Plain(decimal? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Grouped(decimal? value) => value is { } v ? v.ToString($"N{v.Scale.ToString(CultureInfo.InvariantCulture)}", CultureInfo.InvariantCulture) : "-";

    private static string Name(Verdict verdict) => verdict switch
    {
        Verdict.Reject => "reject",
        Verdict.Hold => "hold",
        Verdict.Warn => "warn",
        _ => "accept",
    };
}
