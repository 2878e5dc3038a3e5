using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Contracts;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>Where beneficiaries live, and which warehouse and agency serve them.</summary>
internal sealed class PlacesTests : InKindTest
{
    [Test]
    public async Task Beneficiaries_are_grouped_by_zone_with_counts_and_quantities()
    {
        await ReceiveAsync("COMMODITY", 12, 2.5m);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfBatch("E-BATCH"));
        Assert.Multiple(() =>
        {
            Assert.That(geos.Select(geo => (geo.LargeZoneId, geo.SmallZoneId, geo.Beneficiaries, geo.Quantity)), Is.EquivalentTo(new[]
            {
                ("L0", "S0", 2, 5m), ("L0", "S2", 3, 7.5m), ("L0", "S4", 2, 5m), ("L1", "S1", 3, 7.5m), ("L1", "S3", 2, 5m),
            }));
            Assert.That(geos.Sum(geo => geo.Quantity), Is.EqualTo(30m));
            Assert.That(geos.Select(geo => geo.Id), Is.Unique.And.All.Length.EqualTo(16));
            Assert.That(geos.Select(geo => (geo.Warehouse?.Id, geo.Agency?.Id)), Is.EquivalentTo(geos.Select(geo => ($"W-{geo.LargeZoneId}", $"A-{geo.SmallZoneId}"))));
            Assert.That(Places.WarehouseCalls, Has.Count.EqualTo(1), "one question for a whole batch");
            Assert.That(Places.AgencyCalls, Has.Count.EqualTo(1));
        });
    }

    [Test]
    public async Task Cash_by_hand_needs_no_warehouse()
    {
        await ReceiveAsync("CASH_PHYSICAL", 5);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfBatch("E-BATCH"));
        Assert.Multiple(() =>
        {
            Assert.That(geos, Has.Count.EqualTo(5).And.All.Matches<GeoFacts>(geo => geo is { Warehouse: null, WarehouseReason: null, Agency: not null }));
            Assert.That(Places.WarehouseCalls, Is.Empty);
        });
    }

    [Test]
    public async Task Whoever_has_no_place_is_named_and_placed_once_the_registry_knows()
    {
        Places.Unknown["B3"] = true;
        Places.WithoutZone["B4"] = true;
        await ReceiveAsync("COMMODITY", 6);
        await WorkAsync();
        Assert.That((await SendAsync(new ListMissingLines("E", 0, 10, null))).Select(line => line.ReasonCode), Is.EqualTo(new[] { "NOT_IN_REGISTRY", "NO_ZONE_IN_REGISTRY" }));

        Places.Unknown.Clear();
        Clock.Advance(TimeSpan.FromSeconds(31));
        await WorkAsync();
        var progress = (await SendAsync(new ReadInKindProgress(["E"]))).Single();
        Assert.Multiple(() =>
        {
            Assert.That((progress.Placed, progress.PlacedQuantity, progress.Missing, progress.MissingQuantity), Is.EqualTo((5, 50m, 1, 10m)));
            Assert.That(Places.RegistryCalls.Last(), Is.EquivalentTo(new[] { "B3", "B4" }), "nobody is asked about twice");
        });
    }

    [Test]
    public async Task A_registry_that_is_down_is_named_and_asked_again_and_nobody_is_taken_for_missing()
    {
        Places.RegistryDown = new RegistryAnswer.Failed("REGISTRY_UNREACHABLE", "down");
        await ReceiveAsync("COMMODITY", 6);
        await WorkAsync();
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(5));
            await WorkAsync();
        }

        var down = (await SendAsync(new ReadInKindTasks("E-BATCH"))).Single();
        Assert.That((down.Task, down.Status, down.LatestErrorCode), Is.EqualTo(("geo_resolution", "ERROR", "REGISTRY_UNREACHABLE")));
        Assert.That(await SendAsync(new ListMissingLines("E", 0, 10, null)), Is.Empty);

        Places.RegistryDown = null;
        Clock.Advance(TimeSpan.FromMinutes(5));
        await WorkAsync();
        var tasks = await SendAsync(new ReadInKindTasks("E-BATCH"));
        Assert.That(tasks.Select(task => (task.Status, task.LatestErrorCode)), Is.EqualTo(Enumerable.Repeat(("PROCESSED", (string?)null), 3)));
    }

    [Test]
    public async Task A_place_that_nobody_serves_is_named_and_the_others_go_on()
    {
        Places.UnservedZones["S2"] = true;
        await ReceiveAsync("COMMODITY", 10);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfEnvelope("E"));
        Assert.Multiple(() =>
        {
            Assert.That(geos.Where(geo => geo.Agency is null).Select(geo => (geo.SmallZoneId, geo.AgencyReason)), Is.EqualTo(new[] { ("S2", "NO_AGENCY_SERVES_THE_ZONE") }));
            Assert.That(geos.Count(geo => geo.Agency is not null), Is.EqualTo(4));
        });

        Places.UnservedZones.Clear();
        Clock.Advance(TimeSpan.FromSeconds(31));
        await WorkAsync();
        Assert.That((await SendAsync(new ReadInKindProgress(["E"]))).Single().Unallocated, Is.Zero);
    }

    [Test]
    public async Task A_large_zone_without_a_warehouse_is_named_and_its_places_get_no_agency()
    {
        Places.UnservedZones["L1"] = true;
        await ReceiveAsync("COMMODITY", 10);
        await WorkAsync();
        var geos = await SendAsync(new ReadGeosOfEnvelope("E"));
        Assert.That(geos.Where(geo => geo.LargeZoneId == "L1"), Has.Exactly(2).Items.And.All.Matches<GeoFacts>(geo => geo is { WarehouseReason: "NO_WAREHOUSE_SERVES_THE_ZONE", Agency: null, AgencyReason: null }));
        Assert.That(geos.Where(geo => geo.LargeZoneId == "L0"), Has.Exactly(3).Items.And.All.Matches<GeoFacts>(geo => geo.Agency is not null));
    }

    [Test]
    public async Task The_least_loaded_of_several_is_taken()
    {
        Places.Zones = 1;
        Places.Others["S0"] = ["A-OTHER"];
        await ReceiveAsync("CASH_PHYSICAL", 3, id: "E1");
        await WorkAsync();
        await ReceiveAsync("CASH_PHYSICAL", 1, id: "E2");
        await WorkAsync();
        var (first, second) = ((await SendAsync(new ReadGeosOfEnvelope("E1"))).Single().Agency!.Id, (await SendAsync(new ReadGeosOfEnvelope("E2"))).Single().Agency!.Id);
        Assert.That(second, Is.Not.EqualTo(first));
    }

    [Test]
    public async Task Two_workers_place_a_batch_once()
    {
        await ReceiveAsync("COMMODITY", 50);
        await TestHost.WorkAsync("take-placed-batches", InKindHost.Services);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestHost.WorkAsync("resolve-places", InKindHost.Services)));
        Assert.That(await ScalarAsync<long>("select count(*) from in_kind.beneficiary"), Is.EqualTo(50));
        Assert.That(await ScalarAsync<long>("select count(*) from in_kind.geo"), Is.EqualTo(5));
    }

    [Test]
    public async Task Cancelled_lines_are_no_longer_counted()
    {
        await ReceiveAsync("COMMODITY", 10, scheduleDate: "2026-06-25");
        await WorkAsync();
        Assert.That((await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E-D5" })))).Succeeded(), Is.True);
        var zone = (await SendAsync(new ReadGeosOfEnvelope("E"))).Single(geo => geo.SmallZoneId == "S0");
        Assert.That((zone.Beneficiaries, zone.Quantity), Is.EqualTo((1, 10m)));
    }
}
