using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Files that mean harm, through the real upload: refused or put aside with a reason, and the host goes on.</summary>
internal sealed class HostileFileTests : ReconciliationTest
{
    private const string Bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
        + "<Document><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>";

    private const string Foreign = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Document><BkToCstmrStmt><Stmt><Id>&a;</Id></Stmt></BkToCstmrStmt></Document>";

    [TestCase(Bomb, "xml-forbidden", TestName = "An_XML_bomb_is_put_aside")]
    [TestCase(Foreign, "xml-forbidden", TestName = "An_external_entity_is_put_aside")]
    public async Task XmlAsync(string content, string finding) => await IsPutAsideAsync(Encoding.UTF8.GetBytes(content), "application/xml", finding);

    [Test]
    public Task A_line_without_end_is_put_aside() =>
        IsPutAsideAsync(Encoding.ASCII.GetBytes(":20:A\n:25:SPONSOR0001\n:28C:1/1\n:60F:C260619USD1,00\n:61:2606190619D1,00NTRFX//B\n:86:" + new string('x', 8_000_000)), "text/plain", "line-too-long");

    [Test]
    public Task NUL_bytes_after_a_harmless_beginning_are_put_aside() =>
        IsPutAsideAsync([.. Encoding.ASCII.GetBytes(":20:A\n:25:SPONSOR0001\n" + new string('x', 2000) + "\n"), .. new byte[1_000_000]], "text/plain", "binary-data");

    [Test]
    public Task XML_without_a_tag_for_megabytes_is_put_aside() =>
        IsPutAsideAsync(Encoding.ASCII.GetBytes("<Document><BkToCstmrStmt><Stmt><Id>" + new string('x', 5_000_000)), "application/xml", "line-too-long");

    [Test]
    public async Task NUL_bytes_from_the_beginning_are_refused_at_once()
    {
        var answer = await UploadAsync(new byte[100_000]);

        Assert.That((answer.Code(), await ScalarAsync<long>("select count(*) from reconciliation.statement_file")), Is.EqualTo(("STATEMENT_UPLOAD_ERROR", 0L)));
    }

    [Test]
    public async Task A_file_of_two_gigabytes_is_refused_after_the_part_that_is_allowed()
    {
        using var content = new StreamContent(new Endless(2_000_000_000));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, "v1/statements")) { Content = content };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");
        JsonNode? problem = null;
        try
        {
            using var answer = await Http.SendAsync(request);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
            problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException)
        {
            // The host stopped listening while this side still had most of it to send; whether the answer is heard is the sender's matter.
        }

        Assert.Multiple(async () =>
        {
            Assert.That((string?)problem?["code"], Is.EqualTo("rjct.file.size.exceeded").Or.Null);
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file_part"), Is.Zero);
            Assert.That((await GetAsync("v1/statements"))!["items"]!.AsArray(), Is.Empty);
        });
    }

    private static async Task IsPutAsideAsync(byte[] content, string contentType, string finding)
    {
        var payments = await PayAsync(1);
        var id = IdOf(await UploadAsync(content, contentType));
        await ReadAsync();
        var file = await FileAsync(id);
        await ImportAsync(new StatementText().Debit(payments[0]));

        Assert.Multiple(async () =>
        {
            Assert.That(((string?)file["file"]!["state"], (string?)file["file"]!["error_code"]), Is.EqualTo(("ERROR", "STATEMENT_UPLOAD_ERROR")));
            Assert.That((string?)file["file"]!["error"], Is.Not.Empty);
            Assert.That(file["findings"]!.AsArray().Concat(file["statements"]!.AsArray().SelectMany(statement => statement!["findings"]!.AsArray())).Select(one => (string?)one!["code"]), Does.Contain(finding));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)), "the host goes on");
        });
    }

    [Test]
    public async Task An_account_that_holds_a_NUL_is_nobodys_and_stops_nothing()
    {
        await ImportAsync(new StatementText(account: "SPON\0SOR0001").ToString());
        Assert.That(await ScalarAsync<string>("select state from reconciliation.statement"), Is.EqualTo("UnknownAccount"));
    }

    [TestCase("v1/statements", 422)]
    [TestCase("upload_mt940", 400)]
    public async Task A_form_that_ends_before_its_file_does_is_refused_and_nothing_is_kept(string path, int status)
    {
        using var form = new ByteArrayContent("--x\r\nContent-Disposition: form-data; name=\"statement_file\"; filename=\"a\"\r\nContent-Type: text/plain\r\n\r\n:20:X\n:25:Y"u8.ToArray());
        form.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        using var answer = await Http.PostAsync(new Uri(TestHost.Address, path), form);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file"), Is.Zero);
    }

    private sealed class Endless(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var take = (int)Math.Min(_left, count);
            buffer.AsSpan(offset, take).Fill((byte)'x');
            _left -= take;
            return take;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
