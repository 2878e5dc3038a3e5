using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Reconciliation;

internal sealed class UploadStatementTests : ReconciliationTest
{
    private static readonly byte[] Statement = Encoding.ASCII.GetBytes(new StatementText().ToString());

    [Test]
    public async Task The_answer_is_the_partner_envelope_with_an_empty_request_id()
    {
        var answer = await UploadAsync(Statement);

        var header = answer["response_header"]!;
        Assert.Multiple(() =>
        {
            Assert.That((string?)header["request_id"], Is.Empty);
            Assert.That((string?)header["response_status"], Is.EqualTo("SUCCESS"));
            Assert.That(header["response_error_code"], Is.Null);
            Assert.That(Guid.TryParse((string?)answer.Payload()!["statement_id"], out _));
        });
    }

    [TestCase("application/x-iso8583")]
    [TestCase("application/x-iso20022")]
    [TestCase("application/vnd.swift.mt940")]
    [TestCase("text/plain")]
    [TestCase("text/plain; charset=utf-8")]
    [TestCase("application/octet-stream")]
    public async Task A_statement_of_a_known_type_is_taken(string type) => Assert.That((await UploadAsync(Statement, type)).Succeeded());

    [TestCase("application/xml")]
    [TestCase("text/xml")]
    public async Task Xml_types_are_taken_with_xml_in_them(string type) => Assert.Multiple(async () =>
    {
        Assert.That((await UploadAsync("<?xml version=\"1.0\"?><Document/>", type)).Succeeded());
        Assert.That((await UploadAsync(Statement, type)).Code(), Is.EqualTo("rjct.file.type.invalid"));
    });

    [TestCase("application/pdf")]
    [TestCase("image/png")]
    [TestCase("application/zip")]
    public async Task Another_type_is_refused(string type) => Assert.That((await UploadAsync(Statement, type)).Code(), Is.EqualTo("rjct.file.type.invalid"));

    [Test]
    public async Task Octets_that_are_no_statement_are_of_another_type() =>
        Assert.That((await UploadAsync("hello world", "application/octet-stream")).Code(), Is.EqualTo("rjct.file.type.invalid"));

    [Test]
    public async Task Binary_and_empty_content_are_refused_with_a_sentence()
    {
        var binary = await UploadAsync(new byte[2000]);
        var pdf = await UploadAsync("%PDF-1.7 whatever");
        var empty = await UploadAsync(" \r\n");

        Assert.Multiple(async () =>
        {
            Assert.That(new[] { binary.Code(), pdf.Code(), empty.Code() }, Is.All.EqualTo("STATEMENT_UPLOAD_ERROR"));
            Assert.That((string?)binary["response_header"]!["response_error_detail"], Is.EqualTo("The file holds binary data and is no bank statement."));
            Assert.That((string?)empty["response_header"]!["response_error_detail"], Is.EqualTo("The file is empty."));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file"), Is.Zero);
        });
    }

    [Test]
    public async Task A_file_over_the_limit_is_refused_and_one_at_the_limit_is_taken()
    {
        var text = new StatementText().ToString() + "\n-\n";
        var atLimit = Encoding.ASCII.GetBytes(text.PadRight(10_485_760, '\n'));

        var taken = await UploadAsync(atLimit);
        var refused = await UploadAsync([.. atLimit, (byte)'\n']);

        Assert.Multiple(async () =>
        {
            Assert.That(taken.Succeeded(), taken.ToJsonString());
            Assert.That(refused.Code(), Is.EqualTo("rjct.file.size.exceeded"));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file"), Is.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select sum(length(sealed) - 33) from reconciliation.statement_file_part"), Is.EqualTo(10_485_760));
        });
    }

    [Test]
    public async Task The_bytes_are_stored_as_they_came_whatever_their_length()
    {
        foreach (var length in new[] { 1024 * 1024, (2 * 1024 * 1024) + 1 })
        {
            var content = Encoding.ASCII.GetBytes((":20:" + length + "\n").PadRight(length, 'x'));
            var id = IdOf(await UploadAsync(content));
            Assert.That(await StoredAsync(id), Is.EqualTo(content));
            Assert.That(Convert.ToHexString(await ScalarAsync<byte[]>("select string_agg(sealed, '' order by no) from reconciliation.statement_file_part where file_id = $1", id) ?? []), Does.Not.Contain(Convert.ToHexString(content.AsSpan(0, 8))));
        }
    }

    private static async Task<byte[]> StoredAsync(Guid id)
    {
        await using var stream = new FilePartStream(TestHost.Services.GetRequiredService<BridgeDatabase>(), TestHost.Services.GetRequiredService<DataProtector>(), id);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }

    [Test]
    public async Task A_missing_field_is_malformed()
    {
        using var otherField = await UploadRawAsync(Statement, "text/plain", "file");
        using var noForm = await Http.PostAsync(new Uri(TestHost.Address, "upload_mt940"), new ByteArrayContent(Statement));
        using var badForm = await Http.PostAsync(new Uri(TestHost.Address, "upload_mt940"), new StringContent("nonsense", Encoding.ASCII, "multipart/form-data"));

        Assert.Multiple(async () =>
        {
            foreach (var response in new[] { otherField, noForm, badForm })
            {
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
                Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("G2P-REQ-102").And.Contain("statement_file: Field required"));
            }
        });
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task The_json_form_is_taken_with_base64_and_with_plain_text(bool base64)
    {
        var content = base64 ? Convert.ToBase64String(Statement) : Encoding.ASCII.GetString(Statement);

        var answer = await PostAsync("upload_mt940", new JsonObject
        {
            ["statement_file"] = new JsonObject { ["filename"] = "a.mt940", ["content"] = content, ["content_type"] = "text/plain" },
        });

        Assert.Multiple(async () =>
        {
            Assert.That(answer.Succeeded(), answer.ToJsonString());
            Assert.That(await StoredAsync(IdOf(answer)), Is.EqualTo(Statement));
        });
    }

    [Test]
    public async Task Json_without_the_file_is_malformed()
    {
        using var response = await PostRawAsync("upload_mt940", new JsonObject { ["other"] = 1 });

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task The_same_file_again_is_answered_with_the_first_id_and_recorded()
    {
        var first = IdOf(await UploadAsync(Statement));
        var second = IdOf(await UploadAsync(Statement));

        Assert.Multiple(async () =>
        {
            Assert.That(second, Is.EqualTo(first));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where duplicate_of = $1", first), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Twenty_parallel_uploads_of_one_file_are_one_file()
    {
        var payments = await PayAsync(2);
        var content = Encoding.ASCII.GetBytes(new StatementText().Debit(payments[0]).Debit(payments[1]).ToString());

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => UploadAsync(content)));
        await Task.WhenAll(ReadAsync(), ReadAsync());

        Assert.Multiple(async () =>
        {
            Assert.That(answers.Select(IdOf).Distinct().Count(), Is.EqualTo(1));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [Test]
    public async Task Twenty_different_files_at_once_are_all_booked()
    {
        var payments = await PayAsync(20);

        await Task.WhenAll(payments.Select(payment => UploadAsync(new StatementText(reference: payment.DisbursementId).Debit(payment))));
        await Task.WhenAll(ReadAsync(), ReadAsync(), ReadAsync());

        Assert.That(await ProgressAsync(), Is.EqualTo(Counts(20, 20_000m)));
    }

    [Test]
    public async Task The_native_intake_takes_a_body_of_any_format_and_answers_with_problems()
    {
        using var taken = await Http.PostAsync(new Uri(TestHost.Address, "v1/statements?profile=generic"), new ByteArrayContent(Statement));
        using var unknown = await Http.PostAsync(new Uri(TestHost.Address, "v1/statements?profile=nobodys"), new ByteArrayContent(Statement));
        using var binary = await Http.PostAsync(new Uri(TestHost.Address, "v1/statements"), new ByteArrayContent(new byte[100]));
        using var missing = await Http.GetAsync(new Uri(TestHost.Address, $"v1/statements/{Guid.Empty}"));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
            Assert.That((await GetAsync(taken.Headers.Location!.OriginalString.TrimStart('/')))!["file"]!["state"]!.ToString(), Is.EqualTo("PROCESSED"));
            Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That(binary.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That(binary.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(missing.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
            Assert.That((await GetAsync("v1/statements?state=PROCESSED"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
        });
    }

    [Test]
    public async Task An_upload_that_breaks_off_leaves_nothing_that_is_read()
    {
        await ExecuteAsync(
            """
            insert into reconciliation.statement_file (id, channel, bytes, received_at, state, attempts, fence, lease_until, due_at, statements, entries, matched, returned, classified, unmatched, repeated)
            values (gen_random_uuid(), 'upload_mt940', 0, now(), 'Uploading', 0, 0, now() - interval '1 minute', now(), 0, 0, 0, 0, 0, 0, 0)
            """);

        await WorkAsync(Work.ReadStatements);

        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file"), Is.Zero);
    }
}
