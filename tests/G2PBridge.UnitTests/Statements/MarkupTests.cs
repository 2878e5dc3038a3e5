using System.Globalization;
using System.Text;
using System.Xml;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Our own layer of XML against the platform's: the same nodes, or both refuse.</summary>
internal sealed class MarkupTests
{
    private static readonly Lazy<List<byte[]>> Samples = new(() =>
        [.. Directory.GetFiles(StatementFiles.Samples(), "*.xml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(bytes => bytes.Length < 20_000)]);

    private static readonly string[] Pieces =
    [
        "<Amt Ccy=\"EUR\">1.00</Amt>", "<Amt Ccy = 'U&#83;D' >2</Amt>", "<!-- a comment with <tags> & all -->", "<?note of no account?>", "<![CDATA[a <b> & ]] c]]>", "&amp;", "&lt;&gt;&apos;&quot;",
        "&#65;", "&#x1F600;", "Zürich", "日本", "\uFEFF", "\r\n", "\r", "\t", " \n ", "]]", "]]>", "&unknown;", "&#0;", "&#xD800;", "&", "<", ">", "\"", "'", "\u0001", "\u007F", "\uFFFE", "</Ntry>", "<Ntry/>",
        "<Ntry >", "</Ntry >", "<a:b xmlns:a=\"urn:a\"/>", "<a:b/>", "<a:b xmlns:a=''/>", "<x xmlns=\"urn:other\"><Ntry/></x>", "<n a='1' a='2'/>", "<n a='1'b='2'/>", "<n a=1/>", "<n a='<'/>", "<1/>", "<é/>", "<n\u00D7/>", "<a:b:c/>",
        "<!DOCTYPE x>", "<?xml version=\"1.0\"?>", "<?XML?>", "<!-- a -- b -->", "<!->", "<!--->", "<Cd>  </Cd>", "<Cd>\u00A0x\u2003</Cd>", "<Sts></Sts>", "<Sts> </Sts>", "<xml:a/>", "<n xml:lang='de'/>", "<n xmlns:xmlns='x'/>",
    ];

    [Test]
    public void Samples_give_the_same_nodes()
    {
        foreach (var bytes in Samples.Value)
        {
            Assert.That(Utf8Markup.Understands(bytes.AsSpan(0, Math.Min(4096, bytes.Length))));
            Assert.That(Nodes(new Utf8Markup(new MemoryStream(bytes))), Is.EqualTo(Nodes(new PlatformMarkup(new MemoryStream(bytes)))));
        }
    }

    [Test]
    public void Every_piece_inside_and_outside_of_the_root_is_judged_alike()
    {
        foreach (var piece in Pieces)
        {
            foreach (var frame in new[] { "<D>{0}</D>", "<D>text{0}text</D>", "{0}<D/>", "<D/>{0}", "<D><Ntry>{0}</Ntry></D>", "<D\n>\n {0}\n<!--x--> {0} </D>\n" })
            {
                AssertAlike(Encoding.UTF8.GetBytes(frame.Replace("{0}", piece, StringComparison.Ordinal)));
            }
        }
    }

    [FsCheck.NUnit.Property(MaxTest = 400)]
    public Property Any_mixture_of_pieces_is_judged_alike_however_it_arrives() =>
        Prop.ForAll(Gen.Choose(0, Pieces.Length - 1).ListOf().ToArbitrary(), Gen.Choose(1, 30).ToArbitrary(), (chosen, size) =>
        {
            var bytes = Encoding.UTF8.GetBytes($"<D xmlns=\"urn:d\">{string.Concat(chosen.Select(i => Pieces[i]))}</D>");
            AssertAlike(bytes, () => size);
            return true;
        });

    [Test]
    public void Mutated_samples_are_judged_alike()
    {
        var random = new Random(20261120);
        for (var i = 0; i < 1_500; i++)
        {
            var bytes = Samples.Value[random.Next(Samples.Value.Count)].ToList();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(40, bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)])); break;
                    case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 30), bytes.Count - at)); break;
                    default: bytes.RemoveRange(at, bytes.Count - at); break;
                }
            }

            AssertAlike([.. bytes]);
        }
    }

    [Test]
    public async Task The_reader_gives_the_same_events_over_both()
    {
        foreach (var bytes in Samples.Value)
        {
            Assert.That(await TraceAsync(bytes, alwaysPlatform: false), Is.EqualTo(await TraceAsync(bytes, alwaysPlatform: true)));
        }
    }

    [TestCase("<?xml version=\"1.0\" encoding=\"UTF-8\"?><D/>", true)]
    [TestCase("<?xml version='1.0' encoding='utf-8' standalone='yes'?><D/>", true)]
    [TestCase("\uFEFF<D/>", true)]
    [TestCase("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><D/>", false)]
    [TestCase("<?xml version=\"1.1\"?><D/>", false)]
    [TestCase("<?xml version=\"1.0\" encoding=\"UTF-8\"", false)]
    [TestCase("<!DOCTYPE x><D/>", false)]
    public void What_does_not_begin_plainly_is_for_the_platform(string head, bool own) => Assert.That(Utf8Markup.Understands(Encoding.UTF8.GetBytes(head)), Is.EqualTo(own));

    [Test]
    public async Task A_Latin_file_is_still_read()
    {
        var text = Encoding.UTF8.GetString(Samples.Value.Find(bytes => bytes.AsSpan().IndexOf("camt.053"u8) > 0)!);
        var latin = Encoding.Latin1.GetBytes(text.Replace("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\"", StringComparison.Ordinal));
        var result = await StatementFiles.ReadBytesAsync(latin);
        Assert.That(result.Verdict, Is.Not.EqualTo(Verdict.Reject));
    }

    private static void AssertAlike(byte[] bytes, Func<int>? size = null)
    {
        if (!Utf8Markup.Understands(bytes.AsSpan(0, Math.Min(4096, bytes.Length))))
        {
            return;
        }

        var own = Nodes(new Utf8Markup(new ChoppedStream(bytes, size ?? (() => int.MaxValue))));
        var platform = Nodes(new PlatformMarkup(new MemoryStream(bytes)));
        Assert.That(own, Is.EqualTo(platform), Encoding.UTF8.GetString(bytes));
    }

    private static async Task<List<string>> TraceAsync(byte[] bytes, bool alwaysPlatform)
    {
        var trace = new List<string>();
        await using var reader = new Iso20022Reader(new MemoryStream(bytes), ReadOnlyMemory<byte>.Empty, StatementFiles.Profile("generic"), new ReaderLimits(), alwaysPlatform);
        while (await reader.ReadAsync())
        {
            trace.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{reader.Event} {(reader.Event is StatementEvent.Entry or StatementEvent.Detail ? $"{reader.Entry.Line} {reader.Entry.Fingerprint()}" : "")} {(reader.Event == StatementEvent.StatementEnd ? reader.Summary.ContentFingerprint : "")} {(reader.Event == StatementEvent.FileEnd ? reader.File.Lines : 0)}"));
        }

        return trace;
    }

    /// <summary>Texts are joined; where the file is refused, whether the text before was still handed out does not matter.</summary>
    private static List<string> Nodes(Markup markup)
    {
        var nodes = new List<string>();
        try
        {
            while (markup.Read() is var node and not MarkupNode.End)
            {
                switch (node)
                {
                    case MarkupNode.Element:
                        var currency = new MarkupText(8);
                        nodes.Add($"<{markup.Name} {markup.LocalName} {markup.Namespace} {markup.IsEmpty} {markup.Line} {(markup.TryCurrency(currency) ? $"'{currency}'" : "")}");
                        break;
                    case MarkupNode.Text:
                        var text = new MarkupText(10_000);
                        markup.AppendText(text);
                        var value = Encoding.UTF8.GetString(text.Bytes);
                        if (nodes.Count > 0 && nodes[^1][0] == '"')
                        {
                            nodes[^1] += value;
                        }
                        else if (value.Length > 0)
                        {
                            nodes.Add('"' + value);
                        }

                        break;
                    default:
                        nodes.Add($"> {markup.Line}");
                        break;
                }
            }

            nodes.Add("end");
        }
        catch (Exception exception) when (exception is XmlException or ArgumentException)
        {
            if (nodes.Count > 0 && nodes[^1][0] == '"')
            {
                nodes.RemoveAt(nodes.Count - 1);
            }

            nodes.Add("refused");
        }
        finally
        {
            markup.Dispose();
        }

        return nodes;
    }
}
