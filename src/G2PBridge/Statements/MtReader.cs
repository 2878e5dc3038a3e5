using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace G2PBridge.Statements;

/// <summary>
/// MT940, MT941, MT942 and MT950 (SWIFT Standards MT, category 9) in every framing that banks use: bare, FIN blocks, RJE, DOS-PCC.
/// Works on bytes line by line; an entry is handed out when the line after it has been seen. Memory is one buffer that holds the entry
/// being read.
/// </summary>
internal sealed class MtReader : StatementReader
{
    private const int MaxNulBytes = 256;
    private const int MaxSkippedBytes = 1024 * 1024;
    private const int MaxInformationChars = 4096;
    private const int MaxDeferred = 256;

    private static readonly SearchValues<byte> NumberBytes = SearchValues.Create("0123456789/ "u8);

    private enum Mode
    {
        Outside,
        Inside,
        Ending,
        FileEnding,
        Finished,
    }

    /// <summary>What a line without a tag continues.</summary>
    private enum Context
    {
        Header,
        Number,
        Information,
        Entry,
        Narrative,
        CutNarrative,
        Other,
    }

    private enum Peek
    {
        Line,
        NeedData,
        End,
        Refused,
    }

    private readonly record struct Line(int Start, int Length);

    /// <summary>Where an entry stands in the file and what was noticed while its lines were collected.</summary>
    private readonly record struct Item(int StatementLines, int Ordinal, long FileLine, long ByteOffset, EntryWarnings Warnings);

    private sealed record Deferred(byte[] Bytes, Line[] Lines, Item Item);

    private readonly Stream _stream;
    private readonly List<Deferred> _deferred = [];
    private PointStyle? _settled;
    private Line[] _joinedLines = [];
    private byte[] _buffer;
    private byte[] _joined = [];
    private int _end;
    private long _base;
    private bool _eof;

    // The line looked at: [_lineStart, _lineStart + _lineLength), next line from _next.
    private bool _peeked;
    private int _lineStart;
    private int _lineLength;
    private int _next;
    private int _searchFrom;
    private long _lineNumber = 1;
    private int _nulBytes;

    private Mode _mode = Mode.Outside;
    private Context _context;
    private long _skipped;
    private bool _everStarted;

    // The entry being collected; line offsets are relative to _itemStart.
    private bool _itemOpen;
    private int _itemStart;
    private long _itemLine;
    private Line[] _lines = new Line[16];
    private int _lineCount;
    private int _statementLines;
    private EntryWarnings _itemWarnings;
    private int _pendingDashAt = -1;
    private int _pendingTagAt = -1;
    private bool _pendingEnd;
    private int _ordinal;

    // The statement being collected.
    private bool _headerEmitted;
    private bool _closingSeen;
    private bool _sawIntraday;
    private string? _envelope;
    private string? _blockType;
    private string? _reference;
    private string? _related;
    private string? _account;
    private string? _number;
    private string? _createdAt;
    private string? _floorCurrency;
    private bool _hasReference;
    private bool _hasOpeningTag;
    private Balance? _opening;
    private Balance? _closing;
    private Balance? _available;
    private PointStyle _points;
    private readonly StringBuilder _information = new();
    private (int Count, decimal Sum)? _debitTotal;
    private (int Count, decimal Sum)? _creditTotal;
    private long _statementLine;
    private long _statementOffset;
    private Finding? _refusal;
    private string? _currency;
    private int _decimals;

    public MtReader(Stream stream, ReadOnlyMemory<byte> head, BankProfile profile, ReaderLimits limits)
        : base(profile, limits)
    {
        _stream = stream;
        Format = StatementFormat.Mt940;
        _buffer = new byte[Math.Max(limits.BufferBytes, Math.Max(64, head.Length))];
        head.Span.CopyTo(_buffer);
        _end = head.Length;
        if (head.Span.StartsWith(Encoding.UTF8.Preamble)) _next = _searchFrom = 3;
        _refusal = RefuseHead(head.Span);
    }

    public override ValueTask<bool> ReadAsync(CancellationToken ct = default) => Step() switch
    {
        true => new(true),
        false => new(false),
        null => ReadMoreAsync(ct),
    };

    private async ValueTask<bool> ReadMoreAsync(CancellationToken ct)
    {
        while (true)
        {
            MakeRoom();
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0) _eof = true;
            _end += read;
            if (_base + _end > Limits.FileBytes)
                _refusal ??= new Finding(FindingCodes.FileTooLarge, Verdict.Reject, $"The file is larger than {Limits.FileBytes} bytes.", _lineNumber);
            if (Step() is { } moved) return moved;
        }
    }

    /// <summary>Refuses what is plainly no text before anything is parsed.</summary>
    private static Finding? RefuseHead(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty) return new Finding(FindingCodes.Empty, Verdict.Reject, "The file is empty.", 0);
        if (head.Length > 1 && ((head[0] == 0xFF && head[1] == 0xFE) || (head[0] == 0xFE && head[1] == 0xFF)))
            return new Finding(FindingCodes.Binary, Verdict.Reject, "The file is UTF-16; statements must be in a one-byte character set or UTF-8.", 1);
        var control = 0;
        foreach (var b in head)
            if (b < 0x20 && b is not (9 or 10 or 13 or 1 or 3 or 0x1A)) control++;
        return control > 8 && control > head.Length / 10
            ? new Finding(FindingCodes.Binary, Verdict.Reject, "The file is binary data, not a statement.", 1)
            : null;
    }

    /// <summary>True: an event; false: finished; null: more bytes are needed.</summary>
    private bool? Step()
    {
        while (true)
        {
            if (_refusal is { } refusal && _mode is (Mode.Outside or Mode.Inside))
            {
                if (_mode == Mode.Inside) Tally.Note(refusal.Code, refusal.Severity, refusal.Message, refusal.Line);
                if (_mode == Mode.Inside) SettlePending(endsMessage: true);
                _mode = _mode == Mode.Inside ? Mode.Ending : Mode.FileEnding;
                continue;
            }
            switch (_mode)
            {
                case Mode.Ending:
                    EndMessage();
                    return true;
                case Mode.FileEnding:
                    if (_refusal is not null) FileFindings.Add(_refusal);
                    else if (!_everStarted) FileFindings.Add(new Finding(FindingCodes.NotAStatement, Verdict.Reject, "The file holds no statement: there is no field 20.", 1));
                    _mode = Mode.Finished;
                    EndFile(_base + _end, _lineNumber - 1);
                    return true;
                case Mode.Finished:
                    Event = StatementEvent.None;
                    return false;
            }
            switch (PeekLine())
            {
                case Peek.NeedData: return null;
                case Peek.Refused: continue;
                case Peek.End:
                    if (_mode == Mode.Inside) SettlePending(endsMessage: true);
                    _mode = _mode == Mode.Inside ? Mode.Ending : Mode.FileEnding;
                    continue;
            }
            if (_mode == Mode.Outside)
            {
                LineOutside();
                continue;
            }
            if (LineInside()) return true;
        }
    }

    // ---- bytes and lines -------------------------------------------------------------------------------------------------------

    private void MakeRoom()
    {
        var keep = _itemOpen ? _itemStart : _peeked ? _lineStart : _next;
        if (keep > 0)
        {
            Buffer.BlockCopy(_buffer, keep, _buffer, 0, _end - keep);
            _end -= keep;
            _base += keep;
            _next -= keep;
            _searchFrom -= keep;
            _lineStart -= keep;
            if (_itemOpen) _itemStart -= keep;
        }
        if (_buffer.Length - _end < 1024) Array.Resize(ref _buffer, _buffer.Length * 2);
    }

    private Peek PeekLine()
    {
        if (_peeked) return Peek.Line;
        while (true)
        {
            var found = _buffer.AsSpan(_searchFrom, _end - _searchFrom).IndexOfAny((byte)'\n', (byte)'\r', (byte)0);
            var at = found < 0 ? _end : _searchFrom + found;
            if (at - _next > Limits.LineBytes)
            {
                _refusal = new Finding(FindingCodes.LineTooLong, Verdict.Reject, $"A line is longer than {Limits.LineBytes} bytes.", _lineNumber);
                return Peek.Refused;
            }
            if (found < 0)
            {
                _searchFrom = _end;
                if (!_eof) return Peek.NeedData;
                if (_next >= _end) return Peek.End;
                return Take(_end, _end);
            }
            if (_buffer[at] == 0)
            {
                _searchFrom = at + 1;
                if (++_nulBytes <= MaxNulBytes) continue;
                _refusal = new Finding(FindingCodes.Binary, Verdict.Reject, "The file holds too many NUL bytes to be a statement.", _lineNumber);
                return Peek.Refused;
            }
            if (_buffer[at] == '\n') return Take(at, at + 1);
            // CR, CR LF, or CR CR LF from a double conversion: up to two more bytes decide.
            if (at + 1 < _end)
            {
                if (_buffer[at + 1] == '\n') return Take(at, at + 2);
                if (_buffer[at + 1] != '\r') return Take(at, at + 1);
                if (at + 2 < _end) return Take(at, _buffer[at + 2] == '\n' ? at + 3 : at + 1);
            }
            if (_eof) return Take(at, at + 1);
            _searchFrom = at;
            return Peek.NeedData;
        }

        Peek Take(int end, int next)
        {
            _lineStart = _next;
            _lineLength = end - _next;
            _next = _searchFrom = next;
            _peeked = true;
            return Peek.Line;
        }
    }

    private ReadOnlySpan<byte> Current => _buffer.AsSpan(_lineStart, _lineLength);

    private void Consume()
    {
        _peeked = false;
        _lineNumber++;
    }

    // ---- outside messages ------------------------------------------------------------------------------------------------------

    private void LineOutside()
    {
        var line = Current;
        _skipped += line.Length + 1;
        if (_skipped > MaxSkippedBytes)
        {
            _refusal = new Finding(FindingCodes.NotAStatement, Verdict.Reject, "There is no statement in the first mebibyte.", _lineNumber);
            return;
        }
        var from = 0;
        while (from < line.Length && (line[from] <= ' ' || line[from] == '$' || line[from] == '@')) from++;
        line = line[from..];
        var block = IndexOfBlock(line, (byte)'1');
        if (block >= 0)
        {
            ReadEnvelope(line[block..]);
            var text = LastBlock4(line, out var length);
            if (text < 0)
            {
                Consume();
                return;
            }
            from += text + length;
            line = line[(text + length)..];
        }
        else if (IndexOfBlock(line, (byte)'4') is >= 0 and var four)
        {
            // Blocks on lines of their own.
            ReadEnvelope(line);
            var skip = four + (line[four] == 0xC3 ? 4 : 3);
            from += skip;
            line = line[skip..];
        }
        else if (IndexOfBlock(line, (byte)'2') == 0)
        {
            ReadEnvelope(line);
        }
        var tag = MtFields.ReadTag(line, out _);
        // A cut-out piece of a statement may begin anywhere; later only a field that can begin a message does.
        var starts = (!_everStarted && tag != 0 && MtFields.IsKnown(tag)) || tag is MtFields.Tag20 or MtFields.Tag25 or MtFields.Tag25P or MtFields.Tag28C or MtFields.Tag28 or MtFields.Tag60F or MtFields.Tag60M or MtFields.Tag61;
        if (!starts)
        {
            Consume();
            return;
        }
        _lineStart += from;
        _lineLength -= from;
        BeginMessage();
    }

    /// <summary>Position of a block <c>{n:</c>; 7-bit Swedish files write <c>ä</c> for the brace.</summary>
    private static int IndexOfBlock(ReadOnlySpan<byte> line, byte number)
    {
        for (var at = 0; at < line.Length; at++)
        {
            var found = line[at..].IndexOfAny((byte)'{', (byte)0xE4, (byte)0xC3);
            if (found < 0) return -1;
            at += found;
            var digit = line[at] == 0xC3 ? at + 2 : at + 1;
            if (line[at] == 0xC3 && (at + 1 >= line.Length || line[at + 1] != 0xA4)) continue;
            if (digit + 1 < line.Length && line[digit] == number && line[digit + 1] == ':') return at;
        }
        return -1;
    }

    private static int LastBlock4(ReadOnlySpan<byte> line, out int length)
    {
        length = 0;
        var last = -1;
        for (var from = 0; from < line.Length;)
        {
            var at = IndexOfBlock(line[from..], (byte)'4');
            if (at < 0) break;
            last = from + at;
            length = line[last] == 0xC3 ? 4 : 3;
            from = last + length;
        }
        // An acknowledgement carries {4:{177:…}}: no text follows in it.
        return last >= 0 && last + length < line.Length && line[last + length] == '{' ? -1 : last;
    }

    private void ReadEnvelope(ReadOnlySpan<byte> line)
    {
        var one = line.LastIndexOf("{1:"u8);
        if (one >= 0 && line.Length >= one + 18) _envelope = Encoding.ASCII.GetString(line.Slice(one + 6, 12));
        var two = IndexOfBlock(one >= 0 ? line[one..] : line, (byte)'2');
        if (two < 0) return;
        if (one >= 0) two += one;
        var skip = line[two] == 0xC3 ? 4 : 3;
        if (line.Length < two + skip + 4) return;
        var type = line.Slice(two + skip + 1, 3);
        foreach (var b in type)
            if (!char.IsAsciiDigit((char)b)) return;
        _blockType = Encoding.ASCII.GetString(type);
    }

    // ---- inside a message ------------------------------------------------------------------------------------------------------

    private void BeginMessage()
    {
        _mode = Mode.Inside;
        _context = Context.Header;
        _everStarted = true;
        _skipped = 0;
        _headerEmitted = _closingSeen = _sawIntraday = _hasReference = _hasOpeningTag = false;
        _reference = _related = _account = _number = _createdAt = _floorCurrency = _currency = null;
        _opening = _closing = _available = null;
        _points = PointStyle.Unknown;
        _information.Clear();
        _debitTotal = _creditTotal = null;
        _statementLine = _lineNumber;
        _statementOffset = _base + _lineStart;
        _ordinal = 0;
        _pendingEnd = false;
        _deferred.Clear();
        Tally.Reset();
        if (_nulBytes > 0) Tally.Note(FindingCodes.NulBytes, Verdict.Warn, "The file holds NUL bytes.", _lineNumber);
    }

    /// <summary>Handles the current line; true when an event is ready.</summary>
    private bool LineInside()
    {
        var line = Current;
        if (line.IsEmpty || (line[0] <= ' ' && line.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0))
        {
            if (_context is Context.Narrative && !AddLine()) return EmitCut();
            Consume();
            return false;
        }
        if (_nulBytes > 0) Tally.Note(FindingCodes.NulBytes, Verdict.Warn, "The file holds NUL bytes.", _lineNumber);

        var first = line[0];
        var contentAt = 0;
        var tag = first == ':' ? MtFields.ReadTag(line, out contentAt) : _pendingTagAt >= 0 ? Continue(line, out contentAt) : 0;
        if (_pendingEnd)
        {
            // A lone dash, and then an entry or a balance: the message goes on.
            _pendingEnd = false;
            if (tag == 0 || !MtFields.IsKnown(tag) || !LegalAfterEntry(tag) || tag == MtFields.Tag20)
            {
                _mode = Mode.Ending;
                return false;
            }
            Tally.Note(FindingCodes.DashInText, Verdict.Warn, "A line holding only a dash does not end the statement.", _lineNumber);
        }
        if (tag == 0 && first == '-' && !_itemOpen && line.TrimEnd((byte)' ').Length == 1)
        {
            _pendingEnd = true;
            Consume();
            return false;
        }
        if (tag == 0 && first != ':' && EndsMessage(line, out var remainder))
        {
            SettlePending(endsMessage: true);
            if (remainder > 0)
            {
                _lineStart += remainder;
                _lineLength -= remainder;
            }
            else if (remainder == 0)
            {
                Consume();
            }
            _mode = Mode.Ending;
            return false;
        }
        if (tag == MtFields.Tag20 && (_hasReference || _context != Context.Header || _account is not null || _hasOpeningTag))
        {
            SettlePending(endsMessage: true);
            _mode = Mode.Ending;
            return false;
        }
        if (tag == 0 && first == '-' && line.TrimEnd((byte)' ').Length == 1 && _itemOpen)
        {
            // Decided by the next line: text goes on, or the message ends here.
            if (_pendingDashAt < 0) _pendingDashAt = _lineCount;
            if (!AddLine()) return EmitCut();
            Consume();
            return false;
        }
        if (_itemOpen && tag != 0 && !LegalAfterEntry(tag))
        {
            if (MtFields.IsKnown(tag) || _context == Context.Narrative)
            {
                Tally.Note(FindingCodes.TagInText, Verdict.Accept, "A line inside a text looks like a field.", _lineNumber);
                tag = 0;
            }
        }
        if (tag == 0 && _itemOpen && first == ':' && line.Length < 4 && IsTagStart(line))
        {
            // ":" or ":8" at a line's end: perhaps a tag that the bank's line width cut.
            if (!AddLine()) return EmitCut();
            _pendingTagAt = _lineCount - 1;
            Consume();
            return false;
        }
        SettlePending(endsMessage: false);

        if (tag == 0) return ContinueText(line);
        if (_itemOpen && tag != MtFields.Tag86) return EmitEntry();
        switch (tag)
        {
            case MtFields.Tag61:
                if (!_headerEmitted) return EmitHeader();
                if (EntriesInFile >= Limits.EntriesPerFile)
                {
                    _refusal = new Finding(FindingCodes.TooManyEntries, Verdict.Reject, $"The file holds more than {Limits.EntriesPerFile} entries.", _lineNumber);
                    return false;
                }
                EntriesInFile++;
                _itemOpen = true;
                _itemStart = _lineStart + contentAt;
                _itemLine = _lineNumber;
                _itemWarnings = EntryWarnings.None;
                _lineCount = 1;
                _statementLines = 1;
                _lines[0] = new(0, line.Length - contentAt);
                _context = Context.Entry;
                break;
            case MtFields.Tag86 when _itemOpen:
                if (_context == Context.Narrative) _itemWarnings |= EntryWarnings.RepeatedNarrative;
                _context = Context.Narrative;
                if (!AddLine(contentAt)) return EmitCut();
                break;
            case MtFields.Tag86 when _context == Context.CutNarrative:
                break;
            case MtFields.Tag86:
                Inform(line[contentAt..]);
                _context = Context.Information;
                break;
            default:
                if (tag is MtFields.Tag62F or MtFields.Tag62M or MtFields.Tag90C or MtFields.Tag90D && !_headerEmitted)
                {
                    if (tag is MtFields.Tag90C or MtFields.Tag90D) _sawIntraday = true;
                    return EmitHeader();
                }
                Field(tag, line[contentAt..]);
                break;
        }
        Consume();
        return false;
    }

    /// <summary>If the line before was a cut-off tag and this line completes it, the tag; else 0.</summary>
    private int Continue(ReadOnlySpan<byte> line, out int contentAt)
    {
        contentAt = 0;
        var pending = _buffer.AsSpan(_itemStart + _lines[_pendingTagAt].Start, _lines[_pendingTagAt].Length);
        Span<byte> joined = stackalloc byte[8];
        pending.CopyTo(joined);
        var take = Math.Min(line.Length, 8 - pending.Length);
        line[..take].CopyTo(joined[pending.Length..]);
        var tag = MtFields.ReadTag(joined[..(pending.Length + take)], out var at);
        if (tag == 0 || !MtFields.IsKnown(tag) || !LegalAfterEntry(tag) || at <= pending.Length) return 0;
        DropLines(_pendingTagAt);
        _pendingTagAt = -1;
        Tally.Note(FindingCodes.BrokenTag, Verdict.Warn, "A field's tag is broken over two lines.", _lineNumber);
        contentAt = at - pending.Length;
        return tag;
    }

    private static bool IsTagStart(ReadOnlySpan<byte> line)
    {
        for (var i = 1; i < line.Length; i++)
            if (!char.IsAsciiDigit((char)line[i])) return false;
        return true;
    }

    private static bool LegalAfterEntry(int tag) => tag is MtFields.Tag61 or MtFields.Tag86 or MtFields.Tag62F or MtFields.Tag62M or MtFields.Tag64
        or MtFields.Tag65 or MtFields.Tag20 or MtFields.TagNs or MtFields.Tag90C or MtFields.Tag90D;

    /// <summary>
    /// True when the line closes the message. <paramref name="remainder"/>: where the rest of the line goes on outside;
    /// 0 when the line is used up, -1 when the whole line belongs outside.
    /// </summary>
    private bool EndsMessage(ReadOnlySpan<byte> line, out int remainder)
    {
        remainder = 0;
        switch (line[0])
        {
            case 1:
                remainder = -1;
                return true;
            case 3 or 0x1A:
                remainder = line.Length > 1 ? 1 : 0;
                return true;
            case (byte)'{' or 0xE4 or 0xC3:
                remainder = -1;
                return IndexOfBlock(line, (byte)'1') == 0 || IndexOfBlock(line, (byte)'4') == 0 || IndexOfBlock(line, (byte)'5') == 0;
            case (byte)'$':
                remainder = -1;
                return line.Length == 1 || IndexOfBlock(line, (byte)'1') == 1 || MtFields.ReadTag(line[1..], out _) == MtFields.Tag20;
            case (byte)'-':
                if (line.Length > 1 && line[1] == '}')
                {
                    remainder = line.Length > 2 ? 2 : 0;
                    return true;
                }
                // Inside the text of an entry a dash may be text; elsewhere "-" and "-XXX" end the message.
                if (_itemOpen) return false;
                return _context != Context.Information || line.TrimEnd((byte)' ').Length <= 4;
            default:
                return false;
        }
    }

    /// <summary>Turns a remembered dash or cut-off tag into text, or drops it when the message ends.</summary>
    private void SettlePending(bool endsMessage)
    {
        _pendingTagAt = -1;
        if (_pendingDashAt < 0) return;
        if (endsMessage) DropLines(_pendingDashAt);
        else _itemWarnings |= EntryWarnings.DashInText;
        _pendingDashAt = -1;
    }

    private void DropLines(int from)
    {
        _lineCount = from;
        _statementLines = Math.Min(_statementLines, from);
    }

    private bool ContinueText(ReadOnlySpan<byte> line)
    {
        switch (_context)
        {
            case Context.Entry or Context.Narrative:
                if (!AddLine()) return EmitCut();
                break;
            case Context.Information:
                Inform(line);
                break;
            case Context.Number when _number is not null && _number.Length < 40 && line.IndexOfAnyExcept(NumberBytes) < 0:
                _number += Decode(line).Trim();
                break;
        }
        Consume();
        return false;
    }

    private bool AddLine(int contentAt = 0)
    {
        var start = _lineStart + contentAt - _itemStart;
        if (_context != Context.Narrative && _lineCount > _statementLines) _statementLines = _lineCount;
        if (_lineCount - _statementLines >= Limits.NarrativeLines || start + _lineLength > Limits.EntryBytes) return false;
        if (_lineCount == _lines.Length) Array.Resize(ref _lines, _lines.Length * 2);
        _lines[_lineCount++] = new(start, _lineLength - contentAt);
        if (_context == Context.Entry) _statementLines = _lineCount;
        return true;
    }

    /// <summary>The entry's text reached the limit: hand it out as it is and skip the rest of the text.</summary>
    private bool EmitCut()
    {
        SettlePending(endsMessage: false);
        _itemWarnings |= EntryWarnings.NarrativeCut;
        Consume();
        var emitted = EmitEntry();
        _context = Context.CutNarrative;
        return emitted;
    }

    private void Inform(ReadOnlySpan<byte> text)
    {
        if (_information.Length >= MaxInformationChars) return;
        if (_information.Length > 0) _information.Append('\n');
        var decoded = Decode(text);
        _information.Append(decoded, 0, Math.Min(decoded.Length, MaxInformationChars - _information.Length));
    }

    private string Decode(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd((byte)' ');
        if (Ascii.IsValid(text)) return Encoding.ASCII.GetString(text);
        if (Utf8.IsValid(text))
        {
            Tally.SawUtf8 = true;
            return Encoding.UTF8.GetString(text);
        }
        Tally.SawFallback = true;
        return FallbackEncoding.GetString(text);
    }

    private void Field(int tag, ReadOnlySpan<byte> content)
    {
        _context = Context.Other;
        switch (tag)
        {
            case MtFields.Tag20:
                _hasReference = true;
                _reference = Decode(content).Trim();
                _context = Context.Header;
                break;
            case MtFields.Tag21:
                _related = Decode(content).Trim();
                _context = Context.Header;
                break;
            case MtFields.Tag25 or MtFields.Tag25P:
                if (_account is not null) Repeated();
                _account ??= Decode(content).Trim();
                _context = Context.Header;
                break;
            case MtFields.Tag28 or MtFields.Tag28C:
                if (_number is not null) Repeated();
                _number ??= Decode(content).Trim();
                _context = Context.Number;
                break;
            case MtFields.Tag60F or MtFields.Tag60M:
                _hasOpeningTag = true;
                if (_opening is not null)
                {
                    Repeated();
                    break;
                }
                _opening = MtFields.ReadBalance(content, tag == MtFields.Tag60M, out _points, out var openingWarnings);
                NoteBalance(_opening, openingWarnings, "opening");
                _currency ??= _opening?.Currency;
                break;
            case MtFields.Tag62F or MtFields.Tag62M:
                if (_closingSeen) Repeated();
                _closingSeen = true;
                _closing = MtFields.ReadBalance(CutTrailer(content), tag == MtFields.Tag62M, out _, out var closingWarnings);
                NoteBalance(_closing, closingWarnings, "closing");
                break;
            case MtFields.Tag64:
                _available = MtFields.ReadBalance(CutTrailer(content), false, out _, out _);
                break;
            case MtFields.Tag65:
                break;
            case MtFields.Tag13 or MtFields.Tag13D:
                _sawIntraday = true;
                _createdAt = Decode(content).Trim();
                break;
            case MtFields.Tag34F:
                _sawIntraday = true;
                if (content.Length >= 3 && char.IsAsciiLetter((char)content[0])) _currency ??= _floorCurrency = Encoding.ASCII.GetString(content[..3]).ToUpperInvariant();
                if (content.IndexOf((byte)'.') >= 0 && content.IndexOf((byte)',') < 0) _points = PointStyle.Decimal;
                break;
            case MtFields.Tag90C or MtFields.Tag90D:
                _sawIntraday = true;
                if (!MtFields.TryReadSum(content, out var count, out var sum)) break;
                if (tag == MtFields.Tag90C) _creditTotal = (count, sum);
                else _debitTotal = (count, sum);
                break;
            case MtFields.TagNs:
                Tally.Note(FindingCodes.ProprietaryTag, Verdict.Warn, "The statement holds a bank's own field :NS:.", _lineNumber);
                break;
            default:
                Tally.Note(FindingCodes.UnknownTag, Verdict.Warn, $"The statement holds the unknown field :{TagName(tag)}:.", _lineNumber);
                break;
        }

        void Repeated() => Tally.Note(FindingCodes.RepeatedTag, Verdict.Warn, $"Field {TagName(tag)} stands more than once in a statement.", _lineNumber);
    }

    private void NoteBalance(Balance? balance, EntryWarnings warnings, string which)
    {
        if (balance is null) Tally.Note(FindingCodes.BalanceUnreadable, Verdict.Warn, $"The {which} balance cannot be read.", _lineNumber);
        Tally.Note(warnings, _lineNumber);
    }

    private static string TagName(int tag) => ((tag >> 8) & 0xFF).ToString("00", CultureInfo.InvariantCulture) + ((tag & 0xFF) is var letter and not 0 ? ((char)letter).ToString() : "");

    /// <summary>A last field with the end of the block on its own line: <c>…75,00-}</c>.</summary>
    private static ReadOnlySpan<byte> CutTrailer(ReadOnlySpan<byte> content)
    {
        var at = content.IndexOf("-}"u8);
        return at < 0 ? content : content[..at];
    }

    // ---- events ----------------------------------------------------------------------------------------------------------------

    private bool EmitHeader()
    {
        _headerEmitted = true;
        _currency ??= _floorCurrency;
        _decimals = _currency is null ? 3 : CurrencyFacts.Decimals(_currency);
        var format = _blockType switch
        {
            "940" => StatementFormat.Mt940,
            "941" => StatementFormat.Mt941,
            "942" => StatementFormat.Mt942,
            "950" => StatementFormat.Mt950,
            _ => _sawIntraday && !_hasOpeningTag ? StatementFormat.Mt942 : StatementFormat.Mt940,
        };
        var (number, page) = ReadNumber(_number);
        Statements++;
        SetHeader(new StatementHeader
        {
            Format = format,
            Index = Statements,
            Reference = Blank(_reference),
            RelatedReference = Blank(_related),
            Account = Blank(_account),
            NormalisedAccount = Blank(_account) is { } account ? Profile.NormaliseAccount(account) : null,
            Currency = _currency,
            Number = Blank(_number),
            StatementNumber = number,
            Page = page,
            Opening = _opening,
            Envelope = _envelope,
            CreatedAt = _createdAt,
            MessageName = _blockType,
            Line = _statementLine,
            ByteOffset = _statementOffset,
        });
        Format = format;
        Event = StatementEvent.StatementStart;
        return true;
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    /// <summary><c>12/3</c> → 12 and 3. Anything else stays raw.</summary>
    private static (int? Number, int? Page) ReadNumber(string? text)
    {
        if (text is null) return (null, null);
        var parts = text.Split('/');
        int? number = int.TryParse(parts[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
        int? page = parts.Length == 2 && int.TryParse(parts[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var p) ? p : null;
        return (number, page);
    }

    private bool EmitEntry()
    {
        _itemOpen = false;
        _context = Context.Other;
        var item = new Item(_statementLines, ++_ordinal, _itemLine, _base + _itemStart, _itemWarnings);
        if (!Fill(_buffer, _itemStart, _lines.AsSpan(0, _lineCount), item, _points, out var ambiguous) && ambiguous && _deferred.Count < MaxDeferred)
        {
            var last = _lines[_lineCount - 1];
            var bytes = _buffer.AsSpan(_itemStart, last.Start + last.Length).ToArray();
            _deferred.Add(new Deferred(bytes, _lines.AsSpan(0, _lineCount).ToArray(), item));
            return false;
        }
        return Emit();
    }

    private bool Emit()
    {
        if (Entry.Reason is null)
        {
            Tally.Add(Entry);
            Event = StatementEvent.Entry;
        }
        else
        {
            Tally.AddBad(Entry);
            Event = StatementEvent.BadEntry;
        }
        return true;
    }

    /// <summary>Parses the collected lines into <see cref="StatementReader.Entry"/>; false with Reason set when the entry is bad.</summary>
    private bool Fill(byte[] buffer, int origin, ReadOnlySpan<Line> lines, in Item item, PointStyle points, out bool ambiguous)
    {
        var entry = Entry;
        var last = lines[^1];
        var encoding = Choose(buffer.AsSpan(origin, last.Start + last.Length));
        Begin(buffer, encoding, item);
        var first = buffer.AsSpan(origin + lines[0].Start, lines[0].Length);
        var reason = MtFields.ReadStatementLine(first, origin + lines[0].Start, entry, _currency, _decimals, _opening?.Date ?? default, points, Profile, out ambiguous);
        var used = 1;
        if (item.StatementLines > 1 && (reason is not null || ((entry.Warnings & EntryWarnings.TypeMissing) != 0 && entry.Bytes(EntryField.BankReference).IsEmpty)))
        {
            // The line may be cut after the mark or inside the amount: read it together with the next one.
            if (TryJoined(buffer, origin, lines, points, encoding, item))
            {
                reason = null;
                ambiguous = false;
                used = 2;
                origin = 0;
                lines = _joinedLines;
                buffer = _joined;
            }
            else
            {
                Begin(buffer, encoding, item);
                reason = MtFields.ReadStatementLine(first, origin + lines[0].Start, entry, _currency, _decimals, _opening?.Date ?? default, points, Profile, out ambiguous);
            }
        }
        foreach (var line in lines) entry.AddRaw(origin + line.Start, line.Length);
        entry.Reason = reason;
        if (reason is not null) return false;

        for (var i = used; i < item.StatementLines; i++)
        {
            var (start, length) = (origin + lines[i].Start, lines[i].Length);
            if (i == used && entry.Bytes(EntryField.BankReference).IsEmpty && EndsInSlashes(buffer, origin, lines[used - 1]) && length > 0 && buffer[start] != '/')
            {
                entry.Set(EntryField.BankReference, start, length);
                entry.Warnings |= EntryWarnings.BankReferenceWrapped;
            }
            else if (entry.Bytes(EntryField.Supplementary).IsEmpty)
            {
                entry.Set(EntryField.Supplementary, start, length);
            }
        }
        for (var i = item.StatementLines; i < lines.Length; i++) entry.AddNarrative(origin + lines[i].Start, lines[i].Length);
        return true;
    }

    private void Begin(byte[] bytes, Encoding encoding, in Item item)
    {
        Entry.Begin(bytes, Profile, encoding);
        Entry.Ordinal = item.Ordinal;
        Entry.Line = item.FileLine;
        Entry.ByteOffset = item.ByteOffset;
        Entry.Currency = _currency;
        Entry.Warnings = item.Warnings;
    }

    private bool TryJoined(byte[] buffer, int origin, ReadOnlySpan<Line> lines, PointStyle points, Encoding encoding, in Item item)
    {
        var total = 0;
        foreach (var line in lines) total += line.Length;
        if (_joined.Length < total) _joined = new byte[total + 256];
        _joinedLines = new Line[lines.Length];
        var at = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            buffer.AsSpan(origin + lines[i].Start, lines[i].Length).CopyTo(_joined.AsSpan(at));
            _joinedLines[i] = new(at, lines[i].Length);
            at += lines[i].Length;
        }
        Begin(_joined, encoding, item);
        var reason = MtFields.ReadStatementLine(_joined.AsSpan(0, lines[0].Length + lines[1].Length), 0, Entry, _currency, _decimals, _opening?.Date ?? default, points, Profile, out _);
        if (reason is not null || (Entry.Warnings & EntryWarnings.TypeMissing) != 0) return false;
        Entry.Warnings |= EntryWarnings.BrokenLine;
        return true;
    }

    private static bool EndsInSlashes(byte[] buffer, int origin, Line line) =>
        buffer.AsSpan(origin + line.Start, line.Length).TrimEnd((byte)' ').EndsWith("//"u8);

    private Encoding Choose(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes)) return Encoding.UTF8;
        if (Utf8.IsValid(bytes))
        {
            Tally.SawUtf8 = true;
            return Encoding.UTF8;
        }
        Tally.SawFallback = true;
        return FallbackEncoding;
    }

    /// <summary>One event per call: what is left of the message, at last its end.</summary>
    private void EndMessage()
    {
        if (!_headerEmitted)
        {
            EmitHeader();
            return;
        }
        if (_itemOpen && EmitEntry()) return;
        if (_deferred.Count > 0)
        {
            EmitDeferred();
            return;
        }
        CheckEnd();
        _mode = Mode.Outside;
        _blockType = _envelope = null;
        EndStatement(_opening, _closing, _available, _information.Length == 0 ? null : _information.ToString(), Math.Max(_statementLine, _lineNumber - 1));
    }

    private void EmitDeferred()
    {
        _settled ??= Settle();
        var style = _settled.Value;
        var next = _deferred[0];
        _deferred.RemoveAt(0);
        if (_deferred.Count == 0) _settled = null;
        var settled = style == PointStyle.Unknown ? EntryWarnings.None : EntryWarnings.AmbiguousAmountSettled;
        Fill(next.Bytes, 0, next.Lines, next.Item with { Warnings = next.Item.Warnings | settled }, style, out _);
        Emit();
    }

    /// <summary>
    /// Which reading of the points makes the statement add up. Without balances to ask, one or two digits after a single point are
    /// decimals: thousands cannot have them.
    /// </summary>
    private PointStyle Settle()
    {
        foreach (var style in (ReadOnlySpan<PointStyle>)[PointStyle.Decimal, PointStyle.Thousands])
        {
            var sum = 0m;
            var readable = true;
            foreach (var item in _deferred)
            {
                readable &= Fill(item.Bytes, 0, item.Lines, item.Item, style, out _);
                if (!readable) break;
                if (Entry.IsBooked) sum += Entry.SignedAmount;
                if (_opening is null && _closing is null && style == PointStyle.Decimal && Entry.AmountScale > 2) readable = false;
            }
            if (!readable) continue;
            if (_opening is null && _closing is null && style == PointStyle.Decimal) return style;
            if (_opening is not null && _closing is not null && _opening.Amount + Tally.Credits - Tally.Debits + sum == _closing.Amount) return style;
        }
        return PointStyle.Unknown;
    }

    private void CheckEnd()
    {
        var line = _lineNumber - 1;
        if (!_hasReference) Tally.Note(FindingCodes.NoReference, Verdict.Warn, "The statement has no field 20.", _statementLine);
        if (Blank(_account) is null) Tally.Note(FindingCodes.NoAccount, Verdict.Reject, "The statement names no account.", _statementLine);
        if (_number is null) Tally.Note(FindingCodes.NoNumber, Verdict.Warn, "The statement has no number (field 28C).", _statementLine);
        else if (Header.StatementNumber is null)
            Tally.Note(FindingCodes.NumberUnreadable, Verdict.Accept, "The statement number is not a number.", _statementLine);
        if (Header.Format is StatementFormat.Mt942)
        {
            Control(_debitTotal, Tally.AllDebits);
            Control(_creditTotal, Tally.AllCredits);
            return;
        }
        if (Header.Format is StatementFormat.Mt941) return;
        if (!_closingSeen)
            Tally.Note(FindingCodes.NoClosing, Verdict.Reject, "The statement ends without a closing balance: it may be cut off.", line);
        if (!_hasOpeningTag)
            Tally.Note(FindingCodes.NoOpening, Profile.BalancePolicy == FindingPolicy.Hold ? Verdict.Hold : Verdict.Warn, "The statement has no opening balance: it cannot be checked.", _statementLine);

        void Control((int Count, decimal Sum)? claimed, (int Count, decimal Sum) found)
        {
            if (claimed is { } c && (c.Count != found.Count || c.Sum != found.Sum))
                Tally.Note(FindingCodes.ControlSum, StatementTally.Severity(Profile.BalancePolicy), "The bank's count or sum of entries is not that of the entries.", line);
        }
    }
}
