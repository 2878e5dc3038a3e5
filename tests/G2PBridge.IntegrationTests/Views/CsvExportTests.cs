using System.Net;
using G2PBridge.IntegrationTests.Reconciliation;

namespace G2PBridge.IntegrationTests.Views;

/// <summary>What operators take away as a file.</summary>
internal sealed class CsvExportTests : ReconciliationTest
{
    private const string Evil = "=HYPERLINK(\"http://evil\")";

    [Test]
    public async Task Every_disbursement_of_an_envelope_stands_in_the_file_once_with_its_state_and_without_its_account()
    {
        Mapper.Unlinked["B3"] = Evil;
        var payments = await PayAsync(4, 1000.25m);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var (head, rows) = await ReadAsync("v1/envelopes/E/disbursements.csv");
        Assert.Multiple(() =>
        {
            Assert.That(head, Is.EqualTo("disbursement_id,batch_id,beneficiary_id,amount,unit,state,reason_code,reason,payment_reference,received_at,cancelled_at"));
            Assert.That(rows.Select(row => string.Join(' ', row.Split(',').Where((_, column) => column is 0 or 3 or 5))), Is.EqualTo(new[]
            {
                "\"E-D1\" 1000.25 \"PAID\"", "\"E-D2\" 1000.25 \"RETURNED\"", "\"E-D3\" 1000.25 \"UNRESOLVED\"", "\"E-D4\" 1000.25 \"SENT\"",
            }));
            Assert.That(rows[2], Does.Contain("\"'=HYPERLINK(\"\"http://evil\"\")\""));
            Assert.That(string.Concat(rows), Does.Contain(payments[0].Reference));
            Assert.That(payments.Where(payment => string.Concat(rows).Contains(payment.AccountNumber!, StringComparison.Ordinal)), Is.Empty);
        });
    }

    [Test]
    public async Task A_large_envelope_is_written_in_steps_and_nobody_is_left_out()
    {
        await Journey.ReceiveAsync("E", 2_500, 1m);
        var (_, rows) = await ReadAsync("v1/envelopes/E/disbursements.csv");
        Assert.That(rows.Select(row => row.Split(',')[0]), Is.EqualTo(Enumerable.Range(1, 2_500).Select(i => $"\"E-D{i}\"")));
    }

    [Test]
    public async Task Names_that_are_formulas_or_turn_the_text_around_are_neutralised()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new System.Text.Json.Nodes.JsonArray(Wire.Envelope("E", 2, 2))));
        await PostAsync("create_disbursements", Wire.Request(new System.Text.Json.Nodes.JsonArray(Wire.Line("E", "@SUM(1)", "+1", 1), Wire.Line("E", "a\u202Eb", "<b>x</b>", 1)), "-B"));
        var (_, rows) = await ReadAsync("v1/envelopes/E/disbursements.csv");
        Assert.That(rows[0], Does.StartWith("\"'@SUM(1)\",\"'-B\",\"'+1\",1,"));
        Assert.That(rows[1], Does.StartWith("\"a\uFFFDb\",\"'-B\",\"<b>x</b>\",1,"));
    }

    [Test]
    public async Task The_exceptions_of_an_envelope_are_the_same_in_the_file_as_on_the_screen()
    {
        for (var i = 1; i <= 3; i++)
        {
            Mapper.Unlinked[$"B{i}"] = "rjct.id.invalid";
        }

        var payments = await PayAsync(5);
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0]).Debit(payments[1]));
        var shown = (await GetAsync("v1/envelopes/E/exceptions"))!["items"]!.AsArray().Select(item => $"{item!["disbursement_id"]} {item["kind"]} {item["reason_code"]}");
        var (head, rows) = await ReadAsync("v1/envelopes/E/exceptions.csv");
        Assert.That(head, Does.StartWith("disbursement_id,beneficiary_id,amount,unit,kind,reason_code,reason,"));
        Assert.That(rows.Select(row => row.Split(',')).Select(cells => $"{cells[0]} {cells[4]} {cells[5]}".Replace("\"", "", StringComparison.Ordinal)), Is.EqualTo(shown));
    }

    [Test]
    public async Task The_queue_of_exceptions_comes_as_a_file_without_accounts_and_narratives()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[0], bankReference: "=AGAIN"));
        var (head, rows) = await ReadAsync("v1/exceptions.csv");
        var id = (string)(await GetAsync("v1/exceptions"))!["items"]![0]!["id"]!;
        Assert.That(head, Does.StartWith("id,state,reason,error_reason,explanation,since,").And.Not.Contain("account").And.Not.Contain("narrative"));
        Assert.That(rows, Has.Length.EqualTo(1));
        Assert.That(rows[0], Does.Contain(id).And.Contain("\"'=AGAIN\"").And.Contain("1000"));
    }

    [TestCase("v1/envelopes/NONE/disbursements.csv", HttpStatusCode.NotFound)]
    [TestCase("v1/envelopes/NONE/exceptions.csv", HttpStatusCode.NotFound)]
    [TestCase("v1/exceptions.csv?reason=%00", HttpStatusCode.BadRequest)]
    [TestCase("v1/exceptions.csv?state=SLEEPING", HttpStatusCode.UnprocessableEntity)]
    public async Task What_is_not_there_is_told_as_everywhere(string path, HttpStatusCode status)
    {
        using var answer = await Http.GetAsync(new Uri(TestHost.Address, path));
        Assert.That((answer.StatusCode, answer.Content.Headers.ContentType?.MediaType), Is.EqualTo((status, "application/problem+json")));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.StartWith("{\"type\":"));
    }

    [Test]
    public async Task A_file_whose_first_page_cannot_be_read_is_an_error_and_not_the_beginning_of_a_file()
    {
        var http = new Microsoft.AspNetCore.Http.DefaultHttpContext { Response = { Body = new MemoryStream() } };
        Assert.That(async () => await G2PBridge.Platform.Exports.CsvFile.WriteAsync(http, "x", ["a"], (_, _) => throw new TimeoutException()), Throws.TypeOf<TimeoutException>());
        await http.Response.BodyWriter.FlushAsync();
        Assert.That((http.Response.Body.Length, http.Response.ContentType), Is.EqualTo((0L, (string?)null)));
    }

    private static async Task<(string Head, string[] Rows)> ReadAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(TestHost.Address, path));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), text);
        Assert.That(answer.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/csv; charset=utf-8; header=present"));
        Assert.That(answer.Content.Headers.ContentDisposition?.DispositionType, Is.EqualTo("attachment"));
        Assert.That(text, Does.EndWith("\r\n"));
        var lines = text[..^2].Split("\r\n");
        return (lines[0], lines[1..]);
    }
}
