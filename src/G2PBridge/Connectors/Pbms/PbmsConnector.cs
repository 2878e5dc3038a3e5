using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace G2PBridge.Connectors.Pbms;

/// <summary>
/// Reads warehouses or agencies from the tables of an OpenG2P PBMS (contract, section 6.2): authorised for programme and benefit code, and serving the
/// zone. One statement for a whole batch, however many zones.
/// </summary>
internal sealed class PbmsConnector(NpgsqlDataSource source, string statement) : IServicePointConnector, IAsyncDisposable
{
    public const string Kind = "pbms";
    private const int PoolSize = 4;

    private const string Warehouses =
        """
        select r.zone, w.id::text, w.warehouse_mnemonic, w.name, a.additional_info, w.admin_name, w.admin_email, w.admin_mobile, a.benefit_description
        from unnest($3::text[]) as r(zone)
        join g2p_administrative_area_large_g2p_warehouse_rel z on z.g2p_administrative_area_large_id::text = r.zone
        join g2p_warehouse w on w.id = z.g2p_warehouse_id
        cross join lateral (
            select b.additional_info, b.benefit_description from g2p_warehouse_program_benefit_codes b
            where b.warehouse_id = w.id and b.program_id = $1 and b.benefit_code_id = $2 order by b.additional_info nulls last limit 1) a
        order by r.zone, w.id
        """;

    private const string Agencies =
        """
        select r.zone, w.id::text, w.agency_mnemonic, w.name, a.additional_info, w.admin_name, w.admin_email, w.admin_mobile, a.benefit_description
        from unnest($3::text[]) as r(zone)
        join g2p_administrative_area_small_g2p_agency_rel z on z.g2p_administrative_area_small_id::text = r.zone
        join g2p_agency w on w.id = z.g2p_agency_id
        cross join lateral (
            select b.additional_info, b.benefit_description from g2p_agency_program_benefit_codes b
            where b.agency_id = w.id and b.program_id = $1 and b.benefit_code_id = $2 order by b.additional_info nulls last limit 1) a
        order by r.zone, w.id
        """;

    public static IServicePointConnector CreateWarehouses(IServiceProvider provider, IConfigurationSection section) => Create(section, Warehouses);

    public static IServicePointConnector CreateAgencies(IServiceProvider provider, IConfigurationSection section) => Create(section, Agencies);

    public async Task<ServicePointAnswer> FindAsync(ServicePointQuestion question, CancellationToken cancellationToken)
    {
        if (question is not { ProgrammeId: { } programme, BenefitCodeId: { } benefit })
        {
            return new ServicePointAnswer.Answered([], []);
        }

        try
        {
            await using var command = source.CreateCommand(statement);
            command.Parameters.Add(new() { Value = programme });
            command.Parameters.Add(new() { Value = benefit });
            command.Parameters.Add(new() { Value = question.ZoneIds.ToArray() });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var points = new Dictionary<string, ServicePoint>(StringComparer.Ordinal);
            var services = new List<ServedZone>(question.ZoneIds.Count);
            while (await reader.ReadAsync(cancellationToken))
            {
                var id = reader.GetString(1);
                if (!points.ContainsKey(id))
                {
                    points.Add(id, new ServicePoint(id, Text(reader, 2) ?? id, Text(reader, 3), Text(reader, 4), Text(reader, 5), Text(reader, 6), Text(reader, 7), Text(reader, 8)));
                }

                services.Add(new ServedZone(reader.GetString(0), id));
            }

            return new ServicePointAnswer.Answered([.. points.Values], services);
        }
        catch (PostgresException exception)
        {
            return new ServicePointAnswer.Failed("PBMS_REFUSED", string.Create(CultureInfo.InvariantCulture, $"The PBMS database refuses ({exception.SqlState})."));
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            return new ServicePointAnswer.Failed("PBMS_UNREACHABLE", "The PBMS database cannot be reached.");
        }
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private static PbmsConnector Create(IConfigurationSection section, string statement)
    {
        var builder = new NpgsqlDataSourceBuilder(section.RequireConnectionString());
        builder.ConnectionStringBuilder.MaxPoolSize = PoolSize;
        builder.ConnectionStringBuilder.ApplicationName ??= "g2pbridge";
        return new PbmsConnector(builder.Build(), statement);
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
