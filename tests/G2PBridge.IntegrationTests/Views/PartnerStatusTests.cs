using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Reconciliation;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Views;

/// <summary>The three status endpoints of the contract (section 1.4.3) over a whole journey.</summary>
internal sealed class PartnerStatusTests : ReconciliationTest
{
    [Test]
    public async Task The_status_of_each_disbursement_is_what_the_statement_says()
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));

        var answer = await PostAsync("get_disbursement_status", Wire.Request(new JsonArray("E-D1", "E-D2", "E-D3", "NOPE")));

        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
        JsonNode Records(int i) => answer.Payload()![i]!["disbursement_recon_records"]!;
        JsonArray Matched(int i) => Records(i)["disbursement_recon_payloads"]!.AsArray();
        Assert.Multiple(() =>
        {
            Assert.That(answer.Payload()!.AsArray().Select(status => (string?)status!["reconciliation_id"]), Is.EqualTo(new[] { "E-D1", "E-D2", "E-D3", "NOPE" }));
            Assert.That(Matched(0), Has.Count.EqualTo(1));
            Assert.That((string?)Matched(0)[0]!["disbursement_batch_control_id"], Is.EqualTo("E-BATCH"));
            Assert.That((string?)Matched(0)[0]!["remittance_reference_number"], Is.EqualTo("DEBIT" + payments[0].Reference));
            Assert.That((string?)Matched(0)[0]!["remittance_entry_date"], Is.EqualTo("2026-06-19T00:00:00"));
            Assert.That((string?)Matched(0)[0]!["remittance_entry_sequence"], Is.EqualTo("1"));
            Assert.That((bool)Matched(0)[0]!["reversal_found"]!, Is.False);
            Assert.That((bool)Matched(1)[0]!["reversal_found"]!, Is.True);
            Assert.That((string?)Matched(1)[0]!["reversal_reason"], Is.EqualTo("ACCOUNT_CLOSED"));
            Assert.That((string?)Matched(1)[0]!["reversal_entry_sequence"], Is.EqualTo("3"));
            Assert.That(Matched(2), Is.Empty);
            Assert.That(Matched(3), Is.Empty);
            Assert.That(Records(3)["disbursement_error_recon_payloads"]!.AsArray(), Is.Empty);
            Assert.That(Matched(0)[0]!.AsObject().Select(field => field.Key), Is.EqualTo(new[]
            {
                "disbursement_batch_control_id", "disbursement_id", "disbursement_batch_control_geo_id", "disbursement_envelope_id", "beneficiary_name_from_bank",
                "remittance_reference_number", "remittance_statement_id", "remittance_statement_number", "remittance_statement_sequence", "remittance_entry_sequence",
                "remittance_entry_date", "remittance_value_date", "reversal_found", "reversal_statement_id", "reversal_statement_number", "reversal_statement_sequence",
                "reversal_entry_sequence", "reversal_entry_date", "reversal_value_date", "reversal_reason",
            }));
        });
    }

    [Test]
    public async Task A_match_that_repeats_nothing_of_its_entry_is_answered_by_way_of_it()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var asked = Wire.Request(new JsonArray("E-D1", "E-D2"));
        var before = (await PostAsync("get_disbursement_status", asked)).Payload()!.ToJsonString();

        // As an earlier program books.
        await ExecuteAsync(
            """
            set session_replication_role = replica;
            update reconciliation.match set statement = null, ordinal = null, entry_date = null, value_date = null, bank_reference = null, sealed = null;
            reset session_replication_role
            """);

        Assert.That((await PostAsync("get_disbursement_status", asked)).Payload()!.ToJsonString(), Is.EqualTo(before));
        Assert.That(before, Does.Contain("DEBIT" + payments[0].Reference).And.Contain("DEBIT" + payments[1].Reference).And.Contain("ACCOUNT_CLOSED"));
    }

    [Test]
    public async Task A_long_list_is_answered_whole_and_in_its_order()
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[2]));
        // More than is looked up at once; some ids stand in several of the sets, most are nobody's.
        string[] ids = [.. Enumerable.Range(0, 10_000).Select(i => i % 400 == 0 ? $"E-D{(i / 400 % 3) + 1}" : $"NOPE-{i}")];

        var answer = await PostAsync("get_disbursement_status", Wire.Request(new JsonArray([.. ids.Select(id => (JsonNode)id)])));

        var statuses = answer.Payload()!.AsArray();
        var paid = statuses.Where(status => status!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray().Count == 1).Select(status => (string?)status!["reconciliation_id"]);
        Assert.Multiple(() =>
        {
            Assert.That(statuses.Select(status => (string?)status!["reconciliation_id"]), Is.EqualTo(ids));
            Assert.That(paid, Is.EqualTo(ids.Where(id => id is "E-D1" or "E-D3")));
        });
    }

    [Test]
    public async Task A_status_is_looked_up_on_the_replica_where_nothing_can_be_written()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var asked = Wire.Request(new JsonArray("E-D1", "E-D2", "NOPE"));
        var replica = new NpgsqlConnectionStringBuilder(TestHost.ConnectionString) { ApplicationName = "a replica of this test", Options = "-c default_transaction_read_only=on" }.ConnectionString;
        await using var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("ConnectionStrings:G2PBridgeReplica", replica));
        await host.StartAsync();

        using var response = await Http.PostAsJsonAsync(new Uri(new Uri(host.Urls.First()), "get_disbursement_status"), asked);

        Assert.That((await response.Content.ReadFromJsonAsync<JsonNode>())!.Payload()!.ToJsonString(), Is.EqualTo((await PostAsync("get_disbursement_status", asked)).Payload()!.ToJsonString()));
        Assert.That(await ScalarAsync<long>("select count(*) from pg_stat_activity where application_name = 'a replica of this test'"), Is.GreaterThan(0));
    }

    [Test]
    public async Task A_second_debit_appears_among_the_errors_of_its_disbursement()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[0], bankReference: "AGAIN"));

        var answer = await PostAsync("get_disbursement_status", Wire.Request(new JsonArray("E-D1")));

        var error = answer.Payload()![0]!["disbursement_recon_records"]!["disbursement_error_recon_payloads"]!.AsArray().Single()!;
        Assert.Multiple(() =>
        {
            Assert.That((string?)error["error_reason"], Is.EqualTo("DUPLICATE_DISBURSEMENT"));
            Assert.That((string?)error["reconciliation_id"], Is.EqualTo("E-D1"));
            Assert.That((string?)error["bank_reference_number"], Is.EqualTo("AGAIN"));
        });
    }

    [Test]
    public async Task The_counters_of_an_envelope_follow_it_to_the_end()
    {
        Mapper.Unlinked["B2"] = "succ.fa.not_linked_to_id";
        await Journey.ReceiveAsync(Envelope, 3, 1000.50m);
        var before = (await PostAsync("get_disbursement_envelope_status", Wire.Request(Envelope))).Payload()!;
        await WorkAsync();
        var payments = Bank.Orders.SelectMany(order => order.Payments).ToArray();
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var after = (await PostAsync("get_disbursement_envelope_status", Wire.Request(Envelope))).Payload()!;

        Assert.Multiple(() =>
        {
            Assert.That((string?)before["funds_available_with_bank"], Is.EqualTo("PENDING_CHECK"));
            Assert.That((int)before["number_of_disbursements_received"]!, Is.EqualTo(3));
            Assert.That((int)before["number_of_disbursements_shipped"]!, Is.Zero);
            Assert.That((string?)after["funds_available_with_bank"], Is.EqualTo("FUNDS_AVAILABLE"));
            Assert.That((string?)after["funds_blocked_with_bank"], Is.EqualTo("FUNDS_BLOCK_SUCCESS"));
            Assert.That((string?)after["funds_blocked_reference_number"], Is.Not.Empty);
            Assert.That(after["total_disbursement_quantity_declared"]!.ToJsonString(), Is.EqualTo("3001.5"));
            Assert.That((int)after["number_of_disbursements_shipped"]!, Is.EqualTo(2));
            Assert.That((int)after["number_of_disbursements_reconciled"]!, Is.EqualTo(2));
            Assert.That((int)after["number_of_disbursements_reversed"]!, Is.EqualTo(1));
            Assert.That(after["disbursement_batch_control_geos"], Is.Null);
            Assert.That(after.AsObject().Select(field => field.Key), Is.EqualTo(new[]
            {
                "disbursement_envelope_id", "benefit_code_id", "benefit_code_mnemonic", "benefit_type", "measurement_unit", "number_of_beneficiaries_received",
                "number_of_beneficiaries_declared", "number_of_disbursements_declared", "number_of_disbursements_received", "total_disbursement_quantity_declared",
                "total_disbursement_quantity_received", "funds_available_with_bank", "funds_available_latest_timestamp", "funds_available_latest_error_code",
                "funds_available_attempts", "funds_blocked_with_bank", "funds_blocked_latest_timestamp", "funds_blocked_latest_error_code", "funds_blocked_attempts",
                "funds_blocked_reference_number", "number_of_disbursements_shipped", "number_of_disbursements_reconciled", "number_of_disbursements_reversed",
                "no_of_warehouses_allocated", "no_of_warehouses_notified", "no_of_agencies_allocated", "no_of_agencies_notified", "no_of_beneficiaries_notified",
                "no_of_pods_received", "disbursement_batch_control_geos",
            }));
        });
    }

    [Test]
    public async Task The_tasks_of_a_batch_go_from_waiting_to_processed()
    {
        await Journey.ReceiveAsync(Envelope, 2);
        var before = (await PostAsync("get_disbursement_batch_control", Wire.Request("E-BATCH"))).Payload()!;
        await WorkAsync();
        var after = (await PostAsync("get_disbursement_batch_control", Wire.Request("E-BATCH"))).Payload()!;

        Assert.Multiple(() =>
        {
            Assert.That((string?)before["fa_resolution_status"], Is.EqualTo("PENDING"));
            Assert.That((string?)before["sponsor_bank_dispatch_status"], Is.EqualTo("NOT_APPLICABLE"));
            Assert.That((string?)before["geo_resolution_status"], Is.EqualTo("NOT_APPLICABLE"));
            Assert.That((string?)after["fa_resolution_status"], Is.EqualTo("PROCESSED"));
            Assert.That((string?)after["sponsor_bank_dispatch_status"], Is.EqualTo("PROCESSED"));
            Assert.That((int)after["fa_resolution_attempts"]!, Is.EqualTo(1));
            Assert.That((int)after["disbursement_cycle_id"]!, Is.EqualTo(1));
            Assert.That(after["disbursement_batch_control_geos"]!.AsArray(), Is.Empty);
        });
    }

    [Test]
    public async Task Zero_is_not_sent_to_the_bank_but_counts_as_reconciled()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, 2, 10))));
        await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "D1", "B1", 10), Wire.Line(Envelope, "D2", "B2", 0)), "B-1"));
        await WorkAsync();

        var envelope = (await PostAsync("get_disbursement_envelope_status", Wire.Request(Envelope))).Payload()!;
        var status = await PostAsync("get_disbursement_status", Wire.Request(new JsonArray("D2")));

        Assert.Multiple(() =>
        {
            Assert.That(Bank.Orders.Single().Payments, Has.Count.EqualTo(1));
            Assert.That((int)envelope["number_of_disbursements_shipped"]!, Is.EqualTo(2));
            Assert.That((int)envelope["number_of_disbursements_reconciled"]!, Is.EqualTo(1));
            Assert.That(status.Payload()![0]!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray(), Has.Count.EqualTo(1));
        });
    }

    [Test]
    public async Task What_does_not_exist_is_answered_as_the_contract_says()
    {
        var batch = await PostAsync("get_disbursement_batch_control", Wire.Request("NOPE"));
        var envelope = await PostAsync("get_disbursement_envelope_status", Wire.Request("NOPE"));
        using var malformed = await PostRawAsync("get_disbursement_envelope_status", Wire.Request(new JsonArray("E")));
        using var numbers = await PostRawAsync("get_disbursement_status", Wire.Request(new JsonArray(1, 2)));

        Assert.Multiple(() =>
        {
            Assert.That(batch.Succeeded(), Is.True);
            Assert.That(batch.Payload(), Is.Null);
            Assert.That(envelope.Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"));
            Assert.That(envelope.Payload(), Is.Null);
            Assert.That(malformed.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That(numbers.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        });
    }

    [Test]
    public async Task The_first_generation_reads_the_status_in_its_own_shape()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]));

        var answer = await PostAsync("get_disbursement_status", new JsonObject { ["header"] = new JsonObject { ["message_id"] = "m" }, ["message"] = new JsonArray("E-D1") });

        Assert.Multiple(() =>
        {
            Assert.That((string?)answer["header"]!["status"], Is.EqualTo("succ"));
            Assert.That((string?)answer["message"]![0]!["disbursement_id"], Is.EqualTo("E-D1"));
            Assert.That(answer["message"]![0]!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray(), Has.Count.EqualTo(1));
        });
    }
}
