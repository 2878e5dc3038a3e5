using System.Globalization;
using System.Text.Json;

namespace G2PBridge.PartnerApi;

/// <summary>How values are spelled on the partner's wire (contract, sections 1.2 and 1.5).</summary>
internal static class WireText
{
    /// <summary>Naive, microseconds, as the contract's servers write it; we mean UTC.</summary>
    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Writes a date where the contract has a date-time.</summary>
    public static void WriteMidnight(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateOnly? date)
    {
        if (date is not { } day)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[19];
        day.TryFormat(text, out var length, "O", CultureInfo.InvariantCulture);
        "T00:00:00"u8.CopyTo(text[length..]);
        writer.WriteString(name, text);
    }

    /// <summary>Writes a number where the contract has text.</summary>
    public static void WriteDigits(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, int? number)
    {
        if (number is not { } value)
        {
            writer.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[11];
        value.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        writer.WriteString(name, text[..length]);
    }

    public static void WriteIdOrNull(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, Guid? id)
    {
        if (id is { } value)
        {
            writer.WriteString(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    /// <summary>CASH_DIGITAL for CashDigital.</summary>
    public static string Capitals<TEnum>(TEnum value)
        where TEnum : struct, Enum
    {
        var name = value.ToString();
        return string.Concat(name.Select((character, index) =>
            index > 0 && char.IsUpper(character) ? "_" + character : char.ToUpperInvariant(character).ToString()));
    }

    public static bool TryReadCapitals<TEnum>(string? text, out TEnum value)
        where TEnum : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<TEnum>())
        {
            if (Capitals(candidate) == text)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Writes a number where the contract has a float: 1000 is written 1000.0, and no digit is lost.</summary>
    public static void WriteQuantity(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, decimal? quantity)
    {
        if (quantity is not { } value)
        {
            writer.WriteNull(name);
            return;
        }

        Span<char> text = stackalloc char[40];
        value.TryFormat(text, out var length, "0.0###########################", CultureInfo.InvariantCulture);
        Span<byte> bytes = stackalloc byte[40];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)text[i];
        }

        writer.WritePropertyName(name);
        writer.WriteRawValue(bytes[..length], skipInputValidation: true);
    }

    /// <summary>Writes a number where the contract has an integer; a fraction is shown rather than lost.</summary>
    public static void WriteWhole(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, decimal quantity)
    {
        if (decimal.IsInteger(quantity))
        {
            writer.WriteNumber(name, decimal.Truncate(quantity));
        }
        else
        {
            writer.WriteQuantity(name, quantity);
        }
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    public static void WriteTimestampOrNull(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? at)
    {
        if (at is { } moment)
        {
            writer.WriteString(name, Timestamp(moment));
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
