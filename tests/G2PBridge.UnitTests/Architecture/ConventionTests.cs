using System.Text.RegularExpressions;
using G2PBridge.Platform.Hosting;
using MediatR;
using Microsoft.Extensions.Hosting;
using Mono.Cecil;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>How types look and what they are called.</summary>
internal sealed partial class ConventionTests
{
    private const int MostLines = 400;

    /// <summary>Files that are longer, with the length they may not grow beyond: each reads one format in one pass, which splitting would only scatter.</summary>
    private static readonly Dictionary<string, int> KnownLong = new(StringComparer.Ordinal)
    {
        ["src/G2PBridge/Statements/Iso20022Reader.cs"] = 1100,
        ["src/G2PBridge/Statements/MtReader.cs"] = 1100,
        ["src/G2PBridge/Statements/StatementEntry.cs"] = 550,
        ["src/G2PBridge/Statements/MtFields.cs"] = 500,
        ["src/G2PBridge/Statements/CsvStatementReader.cs"] = 500,
    };

    [Test]
    public void Everything_is_internal() =>
        Assert.That(HostAssembly.Definition.MainModule.Types.Where(type => type.IsPublic && type.Name != "Program" && !HostAssembly.IsMigration(type)).Select(type => type.FullName), Is.Empty);

    [TestCase(typeof(BridgeHost))]
    [TestCase(typeof(G2PBridge.Connectors.IBankConnector))]
    [TestCase(typeof(G2PBridge.LocalPostgres.LocalPostgresCluster))]
    [TestCase(typeof(G2PBridge.Simulators.SimulatorsHosting))]
    public void A_class_is_sealed_unless_another_derives_from_it(Type inAssembly)
    {
        var types = HostAssembly.Read(inAssembly.Assembly.Location).MainModule.Types.SelectMany(HostAssembly.WithNested).ToList();
        var bases = types.Select(type => type.BaseType?.GetElementType().FullName).ToHashSet(StringComparer.Ordinal);
        var classes = types.Where(type => type is { IsClass: true, IsValueType: false } && !HostAssembly.IsWrittenByCompiler(type) && !HostAssembly.IsMigration(type) && type.Name != "Program").ToList();
        Assert.That(classes, Is.Not.Empty);
        Assert.That(classes.Where(type => type is { IsSealed: false, IsAbstract: false } && !bases.Contains(type.FullName)).Select(type => type.FullName), Is.Empty);
    }

    [Test]
    public void Contracts_are_records_enums_and_interfaces()
    {
        var contracts = HostAssembly.Types.Where(HostAssembly.IsContract).ToList();
        Assert.That(contracts, Has.Count.GreaterThan(20));
        Assert.That(contracts.Where(type => !type.IsEnum && !type.IsInterface && !IsRecord(type)).Select(type => type.FullName), Is.Empty);
    }

    [Test]
    public void Contracts_carry_primitives_and_records_and_decide_nothing()
    {
        var offences = from type in HostAssembly.Types.Where(HostAssembly.IsContract).SelectMany(HostAssembly.WithNested)
                       where !type.IsEnum && !HostAssembly.IsWrittenByCompiler(type)
                       from offence in CarriesOther(type).Concat(Decides(type))
                       select offence;
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Every_request_has_exactly_one_handler()
    {
        var types = typeof(BridgeHost).Assembly.GetTypes();
        var requests = types.Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IBaseRequest))).ToList();
        var handled = types.Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false }).SelectMany(HandledBy).ToLookup(request => request);
        Assert.That(requests, Has.Count.GreaterThan(20));
        Assert.That(requests.Where(request => handled[request].Count() != 1).Select(request => $"{request.FullName}: {handled[request].Count()} handlers"), Is.Empty);
    }

    [Test]
    public void A_contract_is_answered_by_its_own_module()
    {
        // Some questions go the other way: whoever sends payments answers Envelopes, and whoever reads statements answers Disbursement, which may not know who that is.
        string[] askedOfOthers =
        [
            "G2PBridge.Modules.Envelopes.Contracts.FindLinesWithInstruction", "G2PBridge.Modules.Envelopes.Contracts.FindLinesProvedUnpaid",
            "G2PBridge.Modules.Envelopes.Contracts.ListUnpaidLines", "G2PBridge.Modules.Disbursement.Contracts.FindDebitedPayments",
        ];
        var offences = from type in typeof(BridgeHost).Assembly.GetTypes()
                       where !type.IsAbstract
                       from request in HandledBy(type)
                       where request.Namespace!.EndsWith(".Contracts", StringComparison.Ordinal) && !askedOfOthers.Contains(request.FullName)
                       where !(type.Namespace + ".").StartsWith(request.Namespace![..^"Contracts".Length], StringComparison.Ordinal)
                       select $"{type.FullName} answers {request.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Names_say_what_a_thing_is()
    {
        var offences = from assembly in new[] { typeof(BridgeHost), typeof(G2PBridge.Connectors.IBankConnector), typeof(G2PBridge.LocalPostgres.LocalPostgresCluster), typeof(G2PBridge.Simulators.SimulatorsHosting) }
                       from type in assembly.Assembly.GetTypes()
                       where type.Namespace?.StartsWith("G2PBridge", StringComparison.Ordinal) == true && Vague().IsMatch(type.Name.Split('`')[0])
                       where !(type.Name.EndsWith("Service", StringComparison.Ordinal) && type.IsAssignableTo(typeof(IHostedService)))
                       select type.FullName;
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void A_namespace_is_its_folder()
    {
        var offences = from file in SourceText.Files(SourceText.Host)
                       let declared = Namespace().Match(File.ReadAllText(file))
                       where declared.Success
                       let folder = Path.GetRelativePath(SourceText.Host, Path.GetDirectoryName(file)!)
                       let expected = folder == "." ? "G2PBridge" : "G2PBridge." + folder.Replace(Path.DirectorySeparatorChar, '.')
                       where declared.Groups[1].Value != expected
                       select $"{SourceText.Relative(file)} says {declared.Groups[1].Value}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void No_file_is_too_long_to_read()
    {
        var lengths = SourceText.Files(Path.Combine(SourceText.Root, "src")).ToDictionary(SourceText.Relative, file => File.ReadLines(file).Count(), StringComparer.Ordinal);
        Assert.Multiple(() =>
        {
            Assert.That(lengths.Where(file => file.Value > KnownLong.GetValueOrDefault(file.Key, MostLines)).Select(file => $"{file.Key}: {file.Value} lines"), Is.Empty);
            Assert.That(KnownLong.Keys.Where(file => lengths.GetValueOrDefault(file) <= MostLines), Is.Empty, "These are short now and need no exception.");
        });
    }

    private static IEnumerable<Type> HandledBy(Type type) =>
        from contract in type.GetInterfaces()
        where contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)
        select contract.GetGenericArguments()[0];

    private static bool IsRecord(TypeDefinition type) => type.Methods.Any(method => method.Name is "PrintMembers" or "<Clone>$");

    private static IEnumerable<string> CarriesOther(TypeDefinition type) =>
        from used in TypeReferences.Of(type)
        where !HostAssembly.IsContract(used) && !HostAssembly.IsIn(used, "SharedKernel")
        where used.Scope.Name is not "G2PBridge.Connectors" and not "MediatR" && !(used.Namespace is "System" or "System.Text" || used.Namespace.StartsWith("System.Collections.Generic", StringComparison.Ordinal)
            || used.Namespace is "System.Runtime.CompilerServices" or "System.Diagnostics" or "System.Threading" or "System.Threading.Tasks" or "System.Diagnostics.CodeAnalysis")
        select $"{type.FullName} carries {used.FullName}";

    private static IEnumerable<string> Decides(TypeDefinition type) =>
        from method in type.Methods
        where !type.IsInterface && method is { IsConstructor: false, IsGetter: false, IsSetter: false }
        where method.CustomAttributes.All(attribute => attribute.AttributeType.Name != "CompilerGeneratedAttribute") && !method.Name.Contains('<', StringComparison.Ordinal)
        select $"{type.FullName} decides something in {method.Name}";

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities|Service|Dto)$|^Base[A-Z]")]
    private static partial Regex Vague();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
