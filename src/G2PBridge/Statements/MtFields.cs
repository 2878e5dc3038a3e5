using System.Text;

namespace G2PBridge.Statements;

/// <summary>What reading an amount (format 15d) gave.</summary>
internal enum AmountResult
{
    Ok,
    Missing,
    TooLong,
    Malformed,

    /// <summary>Points and no comma: <c>1.025</c> may be one thousand or one.</summary>
    Ambiguous,
}

/// <summary>How to take points in an amount without a comma.</summary>
internal enum PointStyle
{
    Unknown,
    Decimal,
    Thousands,
}

/// <summary>Readers of single MT fields on bytes. None of them throws or allocates.</summary>
internal static class MtFields
{
    public const int Tag20 = 20 << 8;
    public const int Tag21 = 21 << 8;
    public const int Tag25 = 25 << 8;
    public const int Tag25P = (25 << 8) | 'P';
    public const int Tag28 = 28 << 8;
    public const int Tag28C = (28 << 8) | 'C';
    public const int Tag60F = (60 << 8) | 'F';
    public const int Tag60M = (60 << 8) | 'M';
    public const int Tag61 = 61 << 8;
    public const int Tag62F = (62 << 8) | 'F';
    public const int Tag62M = (62 << 8) | 'M';
    public const int Tag64 = 64 << 8;
    public const int Tag65 = 65 << 8;
    public const int Tag86 = 86 << 8;
    public const int Tag13 = 13 << 8;
    public const int Tag13D = (13 << 8) | 'D';
    public const int Tag34F = (34 << 8) | 'F';
    public const int Tag90C = (90 << 8) | 'C';
    public const int Tag90D = (90 << 8) | 'D';
    public const int TagNs = 0x10000;

    /// <summary>Recognises <c>:NN:</c>, <c>:NNa:</c> and <c>:NS:</c> at the start of a line; 0 when there is no tag.</summary>
    public static int ReadTag(ReadOnlySpan<byte> line, out int contentAt)
    {
        contentAt = 0;
        if (line.Length < 4 || line[0] != ':') return 0;
        if (line[1] == 'N' && line[2] == 'S' && line[3] == ':')
        {
            contentAt = 4;
            return TagNs;
        }
        var tens = line[1] - '0';
        var ones = line[2] - '0';
        if ((uint)tens > 9 || (uint)ones > 9) return 0;
        var number = (tens * 10 + ones) << 8;
        if (line[3] == ':')
        {
            contentAt = 4;
            return number;
        }
        if (line.Length > 4 && line[4] == ':' && line[3] is >= (byte)'A' and <= (byte)'Z')
        {
            contentAt = 5;
            return number | line[3];
        }
        return 0;
    }

    public static bool IsKnown(int tag) => tag is Tag20 or Tag21 or Tag25 or Tag25P or Tag28 or Tag28C or Tag60F or Tag60M or Tag61 or Tag62F or Tag62M
        or Tag64 or Tag65 or Tag86 or Tag13 or Tag13D or Tag34F or Tag90C or Tag90D or TagNs;

    /// <summary>
    /// Amount at the start of <paramref name="text"/>: digits with a decimal comma, at most 15 characters (SWIFT 15d). Tolerated with a
    /// warning: no comma, no integer part, thousands points beside a comma, a decimal point where the balances use it too.
    /// </summary>
    public static AmountResult ReadAmount(ReadOnlySpan<byte> text, PointStyle points, out long units, out int scale, out int length, ref EntryWarnings warnings)
    {
        units = 0;
        scale = 0;
        var comma = -1;
        var firstPoint = -1;
        var lastPoint = -1;
        var groupsOk = true;
        var i = 0;
        for (; i < text.Length; i++)
        {
            int b = text[i];
            if ((uint)(b - '0') <= 9)
            {
                if (i < 25) units = unchecked(units * 10 + (b - '0'));
                if (comma >= 0) scale++;
                continue;
            }
            if (b == ',')
            {
                if (comma >= 0)
                {
                    length = i;
                    return AmountResult.Malformed;
                }
                comma = i;
                continue;
            }
            if (b != '.') break;
            if (comma >= 0)
            {
                length = i;
                return AmountResult.Malformed;
            }
            if (firstPoint < 0)
            {
                firstPoint = i;
                if (i is 0 or > 3) groupsOk = false;
            }
            else if (i - lastPoint != 4)
            {
                groupsOk = false;
            }
            lastPoint = i;
        }
        length = i;
        if (i == 0) return AmountResult.Missing;
        if (i > 15)
        {
            // Zeros in front are padding and hide nothing; digits are never cut.
            var zeros = text[..i].IndexOfAnyExcept((byte)'0');
            if (i > 25 || i - Math.Max(0, zeros) > 15) return AmountResult.TooLong;
            warnings |= EntryWarnings.AmountPadded;
        }
        if (firstPoint < 0)
        {
            if (i == 1 && comma == 0) return AmountResult.Missing;
            if (comma < 0) warnings |= EntryWarnings.CommaMissing;
            else if (comma == 0) warnings |= EntryWarnings.IntegerPartMissing;
            return AmountResult.Ok;
        }
        if (comma >= 0)
        {
            if (!groupsOk || comma - lastPoint != 4) return AmountResult.Malformed;
            warnings |= EntryWarnings.ThousandsPoints;
            return AmountResult.Ok;
        }
        var after = i - lastPoint - 1;
        if (after == 0 && firstPoint == lastPoint)
        {
            warnings |= EntryWarnings.DecimalPoint;      // "1560395." in a currency without decimals: only one reading
            return AmountResult.Ok;
        }
        var asDecimal = firstPoint == lastPoint && after is >= 1 and <= 3;
        var asThousands = groupsOk && after == 3;
        if (!asDecimal && !asThousands) return AmountResult.Malformed;
        switch (points)
        {
            case PointStyle.Decimal when asDecimal:
                scale = after;
                warnings |= EntryWarnings.DecimalPoint;
                return AmountResult.Ok;
            case PointStyle.Thousands when asThousands:
                warnings |= EntryWarnings.ThousandsPoints;
                return AmountResult.Ok;
            case PointStyle.Unknown:
                return AmountResult.Ambiguous;
            default:
                return AmountResult.Malformed;
        }
    }

    /// <summary>
    /// YYMMDD; years 80-99 are 19xx. <paramref name="clamp"/>: 0 refuses impossible days, 1 clamps 30 and 31 February (30/360 banks),
    /// 2 clamps every day up to 31.
    /// </summary>
    public static bool TryReadDate(ReadOnlySpan<byte> text, int clamp, out DateOnly date, out bool clamped)
    {
        date = default;
        clamped = false;
        if (text.Length < 6 || !TwoDigits(text, out var yy) || !TwoDigits(text[2..], out var month) || !TwoDigits(text[4..], out var day)) return false;
        return TryMake(yy >= 80 ? 1900 + yy : 2000 + yy, month, day, clamp, out date, out clamped);
    }

    /// <summary>MMDD with the year that brings it nearest to the value date.</summary>
    public static bool TryReadEntryDate(ReadOnlySpan<byte> text, DateOnly valueDate, out DateOnly date, out bool clamped)
    {
        date = default;
        clamped = false;
        if (!TwoDigits(text, out var month) || !TwoDigits(text[2..], out var day)) return false;
        if (month == valueDate.Month && day == valueDate.Day)
        {
            date = valueDate;
            return true;
        }
        var best = int.MaxValue;
        for (var year = valueDate.Year - 1; year <= valueDate.Year + 1; year++)
        {
            // 29 February exists in some years only: try it exactly first, so that a leap day is not moved to another year.
            if (!TryMake(year, month, day, 1, out var candidate, out var moved)) continue;
            var distance = Math.Abs(candidate.DayNumber - valueDate.DayNumber) * 2 + (moved ? 1 : 0);
            if (distance >= best) continue;
            best = distance;
            date = candidate;
            clamped = moved;
        }
        return best != int.MaxValue;
    }

    private static bool TryMake(int year, int month, int day, int clamp, out DateOnly date, out bool clamped)
    {
        date = default;
        clamped = false;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day is < 1 or > 31) return false;
        var last = DateTime.DaysInMonth(year, month);
        if (day > last)
        {
            if (clamp == 0 || (clamp == 1 && month != 2)) return false;
            day = last;
            clamped = true;
        }
        date = new DateOnly(year, month, day);
        return true;
    }

    private static bool TwoDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        if (text.Length < 2) return false;
        var (tens, ones) = (text[0] - '0', text[1] - '0');
        if ((uint)tens > 9 || (uint)ones > 9) return false;
        value = tens * 10 + ones;
        return true;
    }

    /// <summary>
    /// Balance: mark, date, currency, amount (1!a6!n3!a15d). Null when a part that matters is missing: without a currency the digits of
    /// date and amount cannot be told apart.
    /// </summary>
    public static Balance? ReadBalance(ReadOnlySpan<byte> text, bool intermediate, out PointStyle style, out EntryWarnings warnings)
    {
        style = PointStyle.Unknown;
        warnings = EntryWarnings.None;
        text = text.Trim((byte)' ');
        if (text.Length < 11) return null;
        bool negative;
        switch (text[0])
        {
            case (byte)'C': negative = false; break;
            case (byte)'D': negative = true; break;
            case (byte)'c': negative = false; warnings |= EntryWarnings.LowerCaseMark; break;
            case (byte)'d': negative = true; warnings |= EntryWarnings.LowerCaseMark; break;
            default: return null;
        }
        DateOnly? date = null;
        if (TryReadDate(text[1..], 2, out var parsed, out var clamped)) date = parsed;
        if (clamped || date is null) warnings |= EntryWarnings.ClampedDate;
        var currency = text.Slice(7, 3);
        foreach (var b in currency)
            if (!char.IsAsciiLetter((char)b)) return null;
        var rest = text[10..].Trim((byte)' ');
        var result = ReadAmount(rest, PointStyle.Unknown, out var units, out var scale, out var length, ref warnings);
        if (result == AmountResult.Ambiguous)
        {
            // A balance has nothing to be compared with: two digits after a single point can only be decimals.
            var after = length - rest[..length].LastIndexOf((byte)'.') - 1;
            if (after > 2 && CurrencyFacts.Decimals(Encoding.ASCII.GetString(currency)) != after) return null;
            result = ReadAmount(rest, PointStyle.Decimal, out units, out scale, out length, ref warnings);
            style = PointStyle.Decimal;
        }
        if (result != AmountResult.Ok) return null;
        var amount = Decimals.From(units, scale);
        return new Balance(negative ? -amount : amount, Encoding.ASCII.GetString(currency).ToUpperInvariant(), date, intermediate);
    }

    /// <summary>MT942 count and sum (5n3!a15d).</summary>
    public static bool TryReadSum(ReadOnlySpan<byte> text, out int count, out decimal sum)
    {
        count = 0;
        sum = 0;
        var at = 0;
        while (at < text.Length && at < 9 && char.IsAsciiDigit((char)text[at])) count = count * 10 + (text[at++] - '0');
        if (at == 0 || text.Length < at + 4) return false;
        var warnings = EntryWarnings.None;
        var rest = text[(at + 3)..].Trim((byte)' ');
        var result = ReadAmount(rest, PointStyle.Decimal, out var units, out var scale, out _, ref warnings);
        if (result != AmountResult.Ok) return false;
        sum = Decimals.From(units, scale);
        return true;
    }

    /// <summary>
    /// Field 61: value date, entry date, mark, funds code, amount, type, references. Fills <paramref name="entry"/>, whose buffer holds
    /// <paramref name="line"/> from <paramref name="origin"/>. Returns null, or why the entry cannot be read.
    /// </summary>
    public static string? ReadStatementLine(ReadOnlySpan<byte> line, int origin, StatementEntry entry, string? currency, int decimals, DateOnly statementDate, PointStyle points, BankProfile profile, out bool ambiguous)
    {
        ambiguous = false;
        var warnings = entry.Warnings;
        var length = line.Length;
        while (length > 0 && line[length - 1] == ' ') length--;
        line = line[..length];
        var at = 0;
        while (at < length && line[at] == ' ') at++;
        if (at > 0) warnings |= EntryWarnings.ExtraBlank;
        if (!TryReadDate(line[at..], 1, out var valueDate, out var clamped))
        {
            // Both dates impossible: the digits were masked, as in published samples. Mark and amount still stand, so the entry is
            // kept for counts and sums, and the statement is rejected. One impossible date alone is an unreadable entry.
            if (length - at < 10 || !AllDigits(line.Slice(at, 10)) || TryReadEntryDate(line[(at + 6)..], statementDate, out _, out _)) return "the value date is not a date";
            valueDate = statementDate;
            warnings |= EntryWarnings.DatesUnreadable;
        }
        if (clamped) warnings |= EntryWarnings.ClampedDate;
        entry.ValueDate = valueDate;
        at += 6;

        entry.EntryDate = null;
        if (length - at >= 4)
        {
            if (char.IsAsciiDigit((char)line[at]))
            {
                if (!AllDigits(line.Slice(at, 4))) return "the entry date is not a date";
                if (TryReadEntryDate(line[at..], valueDate, out var entryDate, out var moved))
                {
                    entry.EntryDate = entryDate;
                    if (moved) warnings |= EntryWarnings.ClampedDate;
                }
                else
                {
                    warnings |= EntryWarnings.EntryDateUnreadable;
                }
                at += 4;
            }
            else if (line[at] == ' ' && line.Slice(at, 4).Trim((byte)' ').IsEmpty)
            {
                warnings |= EntryWarnings.BlankEntryDate;
                at += 4;
            }
        }
        while (at < length && line[at] == ' ')
        {
            warnings |= EntryWarnings.ExtraBlank;
            at++;
        }

        var mark = ReadMark(line[at..], out var markLength, ref warnings);
        if (mark == EntryMark.None) return "the debit/credit mark is unknown";
        at += markLength;
        entry.FundsCode = '\0';
        if (at < length && char.IsAsciiLetter((char)line[at]))
        {
            if (at + 1 < length && !(char.IsAsciiDigit((char)line[at + 1]) || line[at + 1] is (byte)' ' or (byte)',' or (byte)'.' or (byte)'-'))
                return "the debit/credit mark is unknown";
            entry.FundsCode = (char)line[at];
            if (currency is { Length: 3 } && char.ToUpperInvariant(entry.FundsCode) != currency[2]) warnings |= EntryWarnings.FundsCodeUnexpected;
            at++;
        }
        while (at < length && line[at] == ' ')
        {
            warnings |= EntryWarnings.ExtraBlank;
            at++;
        }
        if (at < length && line[at] == '-')
        {
            // One bank writes a reversal as a negative amount.
            mark = mark switch
            {
                EntryMark.Debit => EntryMark.ReversalOfDebit,
                EntryMark.Credit => EntryMark.ReversalOfCredit,
                _ => EntryMark.None,
            };
            if (mark == EntryMark.None) return "a reversal with a negative amount has no clear direction";
            warnings |= EntryWarnings.MinusAmount;
            at++;
        }

        var result = ReadAmount(line[at..], points, out var units, out var scale, out var amountLength, ref warnings);
        switch (result)
        {
            case AmountResult.Ok: break;
            case AmountResult.Missing: return "the amount is missing";
            case AmountResult.TooLong: return "the amount is longer than 15 characters";
            case AmountResult.Ambiguous:
                ambiguous = true;
                return "the amount has points and no comma, and nothing says whether they mean thousands or decimals";
            default: return "the amount is malformed";
        }
        if (units == 0) warnings |= EntryWarnings.ZeroAmount;
        if (scale > decimals) warnings |= EntryWarnings.TooManyDecimals;
        entry.SetAmount(units, scale);
        entry.Mark = mark;
        entry.IsBooked = mark is not (EntryMark.ExpectedCredit or EntryMark.ExpectedDebit);
        at += amountLength;

        if (at < length && line[at] == ' ')
        {
            warnings |= EntryWarnings.ExtraBlank;
            while (at < length && line[at] == ' ') at++;
        }
        var rest = line[at..];
        var slashes = rest.IndexOf("//"u8);
        var customerEnd = slashes < 0 ? rest.Length : slashes;
        var typeLength = 0;
        if (customerEnd > 0 && char.IsAsciiLetter((char)rest[0]))
        {
            typeLength = Math.Min(4, customerEnd);
            entry.Set(EntryField.Type, origin + at, typeLength);
            if (typeLength < 4 || rest[0] is not ((byte)'N' or (byte)'F' or (byte)'S')) warnings |= EntryWarnings.TypeUnusual;
        }
        else
        {
            warnings |= EntryWarnings.TypeMissing;
        }
        var customer = rest[typeLength..customerEnd];
        entry.Set(EntryField.CustomerReference, origin + at + typeLength, customer.Length);
        if (customer.Length > profile.CustomerReferenceLength && customer.TrimEnd((byte)' ').Length > profile.CustomerReferenceLength) warnings |= EntryWarnings.CustomerReferenceLong;
        if (slashes >= 0)
        {
            var bank = rest[(slashes + 2)..];
            entry.Set(EntryField.BankReference, origin + at + slashes + 2, bank.Length);
            if (bank.Length > profile.BankReferenceLength) warnings |= EntryWarnings.BankReferenceLong;
        }
        entry.Warnings = warnings;
        return null;
    }

    private static EntryMark ReadMark(ReadOnlySpan<byte> text, out int length, ref EntryWarnings warnings)
    {
        length = 1;
        if (text.IsEmpty) return EntryMark.None;
        var first = (char)(text[0] & 0xDF);
        var second = text.Length > 1 ? (char)(text[1] & 0xDF) : '\0';
        EntryMark mark;
        switch (first)
        {
            case 'C': mark = EntryMark.Credit; break;
            case 'D': mark = EntryMark.Debit; break;
            case 'R' when second is 'C' or 'D':
                mark = second == 'C' ? EntryMark.ReversalOfCredit : EntryMark.ReversalOfDebit;
                length = 2;
                break;
            case 'E' when second is 'C' or 'D':
                mark = second == 'C' ? EntryMark.ExpectedCredit : EntryMark.ExpectedDebit;
                length = 2;
                break;
            default: return EntryMark.None;
        }
        if (text[0] >= 'a' || (length == 2 && text[1] >= 'a')) warnings |= EntryWarnings.LowerCaseMark;
        return mark;
    }

    private static bool AllDigits(ReadOnlySpan<byte> text) => text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
}
