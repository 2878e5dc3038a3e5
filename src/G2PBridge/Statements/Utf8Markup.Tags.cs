using System.Text;
using System.Text.Unicode;
using System.Xml;

namespace G2PBridge.Statements;

/// <content>Tags: names, attributes, namespaces, and which end fits which beginning.</content>
internal sealed partial class Utf8Markup
{
    private void ReadStart()
    {
        if (_depth > 0 && ReadPlainStart()) return;
        var close = FindClose();
        var tag = _buffer.AsSpan(_start + 1, close - 1);
        IsEmpty = !tag.IsEmpty && tag[^1] == '/';
        if (IsEmpty) tag = tag[..^1];
        if (_depth == 0 && _sawRoot) throw Malformed("it has more than one root");
        _sawRoot = true;
        if (_hasLooseSpaces) ForgetSpaces(_depth + 1);
        var length = 0;
        while (length < tag.Length && tag[length] > ' ') length++;
        var name = tag[..length];
        _name = (_start + 1, length);
        var colon = name.IndexOf((byte)':');
        Name = IsoNames.Find(colon < 0 ? name : name[(colon + 1)..]);
        if (Name == IsoName.Other || colon >= 0) CheckName(name);
        _currency = -1;
        _attributes.Clear();
        if (length < tag.Length) ReadAttributes(_start + 1 + length, tag.Length - length);
        if (colon >= 0 && Find(Encoding.UTF8.GetString(name[..colon])) is null) throw Malformed("a prefix is not declared");
        if (!IsEmpty) Push(name);
        _hasLooseSpaces = IsEmpty;
        _next = _start + close + 1;
    }

    /// <summary>A known name and nothing else in the tag, as in nearly every one.</summary>
    private bool ReadPlainStart()
    {
        var rest = _buffer.AsSpan(_start + 1, _end - _start - 1);
        var length = 0;
        while (length < rest.Length && (uint)((rest[length] | 0x20) - 'a') <= 'z' - 'a') length++;
        if (length >= rest.Length || rest[length] != '>') return false;
        var name = rest[..length];
        var found = IsoNames.Find(name);
        if (found == IsoName.Other) return false;
        if (_hasLooseSpaces) ForgetSpaces(_depth + 1);
        _hasLooseSpaces = false;
        Name = found;
        IsEmpty = false;
        _name = (_start + 1, length);
        _currency = -1;
        Push(name);
        _next = _start + length + 2;
        return true;
    }

    private void ReadEnd()
    {
        if (_depth == 0) throw Malformed("an element ends that never began");
        var begins = _depth == 1 ? 0 : _openEnds[_depth - 2];
        var open = _open.AsSpan(begins, _openEnds[_depth - 1] - begins);
        var rest = _buffer.AsSpan(_start + 2, _end - _start - 2);
        if (rest.Length > open.Length && rest[open.Length] == '>' && rest.StartsWith(open))
        {
            if (_spaces.Count > 0) ForgetSpaces(_depth);
            _depth--;
            _next = _start + open.Length + 3;
            return;
        }
        int close;
        for (var from = 2; (close = _buffer.AsSpan(_start + from, _end - _start - from).IndexOf((byte)'>')) < 0;)
        {
            from = _end - _start;
            if (!More(from + 1)) throw Malformed("it ends inside a tag");
        }
        close = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'>');
        var name = _buffer.AsSpan(_start + 2, close - 2);
        if (!name.StartsWith(open) || (name.Length > open.Length && !Blank(name[open.Length..]))) throw Malformed("an end does not fit its beginning");
        ForgetSpaces(_depth);
        _depth--;
        _next = _start + close + 1;
    }

    private void Push(ReadOnlySpan<byte> name)
    {
        var from = _depth == 0 ? 0 : _openEnds[_depth - 1];
        if (from + name.Length > _open.Length) Array.Resize(ref _open, Math.Max(_open.Length * 2, from + name.Length));
        if (_depth == _openEnds.Length) Array.Resize(ref _openEnds, _depth * 2);
        name.CopyTo(_open.AsSpan(from));
        _openEnds[_depth++] = from + name.Length;
    }

    /// <summary>Names and values in turn; declarations of namespaces take effect for this element and what is in it.</summary>
    private void ReadAttributes(int start, int length)
    {
        var at = start;
        var end = start + length;
        while (true)
        {
            var blank = at;
            while (at < end && IsBlank(_buffer[at])) at++;
            if (at == end) break;
            if (at == blank) throw Malformed("two attributes are not apart");
            var name = at;
            while (at < end && _buffer[at] != '=' && !IsBlank(_buffer[at])) at++;
            var nameLength = at - name;
            CheckName(_buffer.AsSpan(name, nameLength));
            while (at < end && IsBlank(_buffer[at])) at++;
            if (at == end || _buffer[at++] != '=') throw Malformed("an attribute has no value");
            while (at < end && IsBlank(_buffer[at])) at++;
            if (at == end || _buffer[at] is not ((byte)'"' or (byte)'\'')) throw Malformed("an attribute has no value");
            var quote = _buffer[at++];
            var valueLength = _buffer.AsSpan(at, end - at).IndexOf(quote);
            if (valueLength < 0 || _buffer.AsSpan(at, valueLength).Contains((byte)'<')) throw Malformed("an attribute does not end");
            AddAttribute(name, nameLength, at, valueLength);
            at += valueLength + 1;
        }
        // Prefixes may be declared after they are used in the same tag.
        for (var i = 0; i < _attributes.Count; i += 2)
        {
            var name = _buffer.AsSpan(_attributes[i].Start, _attributes[i].Length);
            if (name.IndexOf((byte)':') is var colon and >= 0 && !name.StartsWith("xmlns:"u8) && Find(Encoding.UTF8.GetString(name[..colon])) is null) throw Malformed("a prefix is not declared");
        }
    }

    private void AddAttribute(int name, int nameLength, int value, int valueLength)
    {
        var text = _buffer.AsSpan(name, nameLength);
        for (var i = 0; i < _attributes.Count; i += 2)
            if (_buffer.AsSpan(_attributes[i].Start, _attributes[i].Length).SequenceEqual(text)) throw Malformed("an attribute stands there twice");
        if (_currency < 0 && Local(text).SequenceEqual("Ccy"u8)) _currency = _attributes.Count;
        _attributes.Add((name, nameLength));
        _attributes.Add((value, valueLength));
        Check(_buffer.AsSpan(value, valueLength), isAttribute: true, value);
        var isDefault = text.SequenceEqual("xmlns"u8);
        if (!isDefault && !text.StartsWith("xmlns:"u8)) return;
        var uri = Encoding.UTF8.GetString((_isDecoded ? _decoded : _buffer).AsSpan(_text.Start, _text.Length));
        var prefix = isDefault ? "" : Encoding.UTF8.GetString(text[6..]);
        if (prefix == "xmlns" || uri == "http://www.w3.org/2000/xmlns/" || (prefix == "xml") != (uri == "http://www.w3.org/XML/1998/namespace") || (prefix.Length > 0 && uri.Length == 0))
            throw Malformed("a namespace cannot be declared like this");
        _spaces.Add((prefix, uri, _depth + 1));
    }

    private void ForgetSpaces(int fromDepth)
    {
        while (_spaces.Count > 0 && _spaces[^1].Depth >= fromDepth) _spaces.RemoveAt(_spaces.Count - 1);
    }

    private string? Find(string prefix)
    {
        for (var i = _spaces.Count - 1; i >= 0; i--)
            if (_spaces[i].Prefix == prefix && _spaces[i].Depth <= _depth + 1) return _spaces[i].Uri;
        return prefix switch { "" => "", "xml" => "http://www.w3.org/XML/1998/namespace", _ => null };
    }

    private void CheckName(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("Ccy"u8)) return;
        if (name.Length > LongestName) throw new RefusedXmlException("The XML has too many different names, or one that is too long.");
        var lookup = _unknownNames.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> text = stackalloc char[LongestName];
        if (!Utf8.IsValid(name)) throw Malformed("a name is not UTF-8");
        var length = Encoding.UTF8.GetChars(name, text);
        if (lookup.Contains(text[..length])) return;
        if (!IsName(name)) throw Malformed("a name is none");
        if (_unknownNames.Count >= MaxNames) throw new RefusedXmlException("The XML has too many different names, or one that is too long.");
        lookup.Add(text[..length]);
    }

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        if (!Utf8.IsValid(name)) return false;
        var text = Encoding.UTF8.GetString(name);
        try
        {
            foreach (var part in text.Split(':', 2)) XmlConvert.VerifyNCName(part);
            return true;
        }
        catch (Exception exception) when (exception is XmlException or ArgumentException)
        {
            return false;
        }
    }

    private static ReadOnlySpan<byte> Local(ReadOnlySpan<byte> name) => name[(name.IndexOf((byte)':') + 1)..];

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private static bool Blank(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \n\r\t"u8) < 0;
}
