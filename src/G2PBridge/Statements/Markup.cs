using System.Text;
using System.Xml;

namespace G2PBridge.Statements;

internal enum MarkupNode : byte
{
    End,
    Element,
    Text,
    EndElement,
}

/// <summary>
/// The layer of XML below the reader of ISO 20022: elements, texts, ends; no comments, instructions or blanks between elements. There are
/// two of them with the same behaviour: our own for UTF-8, and the platform's for everything else.
/// </summary>
internal abstract class Markup : IDisposable
{
    /// <summary>The element of the last Element node.</summary>
    public IsoName Name { get; protected set; }

    /// <summary>The last Element node was <c>&lt;a/&gt;</c>: no EndElement follows.</summary>
    public bool IsEmpty { get; protected set; }

    /// <summary>The last Element's name without its prefix.</summary>
    public abstract string LocalName { get; }

    /// <summary>The last Element's namespace.</summary>
    public abstract string Namespace { get; }

    /// <summary>Line of the last node, from 1.</summary>
    public abstract long Line { get; }

    /// <exception cref="XmlException">The file is not well-formed XML, or is refused.</exception>
    public abstract MarkupNode Read();

    /// <summary>Appends the text of the last Text node.</summary>
    public abstract void AppendText(MarkupText to);

    /// <summary>The attribute <c>Ccy</c> of the last Element node; false when it has none.</summary>
    public abstract bool TryCurrency(MarkupText to);

    public abstract void Dispose();

    /// <summary>Our own layer where the file says or implies UTF-8 in the plainest way, else the platform's, which knows every encoding.</summary>
    public static Markup Over(Stream stream, ReadOnlySpan<byte> head, bool alwaysPlatform) =>
        !alwaysPlatform && Utf8Markup.Understands(head) ? new Utf8Markup(stream) : new PlatformMarkup(stream);
}

/// <summary>A text of bounded length in UTF-8, used again and again.</summary>
internal sealed class MarkupText(int mostCharacters)
{
    private readonly byte[] _bytes = new byte[mostCharacters * 3];

    public int Length { get; private set; }

    /// <summary>The text has the greatest length or had more.</summary>
    public bool IsFull { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Without blanks of any kind at its ends.</summary>
    public ReadOnlySpan<byte> Trimmed => Trim(Bytes);

    public override string ToString() => Encoding.UTF8.GetString(Trimmed);

    public void Clear()
    {
        Length = 0;
        IsFull = false;
    }

    public void Append(ReadOnlySpan<byte> more)
    {
        // A character is at least a byte, so characters need not be counted where bytes are few.
        if (Length + more.Length >= mostCharacters) more = WhatFits(more);
        more.CopyTo(_bytes.AsSpan(Length));
        Length += more.Length;
    }

    public void Append(ReadOnlySpan<char> more)
    {
        if (more.IsEmpty) return;
        Span<byte> bytes = more.Length <= 1024 ? stackalloc byte[3 * more.Length] : new byte[3 * more.Length];
        Append(bytes[..Encoding.UTF8.GetBytes(more, bytes)]);
    }

    private ReadOnlySpan<byte> WhatFits(ReadOnlySpan<byte> more)
    {
        var left = mostCharacters - Encoding.UTF8.GetCharCount(Bytes);
        var at = 0;
        while (at < more.Length && left > 0)
        {
            Rune.DecodeFromUtf8(more[at..], out var rune, out var length);
            if (rune.Utf16SequenceLength > left) break;
            left -= rune.Utf16SequenceLength;
            at += length;
        }
        IsFull |= left <= 0 || at < more.Length;
        return more[..at];
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] is >= 9 and <= 13 or (byte)' ')
            {
                text = text[1..];
                continue;
            }
            if (text[0] < 0x80) break;
            Rune.DecodeFromUtf8(text, out var rune, out var length);
            if (!Rune.IsWhiteSpace(rune)) break;
            text = text[length..];
        }
        while (!text.IsEmpty)
        {
            if (text[^1] is >= 9 and <= 13 or (byte)' ')
            {
                text = text[..^1];
                continue;
            }
            if (text[^1] < 0x80) break;
            Rune.DecodeLastFromUtf8(text, out var rune, out var length);
            if (!Rune.IsWhiteSpace(rune)) break;
            text = text[..^length];
        }
        return text;
    }
}

/// <summary>The file is well-formed as far as it was read and is refused all the same.</summary>
internal sealed class RefusedXmlException(string message) : XmlException(message);
