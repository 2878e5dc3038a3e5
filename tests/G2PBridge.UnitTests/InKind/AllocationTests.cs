using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Domain;

namespace G2PBridge.UnitTests.InKind;

/// <summary>How one of several candidates is chosen.</summary>
internal sealed class AllocationTests
{
    private static readonly AllocationHistory Nothing = new(new Dictionary<string, long>(), new Dictionary<string, string>());

    [Test]
    public void Nobody_is_chosen_where_nobody_serves() =>
        Assert.That(Allocation.Choose(AllocationStrategy.Random, 1, Places("S1", "S2"), Answer(("S1", "A")), Nothing).Keys, Is.EqualTo(new[] { "G0" }));

    [Test]
    public void A_seeded_lot_is_always_the_same_and_falls_on_everybody()
    {
        var places = Places([.. Enumerable.Range(0, 300).Select(i => $"S{i}")]);
        var answer = Answer([.. places.SelectMany(place => new[] { (place.ZoneId, "A"), (place.ZoneId, "B"), (place.ZoneId, "C") })]);
        var first = Drawn(7);
        Assert.Multiple(() =>
        {
            Assert.That(Drawn(7), Is.EqualTo(first));
            Assert.That(Drawn(8), Is.Not.EqualTo(first));
            Assert.That(first.CountBy(point => point).Select(count => count.Value), Has.Exactly(3).GreaterThan(60));
        });

        List<string> Drawn(long seed)
        {
            var chosen = Allocation.Choose(AllocationStrategy.Random, seed, places, answer, Nothing);
            return [.. places.Select(place => chosen[place.GeoId].Id)];
        }
    }

    [Test]
    public void The_least_loaded_is_chosen_and_what_is_given_out_counts()
    {
        var places = Places("S1", "S1", "S1", "S1");
        var chosen = Allocation.Choose(
            AllocationStrategy.LeastLoaded, null, places, Answer(("S1", "A"), ("S1", "B")), Nothing with { Load = new Dictionary<string, long> { ["A"] = 10 } });
        Assert.That(chosen.Values.CountBy(point => point.Id), Is.EquivalentTo(new[] { KeyValuePair.Create("B", 3), KeyValuePair.Create("A", 1) }));
    }

    [Test]
    public void Whoever_served_last_time_is_kept_unless_he_may_no_longer()
    {
        var last = Nothing with { LastOfZone = new Dictionary<string, string> { ["S1"] = "B", ["S2"] = "GONE" } };
        var chosen = Allocation.Choose(AllocationStrategy.Sticky, null, Places("S1", "S2"), Answer(("S1", "A"), ("S1", "B"), ("S2", "A")), last);
        Assert.That((chosen["G0"].Id, chosen["G1"].Id), Is.EqualTo(("B", "A")));
    }

    // Five beneficiaries in the first place, one fewer in each further one.
    private static List<OpenPlace> Places(params string[] zones) =>
        [.. zones.Select((zone, i) => new OpenPlace(string.Create(CultureInfo.InvariantCulture, $"G{i}"), "BATCH", zone, Math.Max(1, 5 - i)))];

    private static ServicePointAnswer.Answered Answer(params (string Zone, string Point)[] services) => new(
        [.. services.Select(service => service.Point).Distinct(StringComparer.Ordinal).Select(id => new ServicePoint(id, id, null, null, null, null, null, null))],
        [.. services.Select(service => new ServedZone(service.Zone, service.Point))]);
}
