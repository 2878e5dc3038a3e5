using System.Reflection;
using System.Runtime.Loader;

namespace G2PBridge.Connectors;

/// <summary>
/// Finds the connector in an assembly that somebody dropped into a folder: NAME.dll, or NAME/NAME.dll with what it needs beside it. It is
/// loaded apart, so that its packages and ours do not meet; the contract alone is shared, or its types would not be ours.
/// </summary>
internal static class ConnectorAssembly
{
    private static readonly AssemblyName Contract = typeof(IBankConnector).Assembly.GetName();

    /// <exception cref="BankSettingsException">There is no one connector; the message says what to do.</exception>
    public static T Create<T>(string folder, string name, BankSettings settings)
        where T : class
    {
        var type = FindType(Load(folder, name), name, typeof(T));
        try
        {
            return type.GetConstructor([typeof(BankSettings)]) is { } constructor ? (T)constructor.Invoke([settings])
                : type.GetConstructor(Type.EmptyTypes) is { } plain ? (T)plain.Invoke(null)
                : throw new BankSettingsException($"The connector {type.FullName} has no public constructor that takes {nameof(BankSettings)} or nothing.");
        }
        catch (TargetInvocationException exception)
        {
            throw exception.InnerException as BankSettingsException
                ?? new BankSettingsException($"The connector {type.FullName} could not be made: {exception.InnerException?.GetType().Name}, {exception.InnerException?.Message}", exception);
        }
    }

    private static Assembly Load(string folder, string name)
    {
        if (name.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
        {
            throw new BankSettingsException($"'{name}' is not the name of an assembly; write it without folder and without .dll.");
        }

        string[] places = [Path.Combine(folder, $"{name}.dll"), Path.Combine(folder, name, $"{name}.dll")];
        if (Array.Find(places, File.Exists) is not { } file)
        {
            throw new BankSettingsException($"There is no connector '{name}': put {name}.dll into {folder}, or set Connectors:Folder.");
        }

        try
        {
            return new Context(file).LoadFromAssemblyPath(file);
        }
        catch (BadImageFormatException exception)
        {
            throw new BankSettingsException($"{file} is not a .NET assembly.", exception);
        }
    }

    private static Type FindType(Assembly assembly, string name, Type contract)
    {
        if (Array.Find(assembly.GetReferencedAssemblies(), reference => reference.Name == Contract.Name) is not { } compiledAgainst)
        {
            throw new BankSettingsException($"{name}.dll holds no connector: it does not use {Contract.Name}.");
        }

        if (compiledAgainst.Version is not { } version || version.Major != Contract.Version!.Major || version.Minor > Contract.Version.Minor)
        {
            throw new BankSettingsException(
                $"{name}.dll was compiled against version {compiledAgainst.Version?.ToString(2)} of the connector contract, and this bridge has {Contract.Version!.ToString(2)}; compile it against the {Contract.Name} that came with this bridge.");
        }

        Type[] types;
        try
        {
            types = [.. assembly.GetExportedTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(contract))];
        }
        catch (Exception exception) when (exception is FileNotFoundException or FileLoadException or TypeLoadException)
        {
            throw new BankSettingsException($"{name}.dll cannot be used, something that it needs is not beside it: {exception.Message}", exception);
        }

        return types switch
        {
            [var type] => type,
            [] => throw new BankSettingsException($"{name}.dll holds no connector: no public class in it implements {contract.Name}."),
            _ => throw new BankSettingsException($"{name}.dll holds several connectors ({string.Join(", ", types.Select(type => type.FullName))}); keep one in an assembly."),
        };
    }

    private sealed class Context(string file) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(file))
    {
        private readonly AssemblyDependencyResolver _resolver = new(file);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == Contract.Name ? typeof(IBankConnector).Assembly
            : _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path)
            : null;

        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : nint.Zero;
    }
}
