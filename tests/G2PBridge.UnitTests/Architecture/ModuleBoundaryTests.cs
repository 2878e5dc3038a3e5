using Mono.Cecil;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>Modules meet in Contracts only, and only along these edges.</summary>
internal sealed class ModuleBoundaryTests
{
    /// <summary>The one table: whose Contracts a module may use.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["Access"] = [],
        ["Envelopes"] = [],
        ["Resolution"] = ["Envelopes"],
        ["Funds"] = ["Envelopes"],
        ["Disbursement"] = ["Envelopes", "Resolution", "Funds"],
        ["Reconciliation"] = ["Disbursement", "Envelopes", "Funds"],
        ["InKind"] = ["Envelopes", "Resolution"],
        ["Notifications"] = ["Envelopes", "Reconciliation", "InKind"],
    };

    /// <summary>What is no module: which other places of the host it may use. Contracts stands for the Contracts of every module.</summary>
    private static readonly Dictionary<string, string[]> AreaMayUse = new(StringComparer.Ordinal)
    {
        ["SharedKernel"] = [],
        ["Statements"] = [],
        ["PartnerApi"] = ["SharedKernel"],
        ["Platform"] = ["SharedKernel", "PartnerApi"],
        ["Connectors"] = ["SharedKernel", "Platform", "Contracts"],
        ["Views"] = ["SharedKernel", "PartnerApi", "Platform", "Contracts"],
        ["Modules"] = ["SharedKernel", "PartnerApi", "Platform", "Statements", "Modules"],
        ["Commands"] = ["SharedKernel", "Platform", "Statements"],
    };

    /// <summary>Composing the host is naming everything; nothing else may live there.</summary>
    private const string Composition = "Platform.Hosting";

    [Test]
    public void The_table_names_the_modules_that_there_are() =>
        Assert.That(HostAssembly.Modules, Is.EquivalentTo(MayUse.Keys));

    [Test]
    public void The_table_names_the_folders_that_there_are() =>
        Assert.That(HostAssembly.Types.Select(HostAssembly.AreaOf).Where(area => area is { Length: > 0 }).Distinct(), Is.EquivalentTo(AreaMayUse.Keys));

    [Test]
    public void The_edges_have_no_circle()
    {
        var left = MayUse.ToDictionary(edge => edge.Key, edge => edge.Value.ToList(), StringComparer.Ordinal);
        while (left.FirstOrDefault(edge => !edge.Value.Exists(left.ContainsKey)).Key is { } free)
        {
            left.Remove(free);
        }

        Assert.That(left.Keys, Is.Empty);
    }

    [TestCaseSource(nameof(Modules))]
    public void A_module_uses_others_through_their_contracts_only(string module)
    {
        var types = HostAssembly.Types.Where(type => HostAssembly.ModuleOf(type) == module).ToList();
        Assert.That(types, Is.Not.Empty);
        var offences = from type in types
                       from used in TypeReferences.Of(type)
                       let other = HostAssembly.ModuleOf(used)
                       where other is not null && other != module && !(HostAssembly.IsContract(used) && MayUse[module].Contains(other))
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [TestCaseSource(nameof(Areas))]
    public void A_folder_uses_only_the_folders_below_it(string area)
    {
        var types = HostAssembly.Types.Where(type => HostAssembly.AreaOf(type) == area && !HostAssembly.IsIn(type, Composition)).ToList();
        Assert.That(types, Is.Not.Empty);
        var offences = from type in types
                       from used in TypeReferences.Of(type)
                       let other = HostAssembly.AreaOf(used)
                       where other is { Length: > 0 } && other != area && !IsAllowed(used, AreaMayUse[area])
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Only_the_composition_and_the_commands_see_how_the_host_is_composed()
    {
        var offences = from type in HostAssembly.Types
                       where !HostAssembly.IsIn(type, Composition) && !HostAssembly.IsIn(type, "Commands")
                       from used in TypeReferences.Of(type)
                       where HostAssembly.IsIn(used, Composition)
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Contracts_use_no_other_place_of_their_own_module()
    {
        var contracts = HostAssembly.Types.Where(HostAssembly.IsContract).ToList();
        Assert.That(contracts, Is.Not.Empty);
        var offences = from type in contracts
                       from used in TypeReferences.Of(type)
                       where HostAssembly.AreaOf(used) is { } area && area != "SharedKernel" && !HostAssembly.IsContract(used)
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void One_connector_never_uses_another()
    {
        var offences = from type in HostAssembly.Types
                       let party = PartyOf(type)
                       where party is not null
                       from used in TypeReferences.Of(type)
                       let other = PartyOf(used)
                       where other is not null && other != party
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(HostAssembly.Types.Select(PartyOf).OfType<string>(), Is.Not.Empty);
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void The_statement_reader_needs_the_framework_alone()
    {
        var offences = from type in HostAssembly.Types
                       where HostAssembly.IsIn(type, "Statements")
                       from used in TypeReferences.Of(type)
                       where used.Scope is AssemblyNameReference scope && !IsOfRuntime(scope.Name)
                       select $"{type.FullName} uses {used.FullName} of {used.Scope.Name}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void A_connector_of_a_ministry_compiles_against_an_assembly_that_needs_the_framework_alone() =>
        Assert.That(
            HostAssembly.Read(typeof(G2PBridge.Connectors.IBankConnector).Assembly.Location).MainModule.AssemblyReferences.Select(reference => reference.Name).Where(name => !IsOfRuntime(name)),
            Is.Empty);

    [Test]
    public void The_walk_sees_what_the_compiler_hides()
    {
        // A handler's async body and a registration's lambda: were either overlooked, every rule above would be blind there.
        var handler = HostAssembly.Types.Single(type => type.FullName == "G2PBridge.Modules.Envelopes.Features.CreateDisbursements");
        var module = HostAssembly.Types.Single(type => type.FullName == "G2PBridge.Modules.Resolution.ResolutionModule");
        Assert.Multiple(() =>
        {
            Assert.That(TypeReferences.Of(handler).Select(used => used.Name), Does.Contain("PostgresException").And.Contain("EntityFrameworkQueryableExtensions").And.Contain("IntakeCall"));
            Assert.That(TypeReferences.Of(module).Select(used => used.FullName), Does.Contain("G2PBridge.Modules.Resolution.Features.TakeBatches/Command"));
        });
    }

    private static string[] Modules() => [.. MayUse.Keys];

    private static string[] Areas() => [.. AreaMayUse.Keys];

    private static bool IsAllowed(TypeReference used, string[] mayUse) =>
        mayUse.Contains(HostAssembly.AreaOf(used)) || (mayUse.Contains("Contracts") && HostAssembly.IsContract(used));

    private static string? PartyOf(TypeReference type)
    {
        var name = HostAssembly.Outermost(type).Namespace;
        const string Connectors = "G2PBridge.Connectors.";
        return HostAssembly.AreaOf(type) == "Connectors" && name.StartsWith(Connectors, StringComparison.Ordinal) ? name[Connectors.Length..].Split('.')[0] : null;
    }

    private static bool IsOfRuntime(string assembly) =>
        File.Exists(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), assembly + ".dll"));
}
