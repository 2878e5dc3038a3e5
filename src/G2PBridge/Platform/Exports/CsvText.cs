using System.Buffers;
using System.Globalization;
using System.Text;

namespace G2PBridge.Platform.Exports;

/// <summary>
/// One line of comma-separated values after RFC 4180. Texts come from partners, banks and mappers, and the file is opened in a spreadsheet:
/// what would be taken for a formula gets an apostrophe before it (OWASP, CSV injection), what steers the display or breaks lines becomes a mark or
/// a blank. Numbers and dates are written by us and stay as they are, so that a negative amount remains one.
/// </summary>
internal sealed class CsvText(IBufferWriter<byte> output)
{
    private const char Replacement = '\uFFFD';

    /// <summary>Spreadsheets that separate by something else than a comma begin a cell behind it, whatever the quotes say.</summary>
    private static readonly SearchValues<char> Separators = SearchValues.Create(";,|\"");

    /// <summary>Full-width forms too: spreadsheets of East Asia take them for the narrow ones.</summary>
    private static readonly SearchValues<char> Triggers = SearchValues.Create("=+-@\uFF1D\uFF0B\uFF0D\uFF20");

    private bool _isFirst = true;

    public CsvText Header(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            Plain(name);
        }

        return End();
    }

    public CsvText Text(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Plain("");
        }

        var cell = new StringBuilder(text.Length + 8).Append('"');
        var isStart = true;
        foreach (var character in text)
        {
            var shown = Shown(character);
            if (isStart && Triggers.Contains(shown))
            {
                cell.Append('\'');
            }

            isStart = Separators.Contains(shown) || (isStart && char.IsWhiteSpace(shown));
            cell.Append(shown);
            if (shown == '"')
            {
                cell.Append('"');
            }
        }

        return Plain(cell.Append('"').ToString());
    }

    public CsvText Number(decimal? number) => Plain(number?.ToString("0.############################", CultureInfo.InvariantCulture) ?? "");

    public CsvText Number(int? number) => Plain(number?.ToString(CultureInfo.InvariantCulture) ?? "");

    /// <summary>In UTC.</summary>
    public CsvText Time(DateTimeOffset? at) => Plain(at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "");

    public CsvText Date(DateOnly? date) => Plain(date?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "");

    public CsvText End()
    {
        _isFirst = true;
        Write("\r\n");
        return this;
    }

    private static char Shown(char character) => character switch
    {
        '\t' or '\r' or '\n' or '\v' or '\f' or '\u0085' or '\u2028' or '\u2029' => ' ',
        // Left-to-right and right-to-left marks, embeddings, overrides and isolates make an account read backwards.
        '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\uFEFF' => Replacement,
        _ when char.IsControl(character) => Replacement,
        _ => character,
    };

    private CsvText Plain(string cell)
    {
        if (!_isFirst)
        {
            Write(",");
        }

        _isFirst = false;
        Write(cell);
        return this;
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);
}
