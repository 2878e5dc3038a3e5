using G2PBridge.Platform.Hosting;
using Mono.Cecil;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>The host's assembly as the compiler left it, and where each of its types belongs.</summary>
internal static class HostAssembly
{
    public const string Root = "G2PBridge.";
    public const string ModulesRoot = "G2PBridge.Modules.";

    private static readonly Lazy<AssemblyDefinition> Lazily = new(() => Read(typeof(BridgeHost).Assembly.Location));

    public static AssemblyDefinition Definition => Lazily.Value;

    /// <summary>Types that are not nested and that a person wrote; those of migrations are left out, since a tool writes them.</summary>
    public static IReadOnlyList<TypeDefinition> Types { get; } =
        [.. Definition.MainModule.Types.Where(type => type.Namespace.StartsWith("G2PBridge", StringComparison.Ordinal) && !IsMigration(type))];

    public static IReadOnlyList<string> Modules { get; } =
        [.. Types.Select(ModuleOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public static AssemblyDefinition Read(string path)
    {
        var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(path));
        resolver.AddSearchDirectory(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory());
        resolver.AddSearchDirectory(Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Builder.WebApplication).Assembly.Location));
        return AssemblyDefinition.ReadAssembly(path, new ReaderParameters { AssemblyResolver = resolver });
    }

    /// <summary>The module of a type, by its namespace; null where it is of none.</summary>
    public static string? ModuleOf(TypeReference type)
    {
        var name = Outermost(type).Namespace;
        return name.StartsWith(ModulesRoot, StringComparison.Ordinal) ? name[ModulesRoot.Length..].Split('.')[0] : null;
    }

    /// <summary>The first folder under the project that a type of ours lies in; null where it is not ours.</summary>
    public static string? AreaOf(TypeReference type)
    {
        var name = Outermost(type).Namespace + ".";
        return IsOurs(type) && name.StartsWith(Root, StringComparison.Ordinal) ? name[Root.Length..].Split('.')[0] : null;
    }

    public static bool IsIn(TypeReference type, string place)
    {
        var name = Outermost(type).Namespace;
        return IsOurs(type) && (name == Root + place || name.StartsWith(Root + place + ".", StringComparison.Ordinal));
    }

    public static bool IsContract(TypeReference type) => ModuleOf(type) is { } module && IsIn(type, $"Modules.{module}.Contracts");

    public static TypeReference Outermost(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type;
    }

    public static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    public static bool IsWrittenByCompiler(TypeDefinition type) =>
        type.Name.Contains('<', StringComparison.Ordinal)
        || type.CustomAttributes.Any(attribute => attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute")
        || (type.DeclaringType is { } outer && IsWrittenByCompiler(outer));

    public static bool IsMigration(TypeDefinition type) => type.Namespace.EndsWith(".Persistence.Migrations", StringComparison.Ordinal);

    /// <summary>The namespaces of the other projects begin with the same word; a type is the host's when its assembly is.</summary>
    private static bool IsOurs(TypeReference type) => Outermost(type).Scope is ModuleDefinition;
}
