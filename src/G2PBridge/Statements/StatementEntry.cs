using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.Statements;

/// <summary>Debit/credit mark of field 61, subfield 3. ISO 20022 and CSV entries use the first two.</summary>
internal enum EntryMark : byte
{
    None,

    /// <summary>C: adds to the balance.</summary>
    Credit,

    /// <summary>D: takes from the balance.</summary>
    Debit,

    /// <summary>RC, reversal of a credit: takes from the balance.</summary>
    ReversalOfCredit,

    /// <summary>RD, reversal of a debit: adds to the balance.</summary>
    ReversalOfDebit,

    /// <summary>EC (MT942): expected, not booked.</summary>
    ExpectedCredit,

    /// <summary>ED (MT942): expected, not booked.</summary>
    ExpectedDebit,
}

/// <summary>Odd but readable things about one entry; each becomes one counted finding of the statement.</summary>
[Flags]
internal enum EntryWarnings
{
    None = 0,
    LowerCaseMark = 1 << 0,
    MinusAmount = 1 << 1,
    FundsCodeUnexpected = 1 << 2,
    BlankEntryDate = 1 << 3,
    EntryDateUnreadable = 1 << 4,
    ClampedDate = 1 << 5,
    ExtraBlank = 1 << 6,
    CommaMissing = 1 << 7,
    IntegerPartMissing = 1 << 8,
    ThousandsPoints = 1 << 9,
    DecimalPoint = 1 << 10,
    TooManyDecimals = 1 << 11,
    TypeMissing = 1 << 12,
    TypeUnusual = 1 << 13,
    CustomerReferenceLong = 1 << 14,
    BankReferenceLong = 1 << 15,
    BankReferenceWrapped = 1 << 16,
    BrokenLine = 1 << 17,
    RepeatedNarrative = 1 << 18,
    NarrativeCut = 1 << 19,
    DashInText = 1 << 20,
    AmbiguousAmountSettled = 1 << 21,
    CurrencyDiffers = 1 << 22,
    ZeroAmount = 1 << 23,
    AmountPadded = 1 << 24,
    DatesUnreadable = 1 << 25,
}

/// <summary>Named texts of an entry. MT fills the first four; ISO 20022 and CSV fill what they have.</summary>
internal enum EntryField
{
    /// <summary>MT: subfield 6, four characters such as <c>NTRF</c>. ISO 20022: bank transaction code, <c>PMNT/ICDT/RRTN</c>.</summary>
    Type,

    /// <summary>MT: subfield 7. ISO 20022: none, see <see cref="EndToEndId"/> and <see cref="InstructionId"/>.</summary>
    CustomerReference,

    /// <summary>MT: subfield 8. ISO 20022: AcctSvcrRef.</summary>
    BankReference,

    /// <summary>MT: subfield 9, first line.</summary>
    Supplementary,
    EntryReference,
    MessageId,
    PaymentInformationId,
    InstructionId,
    EndToEndId,
    TransactionId,
    Uetr,
    MandateId,
    CounterpartyName,
    CounterpartyAccount,
    CreditorReference,
    ReturnCode,
    ReturnText,
    AdditionalInformation,
    ProprietaryCode,
}

/// <summary>One text that may be our payment reference.</summary>
/// <param name="Place">Where it was found.</param>
/// <param name="HasOurForm">True when it has the exact form of the references that we give out.</param>
internal readonly record struct ReferenceCandidate(string Value, ReferencePlace Place, bool HasOurForm);

/// <summary>
/// One movement. The reader reuses this object and its memory: everything here is valid until the next
/// <see cref="StatementReader.ReadAsync"/>; strings made from it are independent.
/// </summary>
internal sealed class StatementEntry
{
    internal readonly record struct Slice(int Start, int Length);

    private static readonly int FieldCount = Enum.GetValues<EntryField>().Length;

    private readonly Slice[] _fields = new Slice[FieldCount];
    private Slice[] _narrative = new Slice[8];
    private Slice[] _raw = new Slice[10];
    private byte[] _buffer = [];
    private uint _fieldMask;
    private BankProfile _profile = new();
    private Encoding _encoding = Encoding.UTF8;
    private NarrativeCodes? _codes;
    private decimal? _amount;
    private ArrayBufferWriter<byte>? _normalised;

    /// <summary>Position in the statement, from 1. Bad entries count.</summary>
    public int Ordinal { get; internal set; }

    /// <summary>Position inside its batch entry, from 1; 0 for the entry itself.</summary>
    public int DetailOrdinal { get; internal set; }

    /// <summary>True where the payments of this entry follow as <see cref="StatementEvent.Detail"/>.</summary>
    public bool HasDetails { get; internal set; }

    /// <summary>Number of payments that the bank says a batch entry holds; null where it says nothing.</summary>
    public int? BatchCount { get; internal set; }

    /// <summary>Line of the file, from 1.</summary>
    public long Line { get; internal set; }

    public long ByteOffset { get; internal set; }

    public DateOnly ValueDate { get; internal set; }

    /// <summary>Booking date; MT gives month and day only, the year is the one nearest the value date.</summary>
    public DateOnly? EntryDate { get; internal set; }

    public EntryMark Mark { get; internal set; }

    /// <summary>Third letter of the currency, or <c>'\0'</c>.</summary>
    public char FundsCode { get; internal set; }

    /// <summary>Amount without sign in units of 10^-<see cref="AmountScale"/>.</summary>
    public long AmountUnits { get; internal set; }

    /// <summary>Decimals the bank wrote.</summary>
    public int AmountScale { get; internal set; }

    public string? Currency { get; internal set; }

    public EntryWarnings Warnings { get; internal set; }

    /// <summary>False for MT942's EC/ED and for camt entries that are pending or informational: they never settle a payment.</summary>
    public bool IsBooked { get; internal set; }

    /// <summary>camt's RvslInd; null where it was not given.</summary>
    public bool? ReversalIndicator { get; internal set; }

    /// <summary>Why a bad entry could not be read; null for others.</summary>
    public string? Reason { get; internal set; }

    /// <summary>Always positive or zero.</summary>
    public decimal Amount => _amount ??= Decimals.From(AmountUnits, AmountScale);

    /// <summary>+1 adds to the balance, -1 takes from it.</summary>
    public int Sign => Mark is EntryMark.Credit or EntryMark.ReversalOfDebit or EntryMark.ExpectedCredit ? 1 : -1;

    public decimal SignedAmount => Sign * Amount;

    public int NarrativeCount { get; private set; }

    public int RawLineCount { get; private set; }

    /// <summary>Character set of this entry's texts.</summary>
    public Encoding Encoding => _encoding;

    /// <summary>Bytes of a field, empty when absent.</summary>
    public ReadOnlySpan<byte> Bytes(EntryField field)
    {
        var slice = _fields[(int)field];
        return _buffer.AsSpan(slice.Start, slice.Length);
    }

    /// <summary>Text of a field, null when absent or blank.</summary>
    public string? Text(EntryField field)
    {
        var bytes = Bytes(field).Trim((byte)' ');
        return bytes.IsEmpty ? null : _encoding.GetString(bytes);
    }

    public string? Type => Text(EntryField.Type);

    public string? CustomerReference => Text(EntryField.CustomerReference);

    public string? BankReference => Text(EntryField.BankReference);

    public string? Supplementary => Text(EntryField.Supplementary);

    /// <summary>Text line <paramref name="index"/> from 0, as written, empty lines included.</summary>
    public ReadOnlySpan<byte> NarrativeBytes(int index) => _buffer.AsSpan(_narrative[index].Start, _narrative[index].Length);

    internal bool NarrativeContains(byte value)
    {
        for (var i = 0; i < NarrativeCount; i++)
            if (NarrativeBytes(i).Contains(value)) return true;
        return false;
    }

    public string Narrative(int index) => _encoding.GetString(NarrativeBytes(index));

    public ReadOnlySpan<byte> RawLineBytes(int index) => _buffer.AsSpan(_raw[index].Start, _raw[index].Length);

    public string RawLine(int index) => _encoding.GetString(RawLineBytes(index));

    /// <summary>All raw lines, joined by LF.</summary>
    public string RawText() => string.Join('\n', Enumerable.Range(0, RawLineCount).Select(RawLine));

    /// <summary>All text lines, joined by LF.</summary>
    public string NarrativeText() => string.Join('\n', Enumerable.Range(0, NarrativeCount).Select(Narrative));

    /// <summary>The coded values inside the text (EREF, KREF, RTRN, ?34 …), parsed on first use.</summary>
    public NarrativeCodes Codes
    {
        get
        {
            if (_codes is not null) return _codes;
            var lines = new string[NarrativeCount];
            for (var i = 0; i < lines.Length; i++) lines[i] = Narrative(i);
            return _codes = NarrativeCodes.Parse(lines, _profile.Dialect);
        }
    }

    /// <summary>Whether this movement says that a payment came back, by any signal the formats know.</summary>
    public ReturnSignal Return => ReturnSignal.Of(this, _profile);

    /// <summary>The beneficiary by the profile's text line or the counterparty of ISO 20022.</summary>
    public string? Beneficiary =>
        Text(EntryField.CounterpartyName)
        ?? (_profile.BeneficiaryLine > 0 && _profile.BeneficiaryLine <= NarrativeCount ? Blank(Narrative(_profile.BeneficiaryLine - 1)) : null)
        ?? Codes.Find("NAME") ?? Codes.Find("ABWE");

    /// <summary>Our reference by the profile's places: the first text of our form, else the first text in a place that names it.</summary>
    public ReferenceCandidate? Reference
    {
        get
        {
            ReferenceCandidate? first = null;
            foreach (var candidate in References())
            {
                if (candidate.HasOurForm) return candidate;
                first ??= candidate;
            }
            return first;
        }
    }

    /// <summary>Every text that may be our reference, in the profile's order, without repetitions.</summary>
    public List<ReferenceCandidate> References()
    {
        var found = new List<ReferenceCandidate>(4);
        foreach (var lookup in _profile.References)
        {
            switch (lookup.Place)
            {
                case ReferencePlace.CustomerReference: Add(CustomerReference, lookup.Place); break;
                case ReferencePlace.BankReference: Add(BankReference, lookup.Place); break;
                case ReferencePlace.EndToEndId: Add(Text(EntryField.EndToEndId), lookup.Place); break;
                case ReferencePlace.InstructionId: Add(Text(EntryField.InstructionId), lookup.Place); break;
                case ReferencePlace.TransactionId: Add(Text(EntryField.TransactionId), lookup.Place); break;
                case ReferencePlace.PaymentInformationId: Add(Text(EntryField.PaymentInformationId), lookup.Place); break;
                case ReferencePlace.NarrativeLine:
                    if (lookup.Line > 0 && lookup.Line <= NarrativeCount) Add(Narrative(lookup.Line - 1), lookup.Place);
                    break;
                case ReferencePlace.NarrativeCode:
                    if (lookup.Code is { } code) Add(Codes.Find(code), lookup.Place);
                    break;
                default: ScanText(); break;
            }
        }
        return found;

        void Add(string? value, ReferencePlace place)
        {
            value = value?.Trim();
            if (string.IsNullOrEmpty(value) || NarrativeCodes.IsPlaceholder(value)) return;
            foreach (var known in found)
                if (known.Value == value) return;
            found.Add(new(value, place, _profile.ReferencePattern.Matches(value)));
        }

        void ScanText()
        {
            for (var i = 0; i < NarrativeCount; i++)
            {
                var line = Narrative(i).AsSpan();
                for (var at = 0; at < line.Length;)
                {
                    var from = at;
                    while (at < line.Length && (char.IsAsciiDigit(line[at]) || char.IsAsciiLetterUpper(line[at]))) at++;
                    var word = line[from..at];
                    if (word.IndexOfAnyInRange('0', '9') >= 0 && _profile.ReferencePattern.Matches(word)) Add(word.ToString(), ReferencePlace.FreeText);
                    at++;
                }
            }
        }
    }

    /// <summary>
    /// 16 bytes that identify this movement for idempotence: dates, mark, amount, references and text. True twins have the same
    /// value: count occurrences per statement (<see cref="OccurrenceCounter"/>) and use both.
    /// </summary>
    public Guid Fingerprint()
    {
        var writer = _normalised ??= new ArrayBufferWriter<byte>(512);
        writer.ResetWrittenCount();
        WriteNormalised(writer);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(writer.WrittenSpan, hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>What the entry says, independent of framing: used by the fingerprints.</summary>
    internal void WriteNormalised(ArrayBufferWriter<byte> to)
    {
        var size = 64 + NarrativeCount;
        for (var bits = _fieldMask; bits != 0; bits &= bits - 1) size += _fields[BitOperations.TrailingZeroCount(bits)].Length + 2;
        for (var i = 0; i < NarrativeCount; i++) size += _narrative[i].Length;
        var span = to.GetSpan(size);
        BinaryPrimitives.WriteInt32BigEndian(span, ValueDate.DayNumber);
        BinaryPrimitives.WriteInt32BigEndian(span[4..], EntryDate?.DayNumber ?? -1);
        span[8] = (byte)Mark;
        span[9] = (byte)(IsBooked ? 1 : 0);
        var (units, scale) = Decimals.Shortest(AmountUnits, AmountScale);
        BinaryPrimitives.WriteInt64BigEndian(span[10..], units);
        span[18] = (byte)scale;
        var at = 19;
        for (var bits = _fieldMask; bits != 0; bits &= bits - 1)
        {
            var field = BitOperations.TrailingZeroCount(bits);
            var (start, length) = _fields[field];
            while (length > 0 && _buffer[start] == ' ')
            {
                start++;
                length--;
            }
            length = Trimmed(start, length);
            if (length == 0) continue;
            span[at++] = (byte)(0x80 | field);
            _buffer.AsSpan(start, length).CopyTo(span[at..]);
            at += length;
            span[at++] = 0x1F;
        }
        var last = NarrativeCount;
        while (last > 0 && Trimmed(_narrative[last - 1].Start, _narrative[last - 1].Length) == 0) last--;
        for (var i = 0; i < last; i++)
        {
            var length = Trimmed(_narrative[i].Start, _narrative[i].Length);
            _buffer.AsSpan(_narrative[i].Start, length).CopyTo(span[at..]);
            at += length;
            span[at++] = 0x1E;
        }
        span[at++] = 0x1D;
        to.Advance(at);
    }

    /// <summary>Length without blanks at the end: padding is framing, not content.</summary>
    private int Trimmed(int start, int length)
    {
        while (length > 0 && _buffer[start + length - 1] == ' ') length--;
        return length;
    }

    internal void Begin(byte[] buffer, BankProfile profile, Encoding encoding)
    {
        _buffer = buffer;
        _profile = profile;
        _encoding = encoding;
        _codes = null;
        _amount = null;
        for (; _fieldMask != 0; _fieldMask &= _fieldMask - 1) _fields[BitOperations.TrailingZeroCount(_fieldMask)] = default;
        NarrativeCount = RawLineCount = 0;
        Ordinal = DetailOrdinal = 0;
        HasDetails = false;
        BatchCount = null;
        IsBooked = true;
        ReversalIndicator = null;
        Reason = null;
        Mark = EntryMark.None;
        FundsCode = '\0';
        AmountUnits = 0;
        AmountScale = 0;
        EntryDate = null;
        ValueDate = default;
        Warnings = EntryWarnings.None;
    }

    internal void Rebase(byte[] buffer) => _buffer = buffer;

    internal void SetEncoding(Encoding encoding) => _encoding = encoding;

    internal void SetAmount(long units, int scale)
    {
        AmountUnits = units;
        AmountScale = scale;
        _amount = null;
    }

    internal void Set(EntryField field, int start, int length)
    {
        _fields[(int)field] = new(start, length);
        _fieldMask |= 1u << (int)field;
    }

    internal Slice Get(EntryField field) => _fields[(int)field];

    internal void AddNarrative(int start, int length)
    {
        if (NarrativeCount == _narrative.Length) Array.Resize(ref _narrative, _narrative.Length * 2);
        _narrative[NarrativeCount++] = new(start, length);
    }

    internal void ClearNarrative() => NarrativeCount = 0;

    internal void AddRaw(int start, int length)
    {
        if (RawLineCount == _raw.Length) Array.Resize(ref _raw, _raw.Length * 2);
        _raw[RawLineCount++] = new(start, length);
    }

    private static string? Blank(string text) => string.IsNullOrWhiteSpace(text) || text == "None" ? null : text.Trim();
}

/// <summary>Counts true twins: the first movement with a fingerprint is occurrence 1, the next 2. Keep one per statement.</summary>
internal sealed class OccurrenceCounter
{
    private readonly Dictionary<Guid, int> _seen = [];

    public int Next(Guid fingerprint)
    {
        ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_seen, fingerprint, out _);
        return ++count;
    }
}

internal static class Decimals
{
    public static decimal From(long units, int scale)
    {
        var magnitude = (ulong)Math.Abs(units);
        return new decimal((int)magnitude, (int)(magnitude >> 32), 0, units < 0, (byte)scale);
    }

    public static (long Units, int Scale) Shortest(long units, int scale)
    {
        if (scale > 0 && units % 100 == 0 && scale >= 2)
        {
            units /= 100;
            scale -= 2;
        }
        while (scale > 0 && units % 10 == 0)
        {
            units /= 10;
            scale--;
        }
        return (units, scale);
    }

    /// <summary>Units and scale of a decimal that fits; false for more than 18 digits or 9 decimals.</summary>
    public static bool TrySplit(decimal value, out long units, out int scale)
    {
        scale = value.Scale;
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var high = (uint)bits[2];
        var low = (uint)bits[0] | ((ulong)(uint)bits[1] << 32);
        units = (long)low;
        if (high != 0 || low > 999_999_999_999_999_999 || scale > 9) return false;
        if (value < 0) units = -units;
        return true;
    }

    /// <summary>Reads an XML or plain amount: digits with an optional point, at most 18 digits.</summary>
    public static bool TryParsePlain(ReadOnlySpan<byte> text, out long units, out int scale)
    {
        units = 0;
        scale = 0;
        text = text.Trim((byte)' ');
        var negative = false;
        if (!text.IsEmpty && text[0] is (byte)'-' or (byte)'+')
        {
            negative = text[0] == '-';
            text = text[1..];
        }
        if (text.IsEmpty || text.Length > 20) return false;
        var seenPoint = false;
        var digits = 0;
        foreach (var b in text)
        {
            if (b == '.' && !seenPoint)
            {
                seenPoint = true;
                continue;
            }
            if (!char.IsAsciiDigit((char)b) || ++digits > 18) return false;
            units = units * 10 + (b - '0');
            if (seenPoint) scale++;
        }
        if (digits == 0) return false;
        if (negative) units = -units;
        return true;
    }
}
