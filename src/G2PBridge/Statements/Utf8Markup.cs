using System.Buffers;
using System.Text;
using System.Text.Unicode;
using System.Xml;

namespace G2PBridge.Statements;

/// <summary>
/// XML 1.0 with namespaces over UTF-8 bytes, as far as bank messages need it, and strict: a document type is refused, and what the
/// recommendation calls not well-formed is not read on. A tag, a text, a comment is looked at in one piece in the buffer; the buffer grows
/// to the longest of them, which is bounded.
/// </summary>
/// <remarks>Rules: Extensible Markup Language (XML) 1.0, fifth edition, and Namespaces in XML 1.0, third edition, W3C.</remarks>
internal sealed partial class Utf8Markup(Stream stream) : Markup
{
    private const int FirstBuffer = 64 * 1024;
    private const int LongestPiece = 2 * 1024 * 1024;
    private const int MaxNames = 900;
    private const int LongestName = 512;

    // What stands for itself in a text: printable ASCII but <, & and ], which may begin something, tab and line feed.
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x60).Where(b => b is not ('<' or '&' or ']')).Select(b => (byte)b), (byte)'\t', (byte)'\n']);

    private readonly HashSet<string> _unknownNames = new(StringComparer.Ordinal);
    private readonly List<(string Prefix, string Uri, int Depth)> _spaces = [];
    private readonly List<(int Start, int Length)> _attributes = [];
    private byte[] _buffer = new byte[FirstBuffer];
    private byte[] _decoded = new byte[4096];
    private byte[] _open = new byte[2048];
    private int[] _openEnds = new int[80];
    private int _depth;
    private int _start;
    private int _next;
    private int _end;
    private bool _isFirst = true;
    private bool _sawRoot;
    private bool _hasLooseSpaces;
    private bool _sawReturn;
    private long _line = 1;
    private int _lineMark;
    private (int Start, int Length) _name;
    private (int Start, int Length) _text;
    private bool _isDecoded;
    private int _currency = -1;

    public override string LocalName => Encoding.UTF8.GetString(Local(_buffer.AsSpan(_name.Start, _name.Length)));

    public override string Namespace
    {
        get
        {
            var name = _buffer.AsSpan(_name.Start, _name.Length);
            var colon = name.IndexOf((byte)':');
            return Find(colon < 0 ? "" : Encoding.UTF8.GetString(name[..colon])) ?? "";
        }
    }

    public override long Line
    {
        get
        {
            CountLines();
            return _line;
        }
    }

    /// <summary>
    /// True for a file that begins plainly: with or without the mark of UTF-8, with no declaration or one that names version 1.0 and at most
    /// UTF-8, and without a document type. Everything else is for the platform, to read or to refuse.
    /// </summary>
    public static bool Understands(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith(Encoding.UTF8.Preamble)) head = head[3..];
        if (head.Contains((byte)0) || head.IndexOf("<!DOCTYPE"u8) >= 0) return false;
        if (!head.StartsWith("<?xml"u8)) return head.TrimStart(" \t\r\n"u8) is [(byte)'<', ..];
        var close = head.IndexOf("?>"u8);
        if (close < 0) return false;
        var words = Encoding.Latin1.GetString(head[5..close]).Replace('\'', '"').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is ["version=\"1.0\"", ..] && words.Length <= 3
            && Array.TrueForAll(words[1..], word => word.Equals("encoding=\"UTF-8\"", StringComparison.OrdinalIgnoreCase) || word is "standalone=\"yes\"" or "standalone=\"no\"")
            && words.Distinct(StringComparer.OrdinalIgnoreCase).Count() == words.Length && head[5] == ' ';
    }

    public override MarkupNode Read()
    {
        while (true)
        {
            _start = _next;
            if (_start >= _end && !More(1)) return AtEnd();
            var isFirst = _isFirst;
            _isFirst = false;
            if (isFirst) SkipMark();
            if (_buffer[_start] != '<')
            {
                if (ReadText()) return MarkupNode.Text;
                continue;
            }
            Need(2);
            switch (_buffer[_start + 1])
            {
                case (byte)'/':
                    ReadEnd();
                    return MarkupNode.EndElement;
                case (byte)'!':
                    if (ReadSection()) return MarkupNode.Text;
                    break;
                case (byte)'?':
                    ReadInstruction(isFirst);
                    break;
                default:
                    ReadStart();
                    return MarkupNode.Element;
            }
        }
    }

    public override void AppendText(MarkupText to) => to.Append((_isDecoded ? _decoded : _buffer).AsSpan(_text.Start, _text.Length));

    public override bool TryCurrency(MarkupText to)
    {
        if (_currency < 0) return false;
        var (start, length) = _attributes[_currency + 1];
        Check(_buffer.AsSpan(start, length), isAttribute: true, start);
        AppendText(to);
        return true;
    }

    public override void Dispose()
    {
    }

    private MarkupNode AtEnd()
    {
        _next = _start;
        return _depth == 0 && _sawRoot ? MarkupNode.End : throw Malformed("it ends too early");
    }

    private void SkipMark()
    {
        if (_buffer[_start] != 0xEF) return;
        Need(4);
        if (!_buffer.AsSpan(_start, 3).SequenceEqual(Encoding.UTF8.Preamble)) throw Malformed("it begins with neither a tag nor the mark of UTF-8");
        _start += 3;
    }

    // ---- texts -----------------------------------------------------------------------------------------------------------------

    /// <summary>False for blanks between elements.</summary>
    private bool ReadText()
    {
        // Nearly every text is plain and whole in the buffer: then this one search says so and finds its end.
        var length = _buffer.AsSpan(_start, _end - _start).IndexOfAnyExcept(Plain);
        if (length > 0 && _depth > 0 && _buffer[_start + length] == '<' && _buffer[_start] > ' ')
        {
            _next = _start + length;
            Take(_start, length);
            return true;
        }
        for (var from = 0; (length = _buffer.AsSpan(_start + from, _end - _start - from).IndexOf((byte)'<')) < 0;)
        {
            from = _end - _start;
            if (More(from + 1)) continue;
            length = from;
            _next = _end;
            if (!Blank(_buffer.AsSpan(_start, length)) || _depth > 0) throw Malformed("a text is not inside an element");
            return false;
        }
        length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'<');
        _next = _start + length;
        var text = _buffer.AsSpan(_start, length);
        if (text[0] <= ' ' && Blank(text)) return false;
        if (_depth == 0) throw Malformed("a text is not inside an element");
        Check(text, isAttribute: false, _start);
        return !_isDecoded || !Blank(_decoded.AsSpan(0, _text.Length));
    }

    /// <summary>Comment, CDATA or, refused, a document type. True where it is text.</summary>
    private bool ReadSection()
    {
        Need(4);
        if (_buffer.AsSpan(_start, 4).SequenceEqual("<!--"u8))
        {
            var length = FindAfter(4, "--"u8);
            Need(4 + length + 3);
            if (_buffer[_start + 4 + length + 2] != '>') throw Malformed("a comment holds two dashes");
            CheckCharacters(_buffer.AsSpan(_start + 4, length));
            _next = _start + 4 + length + 3;
            return false;
        }
        Need(9);
        if (_buffer.AsSpan(_start, 9).SequenceEqual("<!DOCTYPE"u8)) throw new XmlException("A DTD is prohibited.", null, (int)Line, 1);
        if (_depth == 0 || !_buffer.AsSpan(_start, 9).SequenceEqual("<![CDATA["u8)) throw Malformed("a tag begins with an exclamation mark");
        var inside = FindAfter(9, "]]>"u8);
        _next = _start + 9 + inside + 3;
        var text = _buffer.AsSpan(_start + 9, inside);
        CheckCharacters(text);
        if (text.Contains((byte)'\r')) Decode(text, entities: false, isAttribute: false);
        else Take(_start + 9, inside);
        return true;
    }

    private void ReadInstruction(bool isFirst)
    {
        var length = FindAfter(2, "?>"u8);
        var text = _buffer.AsSpan(_start + 2, length);
        var end = text.IndexOfAny(" \t\r\n"u8);
        var target = end < 0 ? text : text[..end];
        if (!IsName(target) || target.Contains((byte)':')) throw Malformed("an instruction has no name");
        if (Ascii.EqualsIgnoreCase(target, "xml"u8) && !(isFirst && target.SequenceEqual("xml"u8))) throw Malformed("a declaration stands inside of it");
        CheckCharacters(text);
        _next = _start + 2 + length + 2;
    }

    /// <summary>A plain text stays where it is; another one is decoded or refused.</summary>
    private void Check(ReadOnlySpan<byte> text, bool isAttribute, int start)
    {
        if (text.IndexOfAnyExcept(Plain) < 0 && !(isAttribute && text.ContainsAny((byte)'\t', (byte)'\n')))
        {
            Take(start, text.Length);
            return;
        }
        CheckCharacters(text);
        if (!isAttribute && text.IndexOf("]]>"u8) >= 0) throw Malformed("a text holds the end of a CDATA section");
        if (text.IndexOfAny((byte)'&', (byte)'\r') < 0 && !isAttribute) Take(start, text.Length);
        else Decode(text, entities: true, isAttribute);
    }

    private void Take(int start, int length)
    {
        _isDecoded = false;
        _text = (start, length);
    }

    private void CheckCharacters(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAnyExcept(Plain) < 0) return;
        if (text.IndexOfAnyInRange((byte)0, (byte)8) >= 0 || text.IndexOfAny((byte)11, (byte)12) >= 0 || text.IndexOfAnyInRange((byte)14, (byte)31) >= 0) throw Malformed("it holds a control character");
        if (!Utf8.IsValid(text)) throw Malformed("it is not UTF-8");
        if (text.IndexOf("\uFFFE"u8) >= 0 || text.IndexOf("\uFFFF"u8) >= 0) throw Malformed("it holds what is no character");
    }

    /// <summary>Line ends become line feeds, references what they stand for; in an attribute every blank becomes a space.</summary>
    private void Decode(ReadOnlySpan<byte> text, bool entities, bool isAttribute)
    {
        if (_decoded.Length < text.Length) _decoded = new byte[Math.Max(text.Length, _decoded.Length * 2)];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case (byte)'\r':
                    if (at + 1 < text.Length && text[at + 1] == '\n') at++;
                    _decoded[length++] = isAttribute ? (byte)' ' : (byte)'\n';
                    break;
                case (byte)'\n' or (byte)'\t' when isAttribute:
                    _decoded[length++] = (byte)' ';
                    break;
                case (byte)'&' when entities:
                    var end = text[at..].IndexOf((byte)';');
                    if (end < 2) throw Malformed("a reference is cut off");
                    length += Resolve(text.Slice(at + 1, end - 1)).EncodeToUtf8(_decoded.AsSpan(length));
                    at += end;
                    break;
                default:
                    _decoded[length++] = text[at];
                    break;
            }
        }
        _isDecoded = true;
        _text = (0, length);
    }

    private Rune Resolve(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("amp"u8)) return new Rune('&');
        if (name.SequenceEqual("lt"u8)) return new Rune('<');
        if (name.SequenceEqual("gt"u8)) return new Rune('>');
        if (name.SequenceEqual("quot"u8)) return new Rune('"');
        if (name.SequenceEqual("apos"u8)) return new Rune('\'');
        var isHexadecimal = name.StartsWith("#x"u8);
        if (!isHexadecimal && !name.StartsWith("#"u8)) throw Malformed("it names an entity that nobody declared");
        var value = 0;
        var digits = name[(isHexadecimal ? 2 : 1)..];
        if (digits.IsEmpty) throw Malformed("a reference names no character");
        foreach (var digit in digits)
        {
            if (!(isHexadecimal ? char.IsAsciiHexDigit((char)digit) : char.IsAsciiDigit((char)digit))) throw Malformed("a reference is no number");
            value = (value * (isHexadecimal ? 16 : 10)) + (char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
            if (value > 0x10FFFF) throw Malformed("a reference names no character");
        }
        return value is 9 or 10 or 13 or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or >= 0x10000 ? new Rune(value) : throw Malformed("a reference names no character");
    }

    // ---- the buffer ------------------------------------------------------------------------------------------------------------

    /// <summary>Distance from the start of the piece to the bracket that ends the tag; brackets in quotes do not.</summary>
    private int FindClose()
    {
        for (var from = 1; ;)
        {
            var at = _buffer.AsSpan(_start + from, _end - _start - from).IndexOfAny((byte)'>', (byte)'"', (byte)'\'');
            if (at < 0)
            {
                from = _end - _start;
                if (!More(from + 1)) throw Malformed("it ends inside a tag");
                continue;
            }
            from += at;
            if (_buffer[_start + from] == '>') return from;
            var quote = _buffer[_start + from++];
            for (var look = from; _buffer.AsSpan(_start + look, _end - _start - look).IndexOf(quote) < 0;)
            {
                look = _end - _start;
                if (!More(look + 1)) throw Malformed("it ends inside a tag");
            }
            from = _buffer.AsSpan(_start + from, _end - _start - from).IndexOf(quote) + from + 1;
        }
    }

    /// <summary>Length of what stands between the opening, so many bytes long, and the mark.</summary>
    private int FindAfter(int opening, ReadOnlySpan<byte> mark)
    {
        Need(opening);
        for (var from = opening; ;)
        {
            var at = _buffer.AsSpan(_start + from, _end - _start - from).IndexOf(mark);
            if (at >= 0) return from + at - opening;
            from = Math.Max(opening, _end - _start - mark.Length + 1);
            if (!More(_end - _start + 1)) throw Malformed("it ends too early");
        }
    }

    private void Need(int bytes)
    {
        if (_end - _start < bytes && !More(bytes)) throw Malformed("it ends too early");
    }

    /// <summary>Reads until so many bytes follow the start of the piece; false at the end of the file. The piece moves to the front of the buffer.</summary>
    private bool More(int bytes)
    {
        while (_end - _start < bytes)
        {
            if (_start > 0)
            {
                CountLines();
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = _lineMark = 0;
            }
            if (_end == _buffer.Length)
            {
                if (_end >= LongestPiece) throw new RefusedXmlException($"The XML holds a piece of more than {LongestPiece} bytes.");
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
            var read = stream.Read(_buffer.AsSpan(_end));
            if (read == 0) return false;
            _sawReturn = _sawReturn || _buffer.AsSpan(_end, read).Contains((byte)'\r');
            _end += read;
        }
        return true;
    }

    /// <summary>Counts up to the start of the piece: a line feed, a return, or both together end a line.</summary>
    private void CountLines()
    {
        var passed = _buffer.AsSpan(_lineMark, _start - _lineMark);
        _line += passed.Count((byte)'\n');
        if (_sawReturn)
        {
            for (var at = 0; at < passed.Length; at++)
                if (passed[at] == '\r' && (at + 1 == passed.Length || passed[at + 1] != '\n')) _line++;
        }
        _lineMark = _start;
    }

    private XmlException Malformed(string what) => new($"The XML is not well-formed: {what}.", null, (int)Line, 1);
}
