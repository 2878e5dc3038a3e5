using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Simulators;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>The connectors that come with the bridge, against a registry, a PBMS and a Novu that answer by SQL and HTTP.</summary>
internal sealed class SimulatedPartiesTests : InKindTest
{
    private static WebApplication? _parties;
    private static string _database = "";

    [OneTimeSetUp]
    public static async Task StartPartiesAsync()
    {
        _database = await TestHost.FindDatabaseAsync("g2pbridge_inkind_parties");
        await using (var source = NpgsqlDataSource.Create(_database))
        {
            await using var clean = source.CreateCommand("drop schema if exists example_bank, spar_mapper, registry, pbms, novu, simulators cascade");
            await clean.ExecuteNonQueryAsync();
        }

        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = Environments.Development });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSimulators(options =>
        {
            options.ConnectionString = _database;
            options.ExampleBank.StatementCallbackUrl = "";
            options.InKind.Farmers = 300;
            options.InKind.SmallZones = 10;
            options.InKind.LargeZones = 5;
        });
        _parties = builder.Build();
        _parties.MapSimulators();
        await _parties.Services.PrepareSimulatorsAsync(CancellationToken.None);
        await _parties.StartAsync();
    }

    [OneTimeTearDown]
    public static async Task StopPartiesAsync()
    {
        if (_parties is not null)
        {
            await _parties.DisposeAsync();
        }
    }

    [Test]
    public async Task Registry_PBMS_and_Novu_are_read_and_told_and_a_500_after_accepting_tells_nobody_twice()
    {
        await using var host = await StartAsync();
        await FaultAsync("""[{"kind":"http-5xx","endpoint":"bulk","perform":true,"count":2}]""");
        // 4 of 104 are unknown; the last of ten small zones has no agency.
        await ReceiveFarmersAsync("COMMODITY", 990011, Enumerable.Range(1, 100).Concat(Enumerable.Range(9000, 4)));
        await TestHost.WorkAsync(host.Services);
        Clock.Advance(TimeSpan.FromSeconds(11));
        await TestHost.WorkAsync(host.Services);

        var geos = await SendAsync(new ReadGeosOfEnvelope("E"));
        var workflows = (await Http.GetFromJsonAsync<JsonNode>(new Uri(Novu, "summary")))!["workflows"]!.AsArray()
            .ToDictionary(workflow => (string)workflow!["workflow"]!, workflow => ((int)workflow!["messages"]!, (decimal)workflow["total_quantity"]!));
        var progress = (await SendAsync(new ReadInKindProgress(["E"]))).Single();
        Assert.Multiple(() =>
        {
            Assert.That((progress.Places, progress.Placed, progress.Missing, progress.Unallocated), Is.EqualTo((10, 100, 4, 10)));
            Assert.That(geos.Where(geo => geo.Agency is not null).Select(geo => geo.Agency!.AdminEmail), Has.Exactly(9).Match("^agency[0-9]+@example.org$"));
            Assert.That(workflows["beneficiary-notification"], Is.EqualTo((90, 900m)));
            Assert.That(workflows["agency-notification"], Is.EqualTo((9, 900m)));
            Assert.That(workflows["warehouse-notification"], Is.EqualTo((9, 900m)));
        });
    }

    [Test]
    public async Task A_registry_database_that_is_not_there_is_named()
    {
        await using var host = await StartAsync(("InKind:Registries:FARMER:ConnectionString", "Host=127.0.0.1;Port=9;Database=none;Timeout=2"));
        await ReceiveFarmersAsync("COMMODITY", 990011, [1]);
        await TestHost.WorkAsync(host.Services);
        Assert.That((await SendAsync(new ReadInKindTasks("E-BATCH"))).Single().LatestErrorCode, Is.EqualTo("REGISTRY_UNREACHABLE"));
    }

    [Test, Explicit("A measurement: 100,000 beneficiaries in 1,000 zones, to be placed and served in less than 10 s on two cores.")]
    public async Task A_hundred_thousand_beneficiaries_in_a_thousand_zones()
    {
        await using (var source = NpgsqlDataSource.Create(_database))
        {
            await using var clean = source.CreateCommand("truncate registry.g2p_farmer_registry, pbms.g2p_warehouse, pbms.g2p_warehouse_program_benefit_codes, pbms.g2p_administrative_area_large_g2p_warehouse_rel, pbms.g2p_agency, pbms.g2p_agency_program_benefit_codes, pbms.g2p_administrative_area_small_g2p_agency_rel");
            await clean.ExecuteNonQueryAsync();
            await using var connection = await source.OpenConnectionAsync();
            await InKindSeed.PlantAsync(connection, new InKindSeedOptions { Farmers = 100_000, SmallZones = 1_000, LargeZones = 50, ZonesWithoutAgency = 0 }, CancellationToken.None);
            await using var analyze = new NpgsqlCommand("analyze", connection);
            await analyze.ExecuteNonQueryAsync();
        }

        await using var host = await StartAsync();
        await ReceiveFarmersAsync("COMMODITY", 990011, Enumerable.Range(1, 100_000));
        var watch = Stopwatch.StartNew();
        await TestHost.WorkAsync("take-placed-batches", host.Services);
        await TestHost.WorkAsync("resolve-places", host.Services);
        var placed = watch.Elapsed;
        await TestHost.WorkAsync("allocate-service-points", host.Services);
        var served = watch.Elapsed;
        var progress = (await SendAsync(new ReadInKindProgress(["E"]))).Single();
        await TestContext.Progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"placed after {placed.TotalSeconds:0.00} s, served after {served.TotalSeconds:0.00} s"));
        Assert.That((progress.Places, progress.Placed, progress.Unallocated), Is.EqualTo((1_000, 100_000, 0)));
    }

    private static Uri Novu => new(_parties!.Urls.Single() + SimulatorsHosting.NovuPath + "/");

    private static async Task FaultAsync(string rules)
    {
        using var content = new StringContent(rules, System.Text.Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(Novu, "faults"), content);
        Assert.That(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task ReceiveFarmersAsync(string type, int benefit, IEnumerable<int> farmers)
    {
        var ids = farmers.ToList();
        var envelope = Wire.Envelope("E", ids.Count, ids.Count * 10m, change =>
        {
            change["benefit_type"] = type;
            change["measurement_unit"] = "KG";
            change["benefit_code_id"] = benefit;
        });
        Assert.That((await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(envelope)))).Succeeded(), Is.True);
        var lines = new JsonArray([.. ids.Select(id => (JsonNode)Wire.Line("E", $"E-D{id}", string.Create(CultureInfo.InvariantCulture, $"FRM_{id:D7}"), 10m))]);
        Assert.That((await PostAsync("create_disbursements", Wire.Request(lines, "E-BATCH"))).Succeeded(), Is.True);
    }

    private static async Task<WebApplication> StartAsync(params (string, string)[] settings)
    {
        (string, string)[] usual =
        [
            ("Features:InKind", "true"),
            ("InKind:Registries:FARMER:Connector", "farmer-registry"), ("InKind:Registries:FARMER:ConnectionString", $"{_database};Search Path=registry"),
            ("InKind:Warehouses:Connector", "pbms"), ("InKind:Warehouses:ConnectionString", $"{_database};Search Path=pbms"),
            ("InKind:Agencies:Connector", "pbms"), ("InKind:Agencies:ConnectionString", $"{_database};Search Path=pbms"),
            ("InKind:Agencies:Seed", "1"),
            ("Notifications:Channel", "novu"), ("Notifications:Channels:novu:Connector", "novu"), ("Notifications:Channels:novu:Url", Novu.ToString()), ("Notifications:Channels:novu:ApiKey", "demo"),
        ];
        var host = TestHost.Build(
            InKindHost.ConnectionString,
            services =>
            {
                services.AddSingleton<TimeProvider>(TestHost.Clock);
                services.AddSingleton<IMapperConnector>(TestHost.Mapper);
                TestHost.Bank.Register(services);
                services.AddSingleton<ISendObserver>(TestHost.Crash);
            },
            InKindHost.With(usual, settings));
        await host.StartAsync();
        return host;
    }
}
