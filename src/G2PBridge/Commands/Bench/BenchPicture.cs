using System.Globalization;
using System.Text;

namespace G2PBridge.Commands.Bench;

/// <summary>The course of the whole run as a picture: how many disbursements each stage had done at each moment.</summary>
internal static class BenchPicture
{
    private const int Width = 760;
    private const int Height = 380;
    private const int Left = 90;
    private const int Top = 50;
    private const int PlotWidth = 540;
    private const int PlotHeight = 270;

    private static readonly (string Name, string Colour, Func<Moment, int> Of)[] Lines =
    [
        ("received", "#4269d0", moment => moment.Received),
        ("resolved", "#ca8500", moment => moment.Resolved),
        ("sent", "#c43d4b", moment => moment.Sent),
        ("reconciled", "#2f8a5b", moment => moment.Debited),
    ];

    public static string Draw(BenchResult result)
    {
        var course = result.Whole.Course;
        var seconds = course[^1].Seconds;
        var most = result.Plan.Disbursements;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="system-ui, sans-serif" font-size="13">
            <rect width="{Width}" height="{Height}" fill="#ffffff"/>
            <text x="{Left}" y="24" font-size="15" fill="#1c2430">{most:#,0} disbursements, all stages at once: {result.Whole.EndToEnd.PerSecond:#,0} a second</text>
            <text x="{Left}" y="42" font-size="11" fill="#5a6675">{System.Net.WebUtility.HtmlEncode(result.Machine)}; COPY ceiling {result.Ceiling:#,0} rows/s</text>

            """);
        for (var i = 0; i <= 4; i++)
        {
            var y = Top + PlotHeight - (PlotHeight * i / 4);
            var x = Left + (PlotWidth * i / 4);
            svg.Append(CultureInfo.InvariantCulture, $"""
                <line x1="{Left}" y1="{y}" x2="{Left + PlotWidth}" y2="{y}" stroke="#d8dee6"/>
                <text x="{Left - 8}" y="{y + 4}" text-anchor="end" fill="#5a6675">{(double)most * i / 4:#,0}</text>
                <text x="{x}" y="{Top + PlotHeight + 20}" text-anchor="middle" fill="#5a6675">{seconds * i / 4:0.#} s</text>

                """);
        }

        for (var i = 0; i < Lines.Length; i++)
        {
            var (name, colour, of) = Lines[i];
            var points = string.Join(' ', course.Prepend(new Moment(0, 0, 0, 0, 0)).Select(moment => string.Create(
                CultureInfo.InvariantCulture, $"{Left + (PlotWidth * moment.Seconds / seconds):0.#},{Top + PlotHeight - (PlotHeight * (double)of(moment) / most):0.#}")));
            svg.Append(CultureInfo.InvariantCulture, $"""
                <polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>
                <rect x="{Left + PlotWidth + 20}" y="{Top + (i * 22)}" width="12" height="12" fill="{colour}"/>
                <text x="{Left + PlotWidth + 38}" y="{Top + 11 + (i * 22)}" fill="#1c2430">{name}</text>

                """);
        }

        return svg.Append("</svg>\n").ToString();
    }
}
