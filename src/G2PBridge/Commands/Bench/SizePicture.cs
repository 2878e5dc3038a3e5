using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.Commands.Bench;

/// <summary>Measurements that were kept in a file, a JSON line each, as a picture: throughput by size.</summary>
internal static class SizePicture
{
    private const int Width = 760;
    private const int Height = 380;
    private const int Left = 90;
    private const int Top = 60;
    private const int PlotWidth = 640;
    private const int PlotHeight = 240;
    private const int Steps = 4;

    private static readonly (string Name, string Colour, string Field)[] Bars =
    [
        ("create to paid", "#4269d0", "create_to_paid_per_s"),
        ("create to reconciled", "#2f8a5b", "end_to_end_per_s"),
    ];

    /// <summary>Adds a line.</summary>
    public static async Task AppendAsync(string file, string line, CancellationToken cancellationToken) => await File.AppendAllTextAsync(file, line + "\n", cancellationToken);

    /// <exception cref="BenchFailedException">A line is no measurement.</exception>
    public static async Task<string> DrawAsync(string file, CancellationToken cancellationToken)
    {
        var results = new List<JsonObject>();
        foreach (var line in (await File.ReadAllLinesAsync(file, cancellationToken)).Where(line => line.Length > 0))
        {
            results.Add(Read(line) ?? throw new BenchFailedException($"'{file}' holds a line that is no measurement; each must be what --json prints."));
        }

        // Of measurements alike the newest counts.
        JsonObject[] shown = [.. results.GroupBy(result => (Size: (int)result["disbursements"]!, Hosts: (int?)result["hosts"] ?? 1)).OrderBy(group => group.Key).Select(group => group.Last())];
        return Draw(shown);
    }

    private static JsonObject? Read(string line)
    {
        try
        {
            return JsonNode.Parse(line) is JsonObject result && result["disbursements"] is JsonValue size && size.TryGetValue<int>(out _) && Array.TrueForAll(Bars, bar => result[bar.Field] is JsonValue)
                ? result
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Draw(JsonObject[] shown)
    {
        var most = RoundUp(shown.Max(result => Bars.Max(bar => (double)result[bar.Field]!)));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="system-ui, sans-serif" font-size="13">
            <rect width="{Width}" height="{Height}" fill="#ffffff"/>
            <text x="{Left}" y="24" font-size="15" fill="#1c2430">Disbursements a second, by how many there were</text>
            <text x="{Left}" y="42" font-size="11" fill="#5a6675">{System.Net.WebUtility.HtmlEncode((string?)shown[^1]["machine"])}</text>

            """);
        for (var i = 0; i <= Steps; i++)
        {
            var y = Top + PlotHeight - (PlotHeight * i / Steps);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <line x1="{Left}" y1="{y}" x2="{Left + PlotWidth}" y2="{y}" stroke="#d8dee6"/>
                <text x="{Left - 8}" y="{y + 4}" text-anchor="end" fill="#5a6675">{most * i / Steps:#,0}</text>

                """);
        }

        var room = PlotWidth / shown.Length;
        var width = Math.Min(60, room / 3);
        for (var i = 0; i < shown.Length; i++)
        {
            var middle = Left + (room * i) + (room / 2);
            for (var b = 0; b < Bars.Length; b++)
            {
                var value = (double)shown[i][Bars[b].Field]!;
                var height = PlotHeight * value / most;
                var x = middle + ((b - 1) * (width + 4));
                svg.Append(CultureInfo.InvariantCulture, $"""
                    <rect x="{x}" y="{Top + PlotHeight - height:0.#}" width="{width}" height="{height:0.#}" fill="{Bars[b].Colour}"/>
                    <text x="{x + (width / 2)}" y="{Top + PlotHeight - height - 4:0.#}" text-anchor="middle" font-size="11" fill="#1c2430">{value:#,0}</text>

                    """);
            }

            var hosts = (int?)shown[i]["hosts"] ?? 1;
            svg.Append(CultureInfo.InvariantCulture, $"""
                <text x="{middle}" y="{Top + PlotHeight + 20}" text-anchor="middle" fill="#1c2430">{(int)shown[i]["disbursements"]!:#,0}{(hosts > 1 ? $" ({hosts} hosts)" : "")}</text>

                """);
        }

        for (var b = 0; b < Bars.Length; b++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""
                <rect x="{Left + (b * 180)}" y="{Height - 34}" width="12" height="12" fill="{Bars[b].Colour}"/>
                <text x="{Left + 18 + (b * 180)}" y="{Height - 23}" fill="#1c2430">{Bars[b].Name}</text>

                """);
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>To a scale whose quarters are round numbers.</summary>
    private static double RoundUp(double value)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, value)))) * 0.4;
        return Math.Ceiling(value / step) * step;
    }
}
