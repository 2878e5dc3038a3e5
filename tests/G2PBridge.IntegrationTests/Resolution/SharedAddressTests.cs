using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Disbursement;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Resolution;

/// <summary>One financial address, several people of one envelope.</summary>
internal sealed class SharedAddressTests : DisbursementTest
{
    private static readonly ResolvedAddress Shared = new("BANK_ACCOUNT", "AC 77-1", "EXAMPLE-BANK", "0001", null, null, null, null, null);

    [Test]
    public async Task They_are_noted_and_paid_unless_the_programme_says_otherwise()
    {
        Share("B1", "B3");
        await Journey.ReceiveAsync(Envelope, 4);
        await WorkAsync();
        var exceptions = (await GetAsync("v1/envelopes/E/exceptions"))!;
        Assert.Multiple(() =>
        {
            Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B2", "B3", "B4" }));
            Assert.That(exceptions["groups"]!.AsArray().Select(group => $"{group!["kind"]} {group["reason_code"]} {group["lines"]}"), Is.EqualTo(new[] { "NOTED SHARED_ADDRESS 2" }));
            Assert.That(TestLog.Lines, Has.None.Contains("77"));
        });
    }

    [Test]
    public async Task Under_the_rule_hold_everybody_who_shares_waits_and_the_others_are_paid()
    {
        await using var host = Host("Hold");
        Share("B1", "B3");
        Mapper.Linked["B4"] = Shared with { AccountNumber = "ac771" };
        await Journey.ReceiveAsync(Envelope, 5);
        await TestHost.WorkAsync(host.Services);

        var envelope = (await GetAsync("v1/envelopes/E"))!;
        Assert.Multiple(async () =>
        {
            Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B2", "B5" }));
            Assert.That(envelope["funnel"]!["held"]!["lines"]!.GetValue<int>(), Is.EqualTo(3));
            Assert.That((string?)(await GetAsync("v1/disbursements/E-D1"))!["reason_code"], Is.EqualTo("SHARED_ADDRESS"));
            Assert.That(await ScalarAsync<int>("select sum(resolved)::int from resolution.slice"), Is.EqualTo(2));
        });

        Mapper.Linked["B3"] = Shared with { AccountNumber = "ACC-NEW" };
        await DecideAsync("RELEASE", "E-D3");
        await DecideAsync("RELEASE", "E-D1");
        await DecideAsync("DROP", "E-D4");
        await TestHost.WorkAsync(host.Services);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await TestHost.WorkAsync(host.Services);
        Assert.Multiple(async () =>
        {
            Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B2", "B3", "B5" }));
            Assert.That(Bank.Orders.SelectMany(order => order.Payments).Single(payment => payment.BeneficiaryId == "B3").AccountNumber, Is.EqualTo("ACC-NEW"));
            Assert.That(await ScalarAsync<bool>("select complete_at is not null from disbursement.envelope"));
        });
    }

    [Test]
    public async Task Nothing_of_the_envelope_goes_before_everybody_was_asked_about()
    {
        await using var host = Host("Hold", ("Resolution:SliceSize", "2"));
        Share("B1", "B4");
        await Journey.ReceiveAsync(Envelope, 4);
        await TestHost.WorkAsync(Work.TakeBatches, host.Services);
        Mapper.Next(_ => null);
        Mapper.Next(_ => new MapperAnswer.Failed("DOWN", "down"));
        foreach (var job in new[] { Work.ResolveSlices, Work.CheckSharedAddresses, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork, Work.SendChunks })
        {
            await TestHost.WorkAsync(job, host.Services);
        }

        Assert.That(Bank.Orders, Is.Empty);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await TestHost.WorkAsync(host.Services);
        Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B2", "B3" }));
    }

    [Test]
    public async Task Who_is_resolved_later_is_held_and_who_was_paid_is_noted()
    {
        await using var host = Host("Hold");
        Share("B1", "B2");
        Mapper.Unlinked["B2"] = "succ.fa.not_linked_to_id";
        await Journey.ReceiveAsync(Envelope, 2);
        await TestHost.WorkAsync(host.Services);
        Mapper.Unlinked.Clear();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await TestHost.WorkAsync(host.Services);
        Assert.That(PaidPeople(), Is.EqualTo(new[] { "B1" }));
        Assert.That(await ScalarAsync<string>("select string_agg(state, ',' order by seq) from envelopes.line_hold"), Is.EqualTo("Noted,Held"));
    }

    [Test]
    public async Task A_programme_may_leave_it_alone()
    {
        await using var host = Host("Allow");
        Share("B1", "B2");
        await Journey.ReceiveAsync(Envelope, 2);
        await TestHost.WorkAsync(host.Services);
        Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B2" }));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold"), Is.Zero);
    }

    [Test]
    public async Task Two_lines_of_one_person_share_nothing()
    {
        await using var host = TestHost.Build(
            TestHost.ConnectionString, Doubles, ("Programmes:Default:SharedAddress", "Hold"), ("Programmes:Default:DuplicateBeneficiary", "Allow"));
        await host.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(host.Urls.First()) };
        foreach (var (path, body) in new[]
        {
            ("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, 2, 20)))),
            ("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "E-D1", "B1", 10), Wire.Line(Envelope, "E-D2", "B1", 10)), Batch)),
        })
        {
            using var answer = await http.PostAsJsonAsync(path, body);
            Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!.Succeeded());
        }

        await TestHost.WorkAsync(host.Services);
        Assert.That(PaidPeople(), Is.EqualTo(new[] { "B1", "B1" }));
    }

    private static void Share(params string[] people)
    {
        foreach (var person in people)
        {
            Mapper.Linked[person] = Shared;
        }
    }

    private static string[] PaidPeople() => [.. Bank.Orders.SelectMany(order => order.Payments).Select(payment => payment.BeneficiaryId)];

    private static WebApplication Host(string rule, params (string, string)[] settings) =>
        TestHost.Build(TestHost.ConnectionString, Doubles, [("Programmes:Default:SharedAddress", rule), .. settings]);

    private static void Doubles(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMapperConnector>(Mapper);
        Bank.Register(services);
        services.AddSingleton<ISendObserver>(Crash);
    }

    private static async Task DecideAsync(string action, string line)
    {
        var proposed = await PostAsAsync("v1/envelopes/E/holds/decisions", "amina", new JsonObject { ["action"] = action, ["reason"] = "checked", ["disbursement_ids"] = new JsonArray(line) });
        await PostAsAsync($"v1/envelopes/E/holds/decisions/{proposed["id"]}/confirm", "bilal", new JsonObject());
    }

    private static async Task<JsonNode> PostAsAsync(string path, string actor, JsonNode body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, path)) { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Actor", actor);
        using var response = await Http.SendAsync(request);
        var answer = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.That(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer;
    }
}
