using System.Net.Sockets;
using Npgsql;

namespace G2PBridge.Connectors.FarmerRegistry;

/// <summary>
/// Reads table <c>g2p_farmer_registry</c> of an OpenG2P registry's PostgreSQL (contract, section 6.1). The columns for e-mail and telephone are no part of
/// that table everywhere, so the table is asked once whether it has them.
/// </summary>
internal sealed class FarmerRegistryConnector(NpgsqlDataSource source, string? emailColumn, string? phoneColumn) : IRegistryConnector, IAsyncDisposable
{
    public const string Kind = "farmer-registry";
    private const int PoolSize = 4;

    private string? _statement;

    public static IRegistryConnector Create(IServiceProvider provider, IConfigurationSection section)
    {
        var builder = new NpgsqlDataSourceBuilder(section.RequireConnectionString());
        builder.ConnectionStringBuilder.MaxPoolSize = PoolSize;
        builder.ConnectionStringBuilder.ApplicationName ??= "g2pbridge";
        return new FarmerRegistryConnector(builder.Build(), section["EmailColumn"] ?? "email", section["PhoneColumn"] ?? "phone");
    }

    public async Task<RegistryAnswer> FindAsync(IReadOnlyList<string> beneficiaryIds, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            _statement ??= await StatementAsync(connection, cancellationToken);
            await using var command = new NpgsqlCommand(_statement, connection) { Parameters = { new() { Value = beneficiaryIds.ToArray() } } };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var people = new List<RegisteredPerson>(beneficiaryIds.Count);
            while (await reader.ReadAsync(cancellationToken))
            {
                people.Add(new RegisteredPerson(
                    reader.GetString(0), Zone(Text(reader, 1), Text(reader, 2)), Zone(Text(reader, 3), Text(reader, 4)), Text(reader, 5), Text(reader, 6), Text(reader, 7)));
            }

            return new RegistryAnswer.Answered(people);
        }
        catch (PostgresException exception)
        {
            return new RegistryAnswer.Failed("REGISTRY_REFUSED", $"The registry's database refuses ({exception.SqlState}).");
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            return new RegistryAnswer.Failed("REGISTRY_UNREACHABLE", "The registry's database cannot be reached.");
        }
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    /// <summary>One look per id by the index that the registry has on link_registry_id; the text form of the ids is ours, theirs may be numbers.</summary>
    private async Task<string> StatementAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var columns = new NpgsqlCommand(
            "select attname from pg_attribute where attrelid = to_regclass('g2p_farmer_registry') and attnum > 0 and not attisdropped and attname = any($1)", connection)
        {
            Parameters = { new() { Value = new[] { emailColumn, phoneColumn } } },
        };
        var present = new HashSet<string>(StringComparer.Ordinal);
        await using (var reader = await columns.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                present.Add(reader.GetString(0));
            }
        }

        string Column(string? name) => name is not null && present.Contains(name) ? $"f.\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"::text" : "null::text";
        return
            $"""
            select f.link_registry_id::text, f.large_area_id::text, f.large_area_code::text, f.small_area_id::text, f.small_area_code::text, f.name::text, {Column(emailColumn)}, {Column(phoneColumn)}
            from g2p_farmer_registry f where f.link_registry_id = any($1)
            """;
    }

    private static AdministrativeZone? Zone(string? id, string? mnemonic) => string.IsNullOrEmpty(id) ? null : new AdministrativeZone(id, mnemonic);

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
