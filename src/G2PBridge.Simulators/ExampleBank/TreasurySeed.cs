using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>Opens the configured accounts; one that exists keeps its balance.</summary>
internal static class TreasurySeed
{
    private static readonly SeedAccount Treasury = new() { Number = "SPONSOR0001", Currency = "USD", OpeningBalance = 10_000_000m };

    public static async Task PlantAsync(NpgsqlConnection connection, ExampleBankOptions options, CancellationToken ct)
    {
        IList<SeedAccount> accounts = options.Accounts.Count > 0 ? options.Accounts : [Treasury];
        await connection.ExecuteAsync(
            """
            with wanted as (
                select * from unnest($1::text[], $2::text[], $3::numeric[], $4::text[]) as w (number, currency, opening, holder)),
            opened as (
                insert into example_bank.accounts (number, currency, holder, phone, email, opening, book, seeded)
                select number, currency, holder, 'treasury-' || number, 'treasury-' || number || '@example.invalid', opening, opening, true
                from wanted order by number, currency
                on conflict (number, currency) do update set seeded = true
                returning id, opening)
            insert into example_bank.statement_heads (account_id, pushed, closing)
            select id, true, opening from opened
            on conflict (account_id) do update set pushed = true
            """,
            ct,
            accounts.Select(a => a.Number).ToArray(),
            accounts.Select(a => a.Currency).ToArray(),
            accounts.Select(a => a.OpeningBalance).ToArray(),
            accounts.Select(a => a.Holder).ToArray());
    }
}
