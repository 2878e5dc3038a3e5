using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.Statements;

/// <summary>Sums, findings and fingerprints of the statement being read. Shared by all formats, reused from statement to statement.</summary>
internal sealed class StatementTally(bool fingerprints) : IDisposable
{
    private const int MaxFindings = 100;

    private static readonly (EntryWarnings Flag, string Code, string Message)[] Warnings =
    [
        (EntryWarnings.LowerCaseMark, "mark-lower-case", "A debit/credit mark is written in lower case."),
        (EntryWarnings.MinusAmount, "amount-negative", "A negative amount was taken as a reversal."),
        (EntryWarnings.FundsCodeUnexpected, "funds-code-unexpected", "A funds code is not the third letter of the currency."),
        (EntryWarnings.BlankEntryDate, "entry-date-blank", "An entry date is blank."),
        (EntryWarnings.EntryDateUnreadable, "entry-date-unreadable", "An entry date is not a date; the value date stands."),
        (EntryWarnings.ClampedDate, "date-clamped", "A day that does not exist in its month was moved to the month's end."),
        (EntryWarnings.ExtraBlank, "blank-in-entry", "An entry holds blanks where the standard has none."),
        (EntryWarnings.CommaMissing, "amount-without-comma", "An amount has no decimal comma."),
        (EntryWarnings.IntegerPartMissing, "amount-without-integer-part", "An amount has no digit before the comma."),
        (EntryWarnings.ThousandsPoints, "amount-with-thousands-points", "An amount has points between thousands."),
        (EntryWarnings.DecimalPoint, "amount-with-decimal-point", "An amount has a decimal point in place of the comma."),
        (EntryWarnings.TooManyDecimals, "amount-with-too-many-decimals", "An amount has more decimals than its currency."),
        (EntryWarnings.TypeMissing, "type-missing", "An entry has no transaction type."),
        (EntryWarnings.TypeUnusual, "type-unusual", "A transaction type does not begin with N, F or S."),
        (EntryWarnings.CustomerReferenceLong, "customer-reference-long", "A customer reference is longer than the bank should write."),
        (EntryWarnings.BankReferenceLong, "bank-reference-long", "A bank reference is longer than the bank should write."),
        (EntryWarnings.BankReferenceWrapped, "bank-reference-wrapped", "A bank reference stands on the line after the entry."),
        (EntryWarnings.BrokenLine, "entry-line-broken", "An entry is broken over two lines."),
        (EntryWarnings.RepeatedNarrative, "narrative-repeated", "An entry has more than one field 86."),
        (EntryWarnings.NarrativeCut, FindingCodes.NarrativeCut, "The text of an entry is longer than the limit and was cut."),
        (EntryWarnings.DashInText, FindingCodes.DashInText, "A line holding only a dash stands inside a text."),
        (EntryWarnings.AmbiguousAmountSettled, "amount-settled-by-balance", "An ambiguous amount was settled by the balance check."),
        (EntryWarnings.AmountPadded, "amount-padded", "An amount is padded with zeros beyond 15 characters."),
        (EntryWarnings.DatesUnreadable, "dates-unreadable", "Neither date of an entry exists; the balance's date stands in."),
        (EntryWarnings.CurrencyDiffers, "entry-currency-differs", "An entry is in another currency than the account."),
    ];

    private readonly Dictionary<string, Finding> _findings = new(StringComparer.Ordinal);
    private readonly int[] _warningCount = new int[32];
    private readonly long[] _warningLine = new long[32];
    private readonly ArrayBufferWriter<byte> _pending = new(32 * 1024);
    private readonly IncrementalHash? _hash = fingerprints ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private EntryWarnings _seenWarnings;
    private bool _hasDetails;
    private UInt128 _bookings;
    private int _creditCount;
    private (int Count, decimal Sum) _expectedCredits;
    private decimal _expectedDebits;

    public int Entries { get; private set; }

    public int BadEntries { get; private set; }

    public decimal Credits { get; private set; }

    public decimal Debits { get; private set; }

    /// <summary>Counts and sums of booked and expected entries together: what MT942's :90D:/:90C: speak about.</summary>
    public (int Count, decimal Sum) AllDebits => (Entries - _creditCount - _expectedCredits.Count, Debits + _expectedDebits);

    public (int Count, decimal Sum) AllCredits => (_creditCount + _expectedCredits.Count, Credits + _expectedCredits.Sum);

    public bool SawUtf8 { get; set; }

    public bool SawFallback { get; set; }

    public void Reset()
    {
        _findings.Clear();
        Array.Clear(_warningCount);
        _seenWarnings = EntryWarnings.None;
        _pending.ResetWrittenCount();
        if (Entries + BadEntries > 0) _hash?.GetHashAndReset();
        _bookings = 0;
        _hasDetails = false;
        Entries = BadEntries = 0;
        Credits = Debits = 0;
        _creditCount = 0;
        _expectedCredits = default;
        _expectedDebits = 0;
        SawUtf8 = SawFallback = false;
    }

    public void Note(string code, Verdict severity, string message, long line)
    {
        if (_findings.TryGetValue(code, out var known))
            _findings[code] = known with { Count = known.Count + 1, Severity = known.Severity > severity ? known.Severity : severity };
        else if (_findings.Count < MaxFindings)
            _findings.Add(code, new Finding(code, severity, message, line));
    }

    public void Note(EntryWarnings warnings, long line)
    {
        if (warnings == EntryWarnings.None) return;
        for (var bits = (uint)warnings; bits != 0; bits &= bits - 1)
        {
            var bit = BitOperations.TrailingZeroCount(bits);
            if (_warningCount[bit]++ == 0) _warningLine[bit] = line;
        }
        _seenWarnings |= warnings;
    }

    public void Add(StatementEntry entry)
    {
        Entries++;
        Note(entry.Warnings, entry.Line);
        var amount = entry.Amount;
        var credit = entry.Sign > 0;
        if (entry.IsBooked)
        {
            if (credit)
            {
                _creditCount++;
                Credits += amount;
            }
            else
            {
                Debits += amount;
            }
        }
        else
        {
            if (credit) _expectedCredits = (_expectedCredits.Count + 1, _expectedCredits.Sum + amount);
            else _expectedDebits += amount;
        }
        if (_hash is null) return;
        entry.WriteNormalised(_pending);
        if (_pending.WrittenCount > 24 * 1024) FlushHash();
        if (entry.IsBooked) _bookings += Digest(entry);
    }

    /// <summary>A payment of a batch entry: part of what the statement says, not of its sums.</summary>
    public void AddDetail(StatementEntry entry)
    {
        if (_hash is null) return;
        _hasDetails = true;
        entry.WriteNormalised(_pending);
        if (_pending.WrittenCount > 24 * 1024) FlushHash();
    }

    public void Add(PaymentStatus status)
    {
        Entries++;
        if (_hash is null) return;
        _pending.Write(Encoding.UTF8.GetBytes(
            $"{status.Level}\u001f{status.OriginalMessageId}\u001f{status.OriginalPaymentInformationId}\u001f{status.OriginalInstructionId}\u001f{status.OriginalEndToEndId}\u001f{status.OriginalUetr}\u001f{status.Status}\u001f{status.RawReason}\u001f{status.AdditionalInformation}\u001f{status.BankReference}\n"));
        if (_pending.WrittenCount > 24 * 1024) FlushHash();
    }

    public void AddBad(StatementEntry entry)
    {
        BadEntries++;
        Note(entry.Warnings & ~EntryWarnings.ZeroAmount, entry.Line);
        Note(FindingCodes.BadEntry, Verdict.Reject, $"An entry cannot be read: {entry.Reason}.", entry.Line);
        if (_hash is null) return;
        for (var i = 0; i < entry.RawLineCount; i++)
        {
            _pending.Write(entry.RawLineBytes(i));
            _pending.Write("\n"u8);
        }
        if (_pending.WrittenCount > 24 * 1024) FlushHash();
    }

    public (string? Content, string? Bookings) Fingerprints(StatementHeader header, Balance? opening, Balance? closing)
    {
        if (_hash is null) return (null, null);
        FlushHash();
        var account = header.NormalisedAccount ?? "";
        _hash.AppendData(Encoding.UTF8.GetBytes(
            $"{account}\u001f{header.StatementNumber?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? header.Number}\u001f{header.Page}\u001f{Text(opening)}\u001f{Text(closing)}\u001f{Entries}\u001f{BadEntries}"));
        var content = Convert.ToHexStringLower(_hash.GetHashAndReset());
        Span<byte> sum = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(sum, _bookings);
        var bookings = SHA256.HashData(Encoding.UTF8.GetBytes(
            $"{account}\u001f{Plain(Credits)}\u001f{Plain(Debits)}\u001f{Convert.ToHexString(sum)}{(_hasDetails ? "\u001fdetails" : "")}"));
        return (content, Convert.ToHexStringLower(bookings));

        static string Text(Balance? balance) => balance is null ? "" : $"{Plain(balance.Amount)}{balance.Currency}{balance.Date:yyyyMMdd}{(balance.Intermediate ? "M" : "F")}";

        // The same amount with more or fewer zeros after the comma is the same amount.
        static string Plain(decimal value) => value.ToString("0.#########", System.Globalization.CultureInfo.InvariantCulture);
    }

    public List<Finding> Findings()
    {
        var all = new List<Finding>(_findings.Values);
        if (_seenWarnings != EntryWarnings.None)
        {
            foreach (var (flag, code, message) in Warnings)
            {
                if ((_seenWarnings & flag) == 0) continue;
                var bit = BitOperations.TrailingZeroCount((uint)flag);
                all.Add(new Finding(code, flag == EntryWarnings.DatesUnreadable ? Verdict.Reject : Verdict.Warn, message, _warningLine[bit], _warningCount[bit]));
            }
        }
        all.Sort((a, b) => a.Severity != b.Severity ? b.Severity.CompareTo(a.Severity) : a.Line != b.Line ? a.Line.CompareTo(b.Line) : string.CompareOrdinal(a.Code, b.Code));
        return all;
    }

    public static Verdict Worst(IEnumerable<Finding> findings)
    {
        var worst = Verdict.Accept;
        foreach (var finding in findings)
            if (finding.Severity > worst) worst = finding.Severity;
        return worst;
    }

    public static Verdict Severity(FindingPolicy policy) => policy switch
    {
        FindingPolicy.Hold => Verdict.Hold,
        FindingPolicy.Warn => Verdict.Warn,
        _ => Verdict.Accept,
    };

    public void Dispose() => _hash?.Dispose();

    private void FlushHash()
    {
        _hash!.AppendData(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
    }

    // A sum of well-mixed values is the same in any order. It recognises, it does not protect: settlement never relies on it.
    private static UInt128 Digest(StatementEntry entry)
    {
        var (units, scale) = Decimals.Shortest(entry.AmountUnits, entry.AmountScale);
        var seed = Mix((ulong)(entry.Sign * units) ^ ((ulong)scale << 56), ((ulong)entry.ValueDate.DayNumber << 32) | (uint)(entry.EntryDate ?? entry.ValueDate).DayNumber);
        var other = seed ^ 0x9E3779B97F4A7C15;
        var text = entry.Bytes(EntryField.BankReference).Trim((byte)' ');
        Span<byte> block = stackalloc byte[8];
        while (!text.IsEmpty)
        {
            ulong word;
            if (text.Length >= 8)
            {
                word = BinaryPrimitives.ReadUInt64LittleEndian(text);
                text = text[8..];
            }
            else
            {
                block.Clear();
                text.CopyTo(block);
                word = BinaryPrimitives.ReadUInt64LittleEndian(block) ^ ((ulong)text.Length << 56);
                text = default;
            }
            seed = Mix(seed ^ word, 0xA0761D6478BD642F);
            other = Mix(other + word, 0xE7037ED1A0B428DB);
        }
        return new UInt128(Mix(seed, other), Mix(other, 0x8EBC6AF09C88C6E3));
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a ^ 0x2D358DCCAA6C78A5, b ^ 0x8BB84B93962EACC9, out var low);
        return high ^ low;
    }
}
