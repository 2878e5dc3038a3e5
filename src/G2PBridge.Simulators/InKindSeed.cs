using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators;

/// <summary>Settings of the seeded registry and PBMS; section <c>Simulators:InKind</c>.</summary>
public sealed class InKindSeedOptions
{
    public const int Programme = 990001;

    /// <summary>Benefit codes for which every warehouse and agency is authorised.</summary>
    public static readonly IReadOnlyList<int> BenefitCodes = [990002, 990011, 990012];

    /// <summary>Plants nothing while zero.</summary>
    public int Farmers { get; set; }

    public int SmallZones { get; set; } = 200;

    public int LargeZones { get; set; } = 20;

    /// <summary>The last so many small zones have no agency.</summary>
    public int ZonesWithoutAgency { get; set; } = 1;

    /// <summary>The first so many agencies have no account on record.</summary>
    public int AgenciesWithoutAccount { get; set; } = 1;

    /// <summary>The bank at which the agencies have their accounts.</summary>
    public string AgencyBank { get; set; } = "EXAMPLE-BANK";
}

/// <summary>
/// Plants zones, farmers, warehouses and agencies by number: farmer 17 of 200 zones lives in small zone 17. Every large zone has one warehouse, every fifth a second;
/// every small zone one agency, every fourth a second. Planting again changes nothing.
/// </summary>
internal static class InKindSeed
{
    public static async Task PlantAsync(NpgsqlConnection connection, InKindSeedOptions options, CancellationToken ct)
    {
        if (options.Farmers == 0)
            return;
        await connection.ExecuteAsync(
            """
            insert into registry.g2p_farmer_registry (link_registry_id, large_area_id, large_area_code, small_area_id, small_area_code, name, email, phone)
            select 'FRM_' || lpad(i::text, 7, '0'), 1000 + z % $3, 'L' || (1000 + z % $3), 2000 + z, 'S' || (2000 + z), 'Farmer ' || i, 'farmer' || i || '@example.org', '+99900' || lpad(i::text, 7, '0')
            from (select i, (i - 1) % $2 + 1 as z from generate_series(1, $1) as i) f
            on conflict do nothing
            """, ct, options.Farmers, options.SmallZones, options.LargeZones);
        await connection.ExecuteAsync(
            """
            insert into pbms.g2p_warehouse (id, name, warehouse_mnemonic, admin_name, admin_email, admin_mobile)
            select i, 'Warehouse ' || i, 'WH' || i, 'Keeper ' || i, 'warehouse' || i || '@example.org', '+99800' || i
            from (select z as i from generate_series(1, $1) as z union all select $1 + z from generate_series(1, $1) as z where z % 5 = 0) w
            on conflict do nothing
            """, ct, options.LargeZones);
        await connection.ExecuteAsync(
            """
            insert into pbms.g2p_administrative_area_large_g2p_warehouse_rel (g2p_warehouse_id, g2p_administrative_area_large_id)
            select id, 1000 + (id - 1) % $1 from pbms.g2p_warehouse on conflict do nothing
            """, ct, options.LargeZones);
        await connection.ExecuteAsync(
            """
            insert into pbms.g2p_agency (id, name, agency_mnemonic, admin_name, admin_email, admin_mobile)
            select i, 'Agency ' || i, 'AG' || i, 'Agent ' || i, 'agency' || i || '@example.org', '+99700' || i
            from (select z as i from generate_series(1, $1) as z union all select $1 + z from generate_series(1, $1) as z where z % 4 = 0) a
            on conflict do nothing
            """, ct, options.SmallZones);
        await connection.ExecuteAsync(
            """
            insert into pbms.g2p_administrative_area_small_g2p_agency_rel (g2p_agency_id, g2p_administrative_area_small_id)
            select id, 2000 + (id - 1) % $1 + 1 from pbms.g2p_agency where (id - 1) % $1 + 1 <= $1 - $2 on conflict do nothing
            """, ct, options.SmallZones, options.ZonesWithoutAgency);
        foreach (var benefit in InKindSeedOptions.BenefitCodes)
        {
            await connection.ExecuteAsync(
                """
                insert into pbms.g2p_warehouse_program_benefit_codes (warehouse_id, program_id, benefit_code_id, warehouse_mnemonic, warehouse_name, target_registry, program_status, benefit_description)
                select id, $1, $2, warehouse_mnemonic, name, 'FARMER', 'active', 'Benefit ' || $2 from pbms.g2p_warehouse on conflict do nothing
                """, ct, InKindSeedOptions.Programme, benefit);
            await connection.ExecuteAsync(
                """
                insert into pbms.g2p_agency_program_benefit_codes (agency_id, program_id, benefit_code_id, agency_mnemonic, agency_name, target_registry, program_status, benefit_description, additional_info)
                select id, $1, $2, agency_mnemonic, name, 'FARMER', 'active', 'Benefit ' || $2,
                    case when id > $4 then '#BANK#' || $3 || '#BRANCH#0001#ACCOUNT#AGENCY' || lpad(id::text, 6, '0') || '#TYPE#BANK_ACCOUNT#' end
                from pbms.g2p_agency on conflict do nothing
                """, ct, InKindSeedOptions.Programme, benefit, options.AgencyBank, options.AgenciesWithoutAccount);
        }
    }
}
