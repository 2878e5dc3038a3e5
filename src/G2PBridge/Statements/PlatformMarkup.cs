using System.Xml;

namespace G2PBridge.Statements;

/// <summary>The platform's <see cref="XmlReader"/>: any encoding it knows, no DTD, no external entity.</summary>
internal sealed class PlatformMarkup : Markup
{
    private readonly Vocabulary _names = new();
    private readonly XmlReader _xml;
    private readonly char[] _chars = new char[1024];

    public PlatformMarkup(Stream stream) => _xml = XmlReader.Create(stream, new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreWhitespace = true,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersFromEntities = 1024,
        NameTable = _names,
    });

    public override string LocalName => _xml.LocalName;

    public override string Namespace => _xml.NamespaceURI;

    public override long Line => (_xml as IXmlLineInfo)?.LineNumber ?? 0;

    public override MarkupNode Read()
    {
        while (_xml.Read())
        {
            switch (_xml.NodeType)
            {
                case XmlNodeType.Element:
                    Name = _names.Find(_xml.LocalName);
                    IsEmpty = _xml.IsEmptyElement;
                    return MarkupNode.Element;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    return MarkupNode.Text;
                case XmlNodeType.EndElement:
                    return MarkupNode.EndElement;
            }
        }
        return MarkupNode.End;
    }

    public override void AppendText(MarkupText to)
    {
        for (int read, kept = 0; !to.IsFull && (read = _xml.ReadValueChunk(_chars, kept, _chars.Length - kept)) > 0;)
        {
            read += kept;
            // One half of a character outside the first plane waits for the other.
            kept = char.IsHighSurrogate(_chars[read - 1]) ? 1 : 0;
            to.Append(_chars.AsSpan(0, read - kept));
            _chars[0] = _chars[read - 1];
        }
    }

    public override bool TryCurrency(MarkupText to)
    {
        if (!_xml.MoveToFirstAttribute()) return false;
        while (!ReferenceEquals(_xml.LocalName, _names.Currency))
        {
            if (_xml.MoveToNextAttribute()) continue;
            _xml.MoveToElement();
            return false;
        }
        to.Append(_xml.Value);
        _xml.MoveToElement();
        return true;
    }

    public override void Dispose() => _xml.Dispose();

    /// <summary>
    /// Names of the file as atoms, and the token of each name we know. The layer of XML asks for every name of every tag, so a lookup must be
    /// cheap; a file that invents names without end is refused, because names live as long as the reader.
    /// </summary>
    private sealed class Vocabulary : XmlNameTable
    {
        private const int MaxNames = 1024;
        private const int Mask = 8191;

        private readonly (string? Name, IsoName Token)[] _slots = new (string?, IsoName)[Mask + 1];
        private int _count;

        public Vocabulary()
        {
            foreach (var token in Enum.GetValues<IsoName>())
                if (token != IsoName.Other) Insert(token.ToString(), token);
            Currency = Add("Ccy");
        }

        public string Currency { get; }

        public IsoName Find(string name)
        {
            for (var at = Slot(name); _slots[at].Name is { } known; at = (at + 1) & Mask)
                if (ReferenceEquals(known, name)) return _slots[at].Token;
            return IsoName.Other;
        }

        public override string Add(char[] array, int offset, int length)
        {
            var name = array.AsSpan(offset, length);
            return Get(name) ?? Insert(name.ToString(), IsoName.Other);
        }

        public override string Add(string array) => Get(array.AsSpan()) ?? Insert(array, IsoName.Other);

        public override string? Get(char[] array, int offset, int length) => Get(array.AsSpan(offset, length));

        public override string? Get(string array) => Get(array.AsSpan());

        private string? Get(ReadOnlySpan<char> name)
        {
            if (name.IsEmpty) return string.Empty;
            for (var at = Slot(name); _slots[at].Name is { } known; at = (at + 1) & Mask)
                if (name.SequenceEqual(known)) return known;
            return null;
        }

        private string Insert(string name, IsoName token)
        {
            if (name.Length > 512 || ++_count > MaxNames) throw new RefusedXmlException("The XML has too many different names, or one that is too long.");
            var at = Slot(name);
            while (_slots[at].Name is not null) at = (at + 1) & Mask;
            _slots[at] = (name, token);
            return name;
        }

        private static int Slot(ReadOnlySpan<char> name)
        {
            if (name.IsEmpty) return 0;
            var hash = (uint)(name.Length * 0x9E3779B1) ^ (name[0] * 0x85EBCA77u) ^ (name[^1] * 0xC2B2AE3Du) ^ (name[name.Length >> 1] * 0x27D4EB2Fu) ^ (name[name.Length >> 2] * 0x165667B1u);
            return (int)(hash >> 19);
        }
    }
}
