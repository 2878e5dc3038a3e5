using System.Globalization;
using System.Text.Json;

namespace G2PBridge.PartnerApi;

/// <summary>
/// Reads one JSON value the way the contract's own server would: a number may come as text, a whole number as 3.0,
/// a date with a time of midnight. What does not fit is told to the error list and read as null.
/// </summary>
internal static class WireValue
{
    public static string? Text(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.String:
                var text = String(ref reader, field, errors);
                return text;
            default:
                errors.Add(field, "Input should be a valid string");
                reader.Skip();
                return null;
        }
    }

    /// <summary>The same for a field of one element of the payload; its path is put together only when something is wrong.</summary>
    public static string? Text(ref Utf8JsonReader reader, string name, int index, WireErrors errors)
    {
        if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
        {
            // Unescaped text of a body that was checked to be UTF-8 cannot fail, nor can it hold a NUL.
            return reader.GetString();
        }

        return Text(ref reader, $"request_payload[{index}].{name}", errors);
    }

    /// <summary>
    /// Passes over one JSON value that is kept as it is, and says what PostgreSQL's jsonb could not hold: NUL, half of a surrogate pair, a number of
    /// thousands of digits. All of it is JSON.
    /// </summary>
    public static void Kept(ref Utf8JsonReader reader, string name, int index, WireErrors errors)
    {
        var depth = reader.CurrentDepth;
        var isWhole = true;
        do
        {
            isWhole &= reader.TokenType switch
            {
                JsonTokenType.String or JsonTokenType.PropertyName => !reader.ValueIsEscaped || IsText(ref reader),
                JsonTokenType.Number => IsOrdinary(reader.ValueSpan),
                _ => true,
            };
        }
        while (!(reader.CurrentDepth == depth && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName)) && reader.Read());
        if (!isWhole)
        {
            errors.Add($"request_payload[{index}].{name}", "Input should be free of NUL characters, broken surrogate pairs and numbers beyond 1e1000");
        }
    }

    public static int? Integer(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        if (Decimal(ref reader, field, errors, "Input should be a valid integer") is not { } number)
        {
            return null;
        }

        if (!decimal.IsInteger(number) || number is < int.MinValue or > int.MaxValue)
        {
            errors.Add(field, "Input should be a valid integer");
            return null;
        }

        return (int)number;
    }

    public static decimal? Number(ref Utf8JsonReader reader, string field, WireErrors errors) =>
        Decimal(ref reader, field, errors, "Input should be a valid number");

    public static DateOnly? Date(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        if (Text(ref reader, field, errors) is not { Length: > 0 } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && moment.TimeOfDay == TimeSpan.Zero)
        {
            return DateOnly.FromDateTime(moment.DateTime);
        }

        errors.Add(field, "Input should be a valid date in the format YYYY-MM-DD");
        return null;
    }

    /// <summary>ISO-8601 text, in UTC where it names no zone, or epoch seconds as the contract's server takes them.</summary>
    public static DateTimeOffset? Timestamp(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800)
            {
                return DateTimeOffset.UnixEpoch.AddSeconds(seconds);
            }
        }
        else if (Text(ref reader, field, errors) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            return moment;
        }

        errors.Add(field, "Input should be a valid datetime");
        return null;
    }

    private static string? String(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        try
        {
            var text = reader.GetString()!;
            if (!text.Contains('\0', StringComparison.Ordinal))
            {
                return text;
            }
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair as an escape: valid JSON, but no text.
        }

        errors.Add(field, "Input should be a valid string without NUL characters or broken surrogate pairs");
        return null;
    }

    private static bool IsText(ref Utf8JsonReader reader)
    {
        try
        {
            return !reader.GetString()!.Contains('\0', StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsOrdinary(ReadOnlySpan<byte> number)
    {
        const int most = 1000;
        var exponent = number.IndexOfAny((byte)'e', (byte)'E');
        return number.Length <= most
            && (exponent < 0 || (int.TryParse(number[(exponent + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) && power is >= -most and <= most));
    }

    private static decimal? Decimal(ref Utf8JsonReader reader, string field, WireErrors errors, string problem)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.Number when reader.TryGetDecimal(out var number) && IsExact(reader, number):
                return number;
            case JsonTokenType.String when String(ref reader, field, errors) is { } text:
                if (text.Length == 0)
                {
                    return null;
                }

                if (decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var parsed))
                {
                    return parsed;
                }

                break;
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                reader.Skip();
                break;
            default:
                break;
        }

        errors.Add(field, problem);
        return null;
    }

    /// <summary>A decimal holds 28 digits and rounds what has more; a number that would be rounded is refused instead.</summary>
    private static bool IsExact(in Utf8JsonReader reader, decimal number)
    {
        var digits = 0;
        foreach (var character in reader.ValueSpan)
        {
            if (character is (byte)'e' or (byte)'E')
            {
                break;
            }

            digits += char.IsAsciiDigit((char)character) ? 1 : 0;
        }

        return digits <= 28 && (number != 0 || reader.ValueSpan.IndexOfAnyInRange((byte)'1', (byte)'9') < 0);
    }
}

/// <summary>Everything that is malformed in one request, in the words of the contract's server.</summary>
internal sealed class WireErrors
{
    /// <summary>Beyond this the list would only repeat itself.</summary>
    private const int Most = 50;

    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    public bool Any => _problems.Count > 0;

    public void Add(string field, string problem)
    {
        if (_problems.Count < Most)
        {
            _problems.Add($"{field}: {problem}");
        }
    }
}
