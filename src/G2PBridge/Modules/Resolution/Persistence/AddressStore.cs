using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>
/// Addresses: appended once by COPY, never changed but for the key they are encrypted under, read by runs of their primary key. What is in a row is one ciphertext, and a
/// fingerprint to find equal ones by.
/// </summary>
internal sealed class AddressStore(BridgeDatabase source, DataProtector protector)
{
    private const int Fields = 9;

    /// <summary>Kind, account, bank, branch, mobile number and its provider, e-mail and its provider, name.</summary>
    public static readonly SealedColumn Sealed = new($"{ResolutionModule.Schema}.address", "sealed", ("seq", "bigint"))
    {
        FingerprintColumn = "fingerprint",
        Fingerprint = (ring, of) => AddressFingerprint.Of(ring.Hash(AddressFingerprint.Purpose), of[0], of[2], of[1] ?? of[4] ?? of[6], of[5] ?? of[7]),
    };

    /// <summary>One COPY into a table with one index, within the connection's transaction. The key makes a second address of a line impossible.</summary>
    public async Task CopyAsync(NpgsqlConnection connection, IReadOnlyList<LineWithAddress> resolved, short round, CancellationToken cancellationToken)
    {
        if (resolved.Count == 0)
        {
            return;
        }

        var sealer = await protector.BeginAsync(connection, cancellationToken);
        var hash = protector.Hash(AddressFingerprint.Purpose);
        await using var copy = await BinaryCopy.BeginAsync(connection, "copy resolution.address (seq, round, fingerprint, sealed) from stdin (format binary)", cancellationToken);
        foreach (var (line, to) in resolved)
        {
            await copy.StartRowAsync(4, cancellationToken);
            copy.Write(line.Seq);
            copy.Write(round);
            copy.Write(AddressFingerprint.Of(hash, to.Kind, to.BankCode, to.AccountNumber ?? to.MobileNumber ?? to.EmailAddress, to.MobileWalletProvider ?? to.EmailWalletProvider));
            copy.Write(sealer.Seal(
                Sealed, RowKey.Of(line.Seq), to.Kind, to.AccountNumber, to.BankCode, to.BranchCode, to.MobileNumber, to.MobileWalletProvider, to.EmailAddress, to.EmailWalletProvider, to.Name));
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>The lines of a run that have an address: an index-only range scan once the table is vacuumed.</summary>
    public async Task<HashSet<long>> ReadKnownAsync(SeqRange lines, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("select seq from resolution.address where seq between $1 and $2");
        command.Parameters.Add(new() { Value = lines.First });
        command.Parameters.Add(new() { Value = lines.Last });
        await command.PrepareAsync(cancellationToken);
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
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("select seq, sealed from resolution.address where seq between $1 and $2 and round = $3 order by seq");
        command.Parameters.Add(new() { Value = lines.First });
        command.Parameters.Add(new() { Value = lines.Last });
        command.Parameters.Add(new() { Value = checked((short)round) });
        return await ReadAllAsync(command, cancellationToken);
    }

    public async Task<IReadOnlyList<FinancialAddress>> FindAsync(IReadOnlyCollection<long> seqs, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("select a.seq, a.sealed from unnest($1::bigint[]) as k(seq) cross join lateral (select seq, sealed from resolution.address where seq = k.seq offset 0) a order by a.seq");
        command.Parameters.Add(new() { Value = seqs.Distinct().ToArray() });
        return await ReadAllAsync(command, cancellationToken);
    }

    private async Task<IReadOnlyList<FinancialAddress>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var addresses = new List<FinancialAddress>();
        var of = new string?[Fields];
        while (await reader.ReadAsync(cancellationToken))
        {
            var seq = reader.GetInt64(0);
            protector.Open(Sealed, RowKey.Of(seq), reader.GetFieldValue<byte[]>(1), of);
            addresses.Add(new FinancialAddress(seq, of[0]!, of[1], of[2], of[3], of[4], of[5], of[6], of[7], of[8]));
        }

        return addresses;
    }
}
