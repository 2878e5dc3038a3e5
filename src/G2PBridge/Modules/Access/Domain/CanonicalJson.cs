using System.Buffers;
using System.Text.Json;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// The canonical form of a JSON body that a partner signs (contract, section 1.3): keys sorted at every level by their UTF-8 bytes, no white
/// space, text in UTF-8 with only the escapes that JSON demands. A number keeps the very characters it came with, so that 1000.0 and 1000 are
/// not the same. The form is written out piece by piece and never held as a whole.
/// </summary>
/// <remarks>Two members of one name make the body ambiguous: who signed one reading could be taken at the other. Such a body has no canonical form.</remarks>
internal sealed class CanonicalJson(ReadOnlyMemory<byte> body, SigningInput output)
{
    private const int MostDepth = 64;

    /// <summary>Up to here an insertion sort is the fastest; a hostile object with a million keys must not be sorted by one.</summary>
    private const int Few = 24;

    private readonly List<Member> _members = [];
    private byte[] _text = new byte[256];

    /// <summary>Writes the canonical form of a body that is valid UTF-8.</summary>
    /// <returns>False when the body has none; what was written by then is worthless.</returns>
    public static bool TryWrite(ReadOnlyMemory<byte> body, SigningInput output)
    {
        try
        {
            var reader = Reader(body.Span);
            return reader.Read() && new CanonicalJson(body, output).TryWriteValue(ref reader, 0) && !reader.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, too deep, or half a surrogate pair written as an escape.
            return false;
        }
    }

    private static Utf8JsonReader Reader(ReadOnlySpan<byte> json) => new(json, new JsonReaderOptions { MaxDepth = MostDepth });

    private bool TryWriteValue(ref Utf8JsonReader reader, int offset)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return TryWriteObject(ref reader, offset);
            case JsonTokenType.StartArray:
                return TryWriteArray(ref reader, offset);
            case JsonTokenType.String when reader.ValueIsEscaped:
                WriteText(Unescape(ref reader));
                return true;
            default:
                output.Write(body.Span[(offset + (int)reader.TokenStartIndex)..(offset + (int)reader.BytesConsumed)]);
                return true;
        }
    }

    private bool TryWriteArray(ref Utf8JsonReader reader, int offset)
    {
        output.Write("["u8);
        for (var first = true; reader.Read() && reader.TokenType != JsonTokenType.EndArray; first = false)
        {
            if (!first)
            {
                output.Write(","u8);
            }

            if (!TryWriteValue(ref reader, offset))
            {
                return false;
            }
        }

        output.Write("]"u8);
        return true;
    }

    private bool TryWriteObject(ref Utf8JsonReader reader, int offset)
    {
        var start = _members.Count;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = new Member
            {
                NameStart = offset + (int)reader.TokenStartIndex + 1,
                NameLength = reader.ValueSpan.Length,
                Unescaped = reader.ValueIsEscaped ? Unescape(ref reader).ToArray() : null,
            };
            reader.Read();
            member.IsPlain = reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray) && !(reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped);
            member.Start = offset + (int)reader.TokenStartIndex;
            reader.Skip();
            member.End = offset + (int)reader.BytesConsumed;
            _members.Add(member);
        }

        var count = _members.Count - start;
        Sort(start, count);
        output.Write("{"u8);
        for (var i = start; i < start + count; i++)
        {
            if (i > start)
            {
                if (Name(_members[i - 1]).SequenceEqual(Name(_members[i])))
                {
                    return false;
                }

                output.Write(","u8);
            }

            if (!TryWriteMember(_members[i]))
            {
                return false;
            }
        }

        output.Write("}"u8);
        _members.RemoveRange(start, count);
        return true;
    }

    private bool TryWriteMember(in Member member)
    {
        if (member.Unescaped is { } name)
        {
            WriteText(name);
        }
        else
        {
            output.Write(body.Span.Slice(member.NameStart - 1, member.NameLength + 2));
        }

        output.Write(":"u8);
        if (member.IsPlain)
        {
            output.Write(body.Span[member.Start..member.End]);
            return true;
        }

        var value = Reader(body.Span[member.Start..member.End]);
        return value.Read() && TryWriteValue(ref value, member.Start);
    }

    private ReadOnlySpan<byte> Name(in Member member) => member.Unescaped is { } name ? name : body.Span.Slice(member.NameStart, member.NameLength);

    private void Sort(int start, int count)
    {
        if (count > Few)
        {
            _members.Sort(start, count, Comparer<Member>.Create((left, right) => Name(left).SequenceCompareTo(Name(right))));
            return;
        }

        for (var i = start + 1; i < start + count; i++)
        {
            var moved = _members[i];
            var at = i;
            for (; at > start && Name(_members[at - 1]).SequenceCompareTo(Name(moved)) > 0; at--)
            {
                _members[at] = _members[at - 1];
            }

            _members[at] = moved;
        }
    }

    /// <summary>The text of a token; it stands until the next one is asked for.</summary>
    private ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader)
    {
        // Unescaped text is never longer than its escapes.
        if (_text.Length < reader.ValueSpan.Length)
        {
            _text = new byte[reader.ValueSpan.Length];
        }

        return _text.AsSpan(0, reader.CopyString(_text));
    }

    private void WriteText(ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        while (text.IndexOfAny(Escaped) is var at and >= 0)
        {
            output.Write(text[..at]);
            WriteEscape(text[at]);
            text = text[(at + 1)..];
        }

        output.Write(text);
        output.Write("\""u8);
    }

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (byte)value), (byte)'"', (byte)'\\']);

    private void WriteEscape(byte character)
    {
        switch (character)
        {
            case (byte)'"':
                output.Write("\\\""u8);
                break;
            case (byte)'\\':
                output.Write(@"\\"u8);
                break;
            case (byte)'\b':
                output.Write("\\b"u8);
                break;
            case (byte)'\t':
                output.Write("\\t"u8);
                break;
            case (byte)'\n':
                output.Write("\\n"u8);
                break;
            case (byte)'\f':
                output.Write("\\f"u8);
                break;
            case (byte)'\r':
                output.Write("\\r"u8);
                break;
            default:
                output.Write([.. "\\u00"u8, (byte)(character < 16 ? '0' : '1'), "0123456789abcdef"u8[character & 15]]);
                break;
        }
    }

    private record struct Member
    {
        public int NameStart { get; init; }

        public int NameLength { get; init; }

        public byte[]? Unescaped { get; init; }

        /// <summary>The value's own characters are its canonical form.</summary>
        public bool IsPlain { get; set; }

        public int Start { get; set; }

        public int End { get; set; }
    }
}
