using System.Text.Json.Nodes;
using G2PBridge.Connectors;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>Who is told what, and that nobody is told twice.</summary>
internal sealed class NotificationTests : InKindTest
{
    [Test]
    public async Task Warehouse_agency_and_beneficiaries_are_told_once_with_the_contracts_keys()
    {
        await ReceiveAsync("COMMODITY", 10, 2.5m);
        await WorkAsync();
        await WorkAsync();
        var of = Channel.Messages.ToLookup(message => message.Type, message => (Message: message, Payload: JsonNode.Parse(message.Payload)!));
        var agency = of[NotificationType.Agency].Single(one => one.Message.Recipient.Id == "A-S1");
        var warehouse = of[NotificationType.Warehouse].First(one => one.Message.Recipient.Id == "W-L1");
        var beneficiary = of[NotificationType.Beneficiary].Single(one => one.Message.Recipient.Id == "B6");
        var status = await EnvelopeStatusAsync();
        Assert.Multiple(() =>
        {
            Assert.That((of[NotificationType.Warehouse].Count(), of[NotificationType.Agency].Count(), of[NotificationType.Beneficiary].Count()), Is.EqualTo((5, 5, 10)));
            Assert.That(Channel.Arrived.Values, Has.All.EqualTo(1));
            Assert.That(agency.Message.Recipient.Email, Is.EqualTo("a-s1@example.org"));
            Assert.That(agency.Payload["beneficiary_entitlements"]!.AsArray().Select(one => (string?)one!["beneficiary_id"]), Is.EqualTo(new[] { "B1", "B6" }));
            Assert.That((decimal)agency.Payload["total_quantity"]!, Is.EqualTo(5m));
            Assert.That((int)warehouse.Payload["no_of_bebeficiaries"]!, Is.EqualTo(2));
            Assert.That((string?)warehouse.Payload["disbursement_cycle_mnemonic"], Is.EqualTo("1"));
            Assert.That((string?)beneficiary.Payload["disbursement_cycle_mnemonic"], Is.EqualTo("2026-06/E"));
            Assert.That((string?)beneficiary.Payload["agency_name"], Is.EqualTo("Name of A-S1"));
            Assert.That((decimal)beneficiary.Payload["total_quantity"]!, Is.EqualTo(2.5m));
            Assert.That(beneficiary.Message.Recipient.Email, Is.EqualTo("B6@example.org"));
            Assert.That((int)status["no_of_warehouses_allocated"]!, Is.EqualTo(2));
            Assert.That((int)status["no_of_warehouses_notified"]!, Is.EqualTo(2));
            Assert.That((int)status["no_of_agencies_notified"]!, Is.EqualTo(5));
            Assert.That((int)status["no_of_beneficiaries_notified"]!, Is.EqualTo(10));
            Assert.That(status["disbursement_batch_control_geos"]!.AsArray().Select(geo => ((string?)geo!["warehouse_notification_status"], (string?)geo["agency_notification_status"])),
                Has.Exactly(5).EqualTo(((string?)"PROCESSED", (string?)"PROCESSED")));
        });
    }

    [Test]
    public async Task A_channel_that_times_out_gets_the_same_ids_again()
    {
        Channel.ArriveUnanswered();
        await ReceiveAsync("COMMODITY", 10);
        await WorkAsync();
        var first = Channel.Arrived.Keys.Order(StringComparer.Ordinal).ToList();
        Clock.Advance(TimeSpan.FromSeconds(11));
        await WorkAsync();
        var warehouses = Channel.Messages.Where(message => message.Type == NotificationType.Warehouse).Select(message => message.Id).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(Channel.Arrived, Has.Count.EqualTo(20), "to a channel that knows a message by its id, everybody is told once");
            Assert.That(warehouses.Distinct().Count(), Is.EqualTo(5));
            Assert.That(warehouses, Has.Count.EqualTo(10));
            Assert.That(first, Has.Count.GreaterThan(0));
        });
    }

    [Test]
    public async Task A_channel_that_does_not_know_repetitions_is_not_asked_again_after_a_time_out()
    {
        await using var host = await StartAsync(("Notifications:Channel", "mail"));
        Channel.ArriveUnanswered();
        await ReceiveAsync("COMMODITY", 5);
        await TestHost.WorkAsync(host.Services);
        Clock.Advance(TimeSpan.FromHours(2));
        await TestHost.WorkAsync(host.Services);
        Assert.That(Channel.Arrived.Values, Has.All.EqualTo(1));
        var log = await GetAsync("v1/envelopes/E/notifications?state=UNKNOWN");
        Assert.That(log["items"]!.AsArray(), Is.Not.Empty);

        using var retried = await Http.PostAsync(new Uri(InKindHost.Address, "v1/envelopes/E/notifications/retry"), null);
        Assert.That((int)retried.StatusCode, Is.EqualTo(202));
        await TestHost.WorkAsync(host.Services);
        Assert.That((await GetAsync("v1/envelopes/E/notifications?state=UNKNOWN"))["items"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task A_refusal_for_now_is_retried_and_one_for_good_is_named()
    {
        Channel.Next(messages => [.. messages.Select(one => new NotificationAnswer.Refused(one.Id, "NOVU_HTTP_500", "down", false))]);
        Channel.Next(messages => [.. messages.Select(one => new NotificationAnswer.Refused(one.Id, "NO_SUBSCRIBER", "unknown", true))]);
        await ReceiveAsync("COMMODITY", 5);
        await WorkAsync();
        var groups = (await GetAsync("v1/envelopes/E/notifications"))["groups"]!.AsArray().Select(group => $"{group!["kind"]} {group["state"]} {group["code"]} {group["notifications"]}");
        Assert.That(groups, Is.EquivalentTo(new[] { "WAREHOUSE PENDING NOVU_HTTP_500 5", "AGENCY UNDELIVERABLE NO_SUBSCRIBER 5", "BENEFICIARY DELIVERED  5" }));

        Clock.Advance(TimeSpan.FromSeconds(11));
        await WorkAsync();
        Assert.That(Channel.Arrived.Values, Has.Exactly(10).EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from notifications.notification_history where to_state = 'Pending' and cause = 'NOVU_HTTP_500'"), Is.EqualTo(5), "the delivery log");
    }

    [Test]
    public async Task A_worker_that_died_while_telling_leaves_nothing_stuck()
    {
        await ReceiveAsync("COMMODITY", 5);
        await TestHost.WorkAsync("take-placed-batches", InKindHost.Services);
        await TestHost.WorkAsync("resolve-places", InKindHost.Services);
        await TestHost.WorkAsync("allocate-service-points", InKindHost.Services);
        await TestHost.WorkAsync("take-notices", InKindHost.Services);
        await ExecuteAsync("update notifications.notification set state = 'Sending', fence = 1, lease_until = now() - interval '1 second'");
        await WorkAsync();
        Assert.That(Channel.Arrived, Has.Count.EqualTo(15));
    }

    [Test]
    public async Task Suppressed_notifications_count_as_done_and_nobody_is_told()
    {
        await using var host = await StartAsync(("Notifications:SuppressNotifications", "true"));
        await ReceiveAsync("COMMODITY", 5);
        await TestHost.WorkAsync(host.Services);
        Assert.That(Channel.Messages, Is.Empty);
        Assert.That((int)(await EnvelopeStatusAsync())["no_of_beneficiaries_notified"]!, Is.EqualTo(5));
    }

    [Test]
    public async Task Nobody_is_told_about_a_cancelled_envelope()
    {
        await ReceiveAsync("COMMODITY", 5, scheduleDate: "2026-06-25");
        await TestHost.WorkAsync("take-placed-batches", InKindHost.Services);
        await TestHost.WorkAsync("resolve-places", InKindHost.Services);
        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E" })));
        await WorkAsync();
        Assert.That(Channel.Messages, Is.Empty);
    }

    [Test]
    public async Task Beneficiaries_of_digital_cash_are_told_of_their_payment_and_its_return_once()
    {
        await ReceiveAsync("CASH_DIGITAL", 3, 100);
        await WorkAsync();
        var payments = TestHost.Bank.Orders.SelectMany(order => order.Payments).ToList();
        await PhysicalCashTests.UploadAsync(new Reconciliation.StatementText().Debit(payments[0]).Debit(payments[1]).ToString());
        await WorkAsync();
        Assert.That(Channel.Messages.Select(message => (message.Type, message.Recipient.Email)), Is.EquivalentTo(new[] { (NotificationType.PaymentPaid, "B1@example.org"), (NotificationType.PaymentPaid, "B2@example.org") }));

        await PhysicalCashTests.UploadAsync(new Reconciliation.StatementText(number: "2/1", reference: "ROW2").Return(payments[0]).Debit(payments[2]).ToString());
        await WorkAsync();
        Clock.Advance(TimeSpan.FromMinutes(6));
        await WorkAsync();
        Assert.That(Channel.Messages.Select(message => message.Type), Has.Exactly(3).EqualTo(NotificationType.PaymentPaid).And.Exactly(1).EqualTo(NotificationType.PaymentReturned));
        Assert.That(Channel.Arrived.Values, Has.All.EqualTo(1));
    }

    private static async Task<Microsoft.AspNetCore.Builder.WebApplication> StartAsync((string, string) setting)
    {
        var host = TestHost.Build(InKindHost.ConnectionString, InKindHost.Register, InKindHost.With(InKindHost.Settings, setting));
        await host.StartAsync();
        return host;
    }
}
