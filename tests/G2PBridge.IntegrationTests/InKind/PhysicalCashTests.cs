using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>Cash by hand: one payment per place to its agency, by the same protocol as every payment.</summary>
internal sealed class PhysicalCashTests : InKindTest
{
    private static List<Payment> Paid => [.. Bank.Orders.SelectMany(order => order.Payments)];

    [Test]
    public async Task Every_place_is_paid_once_to_its_agency_and_the_quantities_are_equal()
    {
        await ReceiveAsync("CASH_PHYSICAL", 12, 100);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfEnvelope("E"));
        var status = await EnvelopeStatusAsync();
        Assert.Multiple(() =>
        {
            Assert.That(Paid.Select(payment => (payment.AccountNumber, payment.Amount)), Is.EquivalentTo(geos.Select(geo => ((string?)$"ACC-A-{geo.SmallZoneId}", geo.Quantity))));
            Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(1200m));
            Assert.That(Paid.Select(payment => payment.DisbursementId), Is.EquivalentTo(geos.Select(geo => geo.Id)));
            Assert.That(Paid.Select(payment => payment.Narrative), Has.All.EqualTo("PAYMENT_TO_AGENCY_FOR_PHYSICAL_CASH_DISTRIBUTION"));
            Assert.That((string?)status["funds_blocked_with_bank"], Is.EqualTo("FUNDS_BLOCK_SUCCESS"));
            Assert.That((int)status["number_of_disbursements_shipped"]!, Is.EqualTo(5));
            Assert.That(TestHost.Mapper.Calls, Is.Empty, "no mapper knows an agency");
        });
        var broken = (await InKindHost.Services.GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.IsBroken);
        Assert.That(broken.Select(result => $"{result.Id} {result.Place} {string.Join(", ", result.Offenders)}"), Is.Empty);
    }

    [Test]
    public async Task An_agency_without_an_account_is_named_and_paid_once_it_has_one()
    {
        Places.AdditionalInfo["A-S2"] = "#BANK#EXAMPLE-BANK#TYPE#BANK_ACCOUNT#";
        await ReceiveAsync("CASH_PHYSICAL", 10, 100);
        await WorkAsync();
        Assert.That(Bank.Books, Has.Count.EqualTo(4));
        var exceptions = await GetAsync("v1/envelopes/E/exceptions?kind=UNRESOLVED");
        Assert.That((string?)exceptions["items"]![0]!["reason_code"], Is.EqualTo("AGENCY_WITHOUT_ACCOUNT"));

        Places.AdditionalInfo.Clear();
        Clock.Advance(TimeSpan.FromSeconds(31));
        await WorkAsync();
        Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(1000m));
    }

    [Test]
    public async Task A_place_without_an_agency_is_named_and_paid_once_there_is_one()
    {
        Places.UnservedZones["S3"] = true;
        await ReceiveAsync("CASH_PHYSICAL", 10, 100);
        await WorkAsync();
        Assert.That(Bank.Books, Has.Count.EqualTo(4));

        Places.UnservedZones.Clear();
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(6));
            await WorkAsync();
        }

        Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(1000m));
    }

    [Test]
    public async Task Somebody_whom_the_registry_learns_of_later_is_paid_in_a_payout_of_his_own_and_the_rest_is_released()
    {
        Places.Unknown["B3"] = true;
        Places.Unknown["B4"] = true;
        await ReceiveAsync("CASH_PHYSICAL", 10, 100);
        await WorkAsync();
        Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(800m));

        Places.Unknown.Remove("B3", out _);
        for (var i = 0; i < 8; i++)
        {
            Clock.Advance(TimeSpan.FromHours(7));
            await WorkAsync();
        }

        var payouts = (await SendAsync(new ReadPayoutFacts(["E"]))).Single();
        Assert.Multiple(() =>
        {
            Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(900m));
            Assert.That((payouts.OpenBatches, payouts.Payouts, payouts.Quantity), Is.EqualTo((0, 6, 900m)));
        });
    }

    [Test]
    public async Task Nothing_is_paid_before_the_day_and_what_is_cancelled_until_then_is_not_paid()
    {
        await ReceiveAsync("CASH_PHYSICAL", 10, 100, scheduleDate: "2026-06-22");
        await WorkAsync();
        Assert.That(Bank.Orders, Is.Empty);
        Assert.That((await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E-D5" })))).Succeeded(), Is.True);
        var change = Wire.Envelope("E", 9, 900, envelope => envelope["disbursement_schedule_date"] = "2026-06-22");
        Assert.That((await PostAsync("amend_disbursement_envelope", Wire.Request(new JsonArray(change)))).Succeeded(), Is.True);

        Clock.Advance(TimeSpan.FromDays(3));
        await WorkAsync();
        Assert.That(Bank.Books.Values.Sum(payment => payment.Amount), Is.EqualTo(900m));
        Assert.That(Paid.Single(payment => payment.AccountNumber == "ACC-A-S0").Amount, Is.EqualTo(100m));
    }

    [Test]
    public async Task A_cancelled_envelope_pays_no_agency()
    {
        await ReceiveAsync("CASH_PHYSICAL", 10, 100, scheduleDate: "2026-06-22");
        await WorkAsync();
        Assert.That((await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E" })))).Succeeded(), Is.True);
        Clock.Advance(TimeSpan.FromDays(3));
        await WorkAsync();
        Assert.That(Bank.Orders, Is.Empty);
    }

    [Test]
    public async Task A_payout_is_not_the_partners_to_cancel()
    {
        await ReceiveAsync("CASH_PHYSICAL", 5, 100);
        await WorkAsync();
        var geo = (await SendAsync(new ReadGeosOfEnvelope("E")))[0];
        Assert.That((await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = geo.Id })))).Code(), Is.EqualTo("INVALID_DISBURSEMENT_ID"));
    }

    [Test]
    public async Task A_line_that_was_paid_by_a_payout_is_never_taken_for_unpaid()
    {
        await ReceiveAsync("CASH_PHYSICAL", 5, 100);
        await WorkAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync();
        Assert.That(await ScalarAsync<bool>("select complete_at is not null from disbursement.envelope"), Is.True);
        var lines = await SendAsync(new FindLinesById(["E-D1", "E-D2"]));
        Assert.That(await SendAsync(new FindLinesProvedUnpaid([.. lines.Select(line => new LineOfEnvelope("E", line.Seq))])), Is.Empty);
    }

    [Test]
    public async Task Adding_payouts_twice_or_beyond_the_envelope_changes_nothing()
    {
        await ReceiveAsync("CASH_PHYSICAL", 5, 100);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfEnvelope("E"));
        var again = await SendAsync(new AddPayouts("E", "E-BATCH", new(geos[0].Number, geos[^1].Number), [.. geos.Select(geo => new NewPayout(geo.Number, geo.Id, "S", geo.Quantity))], 0));
        var numbers = await SendAsync(new TakeLineNumbers(1));
        var more = await SendAsync(new AddPayouts("E", "E-BATCH", numbers, [new NewPayout(numbers.First, "more", "S", 1m)], 0));
        Assert.Multiple(() =>
        {
            Assert.That(again.IsRefused, Is.False);
            Assert.That(more.Refusal?.Code, Is.EqualTo("PAYOUTS_EXCEED_ENVELOPE"));
        });
        await WorkAsync();
        Assert.That(Bank.Books, Has.Count.EqualTo(5));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_statement_reconciles_by_our_reference_or_by_the_geo_id_and_the_status_shows_it(bool byReference)
    {
        await ReceiveAsync("CASH_PHYSICAL", 10, 100);
        await WorkAsync();
        var statement = new StatementText();
        foreach (var payment in Paid)
        {
            statement = byReference ? statement.Debit(payment) : statement.Entry("D", payment.DisbursementId, payment.Amount, "B" + payment.DisbursementId, StatementText.Lines(payment, ""));
        }

        await UploadAsync(statement.ToString());
        await WorkAsync();
        var geo = (await SendAsync(new ReadGeosOfEnvelope("E")))[0];
        var status = (await PostAsync("get_disbursement_status", Wire.Request(new JsonArray(geo.Id)))).Payload()![0]!["disbursement_recon_records"]!["disbursement_recon_payloads"]![0]!;
        var envelope = await EnvelopeStatusAsync();
        Assert.Multiple(() =>
        {
            Assert.That((string?)status["disbursement_batch_control_geo_id"], Is.EqualTo(geo.Id));
            Assert.That(status["disbursement_id"], Is.Null);
            Assert.That((string?)status["disbursement_batch_control_id"], Is.EqualTo("E-BATCH"));
            Assert.That((string?)status["disbursement_envelope_id"], Is.EqualTo("E"));
            Assert.That((int)envelope["number_of_disbursements_reconciled"]!, Is.EqualTo(5));
        });
    }

    internal static async Task UploadAsync(string statement)
    {
        using var file = new ByteArrayContent(Encoding.Latin1.GetBytes(statement));
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain");
        using var form = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
        using var response = await Http.PostAsync(new Uri(InKindHost.Address, "upload_mt940"), form);
        Assert.That(response.IsSuccessStatusCode);
    }
}
