using System.Globalization;
using System.Reflection;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>Tables: one schema a module, enums that the database checks, migrations that match the model. No database is asked.</summary>
internal sealed class PersistenceTests
{
    private static readonly Type[] ContextTypes =
        [.. typeof(BridgeHost).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(ModuleDbContext)))];

    [Test]
    public void Every_context_is_registered_under_its_modules_schema()
    {
        var services = new ServiceCollection();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Features:InKind", "true")]).Build();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddBridge(configuration, () => "Host=127.0.0.1;Database=nobody");
        var registered = services.Select(service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<MigratedContext>().ToList();
        Assert.Multiple(() =>
        {
            Assert.That(registered.Select(context => context.ContextType), Is.EquivalentTo(ContextTypes));
            Assert.That(registered.Where(context => context.Schema != SchemaOf(context.ContextType)), Is.Empty);
        });
    }

    [TestCaseSource(nameof(ContextTypes))]
    public void A_context_keeps_to_its_modules_schema(Type contextType)
    {
        using var context = Create(contextType);
        var schema = SchemaOf(contextType);
        var model = context.GetService<IDesignTimeModel>().Model;
        Assert.Multiple(() =>
        {
            Assert.That(((ModuleDbContext)context).Schema, Is.EqualTo(schema));
            Assert.That(model.GetDefaultSchema(), Is.EqualTo(schema));
            Assert.That(model.GetEntityTypes().Select(entity => entity.GetSchema()).OfType<string>().Where(other => other != schema), Is.Empty);
            Assert.That(model.GetSequences().Select(sequence => sequence.Schema).OfType<string>().Where(other => other != schema), Is.Empty);
        });
    }

    [TestCaseSource(nameof(ContextTypes))]
    public void Migrations_lead_to_the_model(Type contextType)
    {
        using var context = Create(contextType);
        Assert.That(context.Database.HasPendingModelChanges(), Is.False, $"Add a migration for {contextType.Name}.");
    }

    [Test]
    public void What_is_stored_of_an_enum_is_checked_by_the_database()
    {
        var seen = 0;
        var offences = new List<string>();
        foreach (var contextType in ContextTypes)
        {
            using var context = Create(contextType);
            foreach (var property in context.GetService<IDesignTimeModel>().Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
            {
                var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
                if (type.IsEnum)
                {
                    seen++;
                    offences.AddRange(Problems(property, type).Select(problem => $"{contextType.Name}: {property.DeclaringType.DisplayName()}.{property.Name} {problem}"));
                }
            }
        }

        Assert.That(seen, Is.GreaterThan(2));
        Assert.That(offences, Is.Empty);
    }

    private static IEnumerable<string> Problems(IProperty property, Type type)
    {
        var column = property.GetColumnName();
        var checks = ((IEntityType)property.DeclaringType).GetCheckConstraints().Select(check => check.Sql).ToList();
        var isText = (property.GetTypeMapping().Converter?.ProviderClrType ?? property.ClrType) == typeof(string);
        if (!isText)
        {
            // On a row that there are millions of, a number is enough; it must be one that the enum itself fixed as narrow.
            var values = Enum.GetValuesAsUnderlyingType(type).Cast<IConvertible>().Select(value => value.ToInt64(CultureInfo.InvariantCulture)).ToList();
            var range = string.Create(CultureInfo.InvariantCulture, $"{column} between {values.Min()} and {values.Max()}");
            if (Enum.GetUnderlyingType(type) == typeof(int))
            {
                yield return "is not stored as text";
            }
            else if (!checks.Exists(sql => sql.Contains(range, StringComparison.Ordinal)))
            {
                yield return $"has no check that it is {range}";
            }

            yield break;
        }

        var lists = checks.Where(sql => sql.Contains($"{column} in (", StringComparison.Ordinal)).ToList();
        if (lists.Count == 0)
        {
            yield return "has no check";
        }
        else if (Enum.GetNames(type).Where(name => !lists.Exists(sql => sql.Contains($"'{name}'", StringComparison.Ordinal))).ToList() is { Count: > 0 } missing)
        {
            yield return $"has a check that refuses {string.Join(", ", missing)}";
        }
    }

    private static string SchemaOf(Type contextType)
    {
        if (contextType.Namespace!.StartsWith("G2PBridge.Platform.", StringComparison.Ordinal))
        {
            return (string)contextType.GetField("SchemaName", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!;
        }

        var module = contextType.Namespace.Split('.')[2];
        return (string)contextType.Assembly.GetType($"{HostAssembly.ModulesRoot}{module}.{module}Module", throwOnError: true)!
            .GetField("Schema", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!;
    }

    private static DbContext Create(Type contextType)
    {
        var factory = typeof(BridgeHost).Assembly.GetTypes().Single(type => type.IsAssignableTo(typeof(IDesignTimeDbContextFactory<>).MakeGenericType(contextType)));
        return (DbContext)factory.GetMethod("CreateDbContext")!.Invoke(Activator.CreateInstance(factory), [Array.Empty<string>()])!;
    }
}
