using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>Addresses: appended once by COPY, never changed, read by runs of their primary key.</summary>
internal sealed class AddressStore(BridgeDatabase source)
{
    private const string Columns = "seq, kind, account_number, bank_code, branch_code, mobile_number, mobile_wallet_provider, email_address, email_wallet_provider, resolved_name";

    /// <summary>One COPY into a table with one index. The key makes a second address of a line impossible.</summary>
    public static async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<LineWithAddress> resolved, short round, CancellationToken cancellationToken)
    {
        if (resolved.Count == 0)
        {
            return;
        }

        await using var copy = await connection.BeginBinaryImportAsync(
            "copy resolution.address (seq, round, kind, bank_code, branch_code, account_number, mobile_number, mobile_wallet_provider, email_address, email_wallet_provider, resolved_name) from stdin (format binary)",
            cancellationToken);
        foreach (var (line, address) in resolved)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(line.Seq, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(round, NpgsqlDbType.Smallint, cancellationToken);
            await copy.WriteAsync(address.Kind, NpgsqlDbType.Varchar, cancellationToken);
            await WriteAsync(copy, address.BankCode, cancellationToken);
            await WriteAsync(copy, address.BranchCode, cancellationToken);
            await WriteAsync(copy, address.AccountNumber, cancellationToken);
            await WriteAsync(copy, address.MobileNumber, cancellationToken);
            await WriteAsync(copy, address.MobileWalletProvider, cancellationToken);
            await WriteAsync(copy, address.EmailAddress, cancellationToken);
            await WriteAsync(copy, address.EmailWalletProvider, cancellationToken);
            await WriteAsync(copy, address.Name, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>The lines of a run that have an address: an index-only range scan once the table is vacuumed.</summary>
    public async Task<HashSet<long>> ReadKnownAsync(SeqRange lines, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("select seq from resolution.address where seq between $1 and $2");
        command.Parameters.Add(new() { Value = lines.First });
        command.Parameters.Add(new() { Value = lines.Last });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var known = new HashSet<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            known.Add(reader.GetInt64(0));
        }

        return known;
    }

    /// <summary>One range scan of the primary key, in order: the rows of a run lie together because they were copied together.</summary>
    public async Task<IReadOnlyList<FinancialAddress>> ReadAsync(SeqRange lines, int round, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand($"select {Columns} from resolution.address where seq between $1 and $2 and round = $3 order by seq");
        command.Parameters.Add(new() { Value = lines.First });
        command.Parameters.Add(new() { Value = lines.Last });
        command.Parameters.Add(new() { Value = checked((short)round) });
        return await ReadAllAsync(command, cancellationToken);
    }

    public async Task<IReadOnlyList<FinancialAddress>> FindAsync(IReadOnlyCollection<long> seqs, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand($"select {Columns} from resolution.address where seq = any($1) order by seq");
        command.Parameters.Add(new() { Value = seqs.ToArray() });
        return await ReadAllAsync(command, cancellationToken);
    }

    private static async Task<IReadOnlyList<FinancialAddress>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var addresses = new List<FinancialAddress>();
        while (await reader.ReadAsync(cancellationToken))
        {
            addresses.Add(new FinancialAddress(
                reader.GetInt64(0), reader.GetString(1), Text(reader, 2), Text(reader, 3), Text(reader, 4), Text(reader, 5), Text(reader, 6), Text(reader, 7), Text(reader, 8), Text(reader, 9)));
        }

        return addresses;
    }

    private static string? Text(NpgsqlDataReader reader, int ordinal) => reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, string? text, CancellationToken cancellationToken) =>
        text is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(text, NpgsqlDbType.Varchar, cancellationToken);
}
