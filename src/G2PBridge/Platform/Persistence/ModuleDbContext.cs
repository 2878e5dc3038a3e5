using G2PBridge.Platform.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// A module's tables: one schema, one migrations history, names in snake_case. Contexts exist for ordinary slices and for
/// migrations; the path every disbursement takes moves its rows with Npgsql (COPY and set statements) in the same schema.
/// </summary>
internal abstract class ModuleDbContext : DbContext
{
    public const string HistoryTable = "__migrations";

    protected ModuleDbContext(DbContextOptions options, string schema)
        : base(options)
    {
        Schema = schema;
        // One statement alone would commit itself, and nothing could be sealed before.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
    }

    public string Schema { get; }

    /// <summary>For a statement that EF sends by itself, such as <c>ExecuteUpdateAsync</c>: in the transaction that is open, or one of its own that is sealed.</summary>
    public async Task<int> InTransactionAsync(Func<Task<int>> change, CancellationToken cancellationToken)
    {
        if (Database.CurrentTransaction is not null)
        {
            return await change();
        }

        await using var transaction = await Database.BeginTransactionAsync(cancellationToken);
        var affected = await change();
        await transaction.CommitAsync(cancellationToken);
        return affected;
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.HasDefaultSchema(Schema);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<decimal>().HavePrecision(19, 4);
        configurationBuilder.Conventions.Add(_ => new SnakeCaseColumns());
    }

    private sealed class SnakeCaseColumns : IModelFinalizingConvention
    {
        public void ProcessModelFinalizing(IConventionModelBuilder modelBuilder, IConventionContext<IConventionModelBuilder> context)
        {
            foreach (var property in modelBuilder.Metadata.GetEntityTypes().SelectMany(type => type.GetDeclaredProperties()))
            {
                property.Builder.HasColumnName(string.Concat(property.Name.Select((character, index) =>
                    char.IsUpper(character) ? (index == 0 ? "" : "_") + char.ToLowerInvariant(character) : character.ToString())));
            }
        }
    }
}

internal static class ModuleDbContextExtensions
{
    public static IServiceCollection AddModuleDbContext<TContext>(this IServiceCollection services, string schema)
        where TContext : ModuleDbContext
    {
        services.AddDbContext<TContext>((provider, options) => options
            .UseModuleNpgsql(provider.GetRequiredService<NpgsqlDataSource>(), schema)
            .AddInterceptors(provider.GetRequiredService<SealBeforeCommit>(), PrepareQueries.Instance));
        services.AddSingleton(new MigratedContext(schema, typeof(TContext)));
        return services;
    }

    public static DbContextOptionsBuilder UseModuleNpgsql(this DbContextOptionsBuilder options, NpgsqlDataSource source, string schema) =>
        options.UseNpgsql(source, npgsql => npgsql.MigrationsHistoryTable(ModuleDbContext.HistoryTable, schema));

    /// <summary>Stores an enum by its name and lets the database refuse any other text.</summary>
    public static PropertyBuilder<TEnum> IsEnumText<TEntity, TEnum>(this EntityTypeBuilder<TEntity> entity, System.Linq.Expressions.Expression<Func<TEntity, TEnum>> property)
        where TEntity : class
        where TEnum : struct, Enum
    {
        var builder = entity.Property(property).HasConversion<string>().HasMaxLength(32);
        var column = string.Concat(builder.Metadata.Name.Select((character, index) =>
            char.IsUpper(character) ? (index == 0 ? "" : "_") + char.ToLowerInvariant(character) : character.ToString()));
        var values = string.Join(", ", Enum.GetNames<TEnum>().Select(name => $"'{name}'"));
        entity.ToTable(table => table.HasCheckConstraint($"ck_{entity.Metadata.GetTableName()}_{column}", $"{column} in ({values})"));
        return builder;
    }
}

/// <summary>A context whose migrations the migrator applies.</summary>
internal sealed record MigratedContext(string Schema, Type ContextType);
