using System.Collections.Concurrent;
using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Contracts;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>
/// Registry and directories at the connector port. B7 of five zones lives in S2, which lies in large zone L0 or L1; warehouse W-L0 serves L0, agency A-S2 serves S2,
/// but for whom and where a test says otherwise.
/// </summary>
internal sealed class ScriptedPlaces : IInKindConnectors
{
    private readonly Registry _registry;
    private readonly Directory _warehouses;
    private readonly Directory _agencies;

    public ScriptedPlaces()
    {
        _registry = new Registry(this);
        _warehouses = new Directory(this, "W-", WarehouseCalls);
        _agencies = new Directory(this, "A-", AgencyCalls);
    }

    public int Zones { get; set; } = 5;

    public ConcurrentDictionary<string, bool> Unknown { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, bool> WithoutZone { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, bool> UnservedZones { get; } = new(StringComparer.Ordinal);

    /// <summary>By the agency's id, what stands in additional_info in place of an account.</summary>
    public ConcurrentDictionary<string, string> AdditionalInfo { get; } = new(StringComparer.Ordinal);

    /// <summary>Further candidates by zone.</summary>
    public ConcurrentDictionary<string, string[]> Others { get; } = new(StringComparer.Ordinal);

    /// <summary>What the registry says otherwise of everybody; null: the usual.</summary>
    public Func<RegisteredPerson, RegisteredPerson>? Person { get; set; }

    /// <summary>What the directories say otherwise of everything; null: the usual.</summary>
    public Func<ServicePoint, ServicePoint>? Point { get; set; }

    public RegistryAnswer.Failed? RegistryDown { get; set; }

    public ServicePointAnswer.Failed? DirectoryDown { get; set; }

    public ConcurrentQueue<IReadOnlyList<string>> RegistryCalls { get; } = new();

    public ConcurrentQueue<ServicePointQuestion> WarehouseCalls { get; } = new();

    public ConcurrentQueue<ServicePointQuestion> AgencyCalls { get; } = new();

    public IRegistryConnector? FindRegistry(string targetRegistry) => targetRegistry == "FARMER" ? _registry : null;

    public IServicePointConnector? FindDirectory(ServicePointKind kind) => kind == ServicePointKind.Warehouse ? _warehouses : _agencies;

    public void Reset()
    {
        Zones = 5;
        Unknown.Clear();
        WithoutZone.Clear();
        UnservedZones.Clear();
        AdditionalInfo.Clear();
        Others.Clear();
        (RegistryDown, DirectoryDown) = (null, null);
        (Person, Point) = (null, null);
        RegistryCalls.Clear();
        WarehouseCalls.Clear();
        AgencyCalls.Clear();
    }

    private sealed class Registry(ScriptedPlaces places) : IRegistryConnector
    {
        public Task<RegistryAnswer> FindAsync(IReadOnlyList<string> beneficiaryIds, CancellationToken cancellationToken)
        {
            places.RegistryCalls.Enqueue(beneficiaryIds);
            return Task.FromResult(places.RegistryDown as RegistryAnswer ?? new RegistryAnswer.Answered([.. beneficiaryIds.Where(id => !places.Unknown.ContainsKey(id)).Select(Person).Select(places.Person ?? (person => person))]));
        }

        private RegisteredPerson Person(string id)
        {
            var zone = int.Parse(id.AsSpan(1), CultureInfo.InvariantCulture) % places.Zones;
            return places.WithoutZone.ContainsKey(id)
                ? new RegisteredPerson(id, null, null, $"Name {id}", null, null)
                : new RegisteredPerson(id, new($"L{zone % 2}", $"Large {zone % 2}"), new($"S{zone}", $"Small {zone}"), $"Name {id}", $"{id}@example.org", null);
        }
    }

    private sealed class Directory(ScriptedPlaces places, string prefix, ConcurrentQueue<ServicePointQuestion> calls) : IServicePointConnector
    {
        public Task<ServicePointAnswer> FindAsync(ServicePointQuestion question, CancellationToken cancellationToken)
        {
            calls.Enqueue(question);
            if (places.DirectoryDown is { } down)
            {
                return Task.FromResult<ServicePointAnswer>(down);
            }

            var services = question.ZoneIds.Where(zone => !places.UnservedZones.ContainsKey(zone))
                .SelectMany(zone => places.Others.GetValueOrDefault(zone, []).Prepend(prefix + zone).Select(point => new ServedZone(zone, point))).ToList();
            return Task.FromResult<ServicePointAnswer>(new ServicePointAnswer.Answered(
                [.. services.Select(service => service.PointId).Distinct(StringComparer.Ordinal).Select(Point).Select(places.Point ?? (point => point))], services));
        }

        private ServicePoint Point(string id) => new(
            id, $"M{id}", $"Name of {id}", places.AdditionalInfo.GetValueOrDefault(id, $"#BANK#EXAMPLE-BANK#BRANCH#0001#ACCOUNT#ACC-{id}#TYPE#BANK_ACCOUNT#"),
            $"Admin of {id}", $"{id.ToLowerInvariant()}@example.org", null, "Seed and tools");
    }
}
