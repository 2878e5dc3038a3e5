using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>What <c>dotnet ef</c> needs to read a model: no database is contacted.</summary>
internal static class DesignTimeOptions
{
    public static TContext Create<TContext>(string schema, Func<DbContextOptions<TContext>, TContext> create)
        where TContext : ModuleDbContext
    {
        var options = new DbContextOptionsBuilder<TContext>();
        options.UseModuleNpgsql(NpgsqlDataSource.Create("Host=127.0.0.1;Database=design"), schema);
        return create(options.Options);
    }
}
