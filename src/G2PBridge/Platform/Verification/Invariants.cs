using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Verification;

/// <summary>What came of checking one invariant at one place.</summary>
/// <param name="Id">I1 to I10, P1 for what is encrypted, or B1 to B3 for a comparison with a bank's books.</param>
/// <param name="Place">Whose rows were looked at.</param>
/// <param name="Promise">What must be true.</param>
/// <param name="Looked">Rows that were looked at.</param>
/// <param name="Breaches">How many break the promise.</param>
/// <param name="Offenders">The first of them, by id.</param>
/// <param name="NotApplicable">Why nothing was checked; nothing when it was.</param>
internal sealed record InvariantResult(string Id, string Place, string Promise, long Looked, long Breaches, IReadOnlyList<string> Offenders, string? NotApplicable = null)
{
    public bool IsBroken => Breaches > 0;
}

/// <summary>A module's own checks over its own tables, by the slow way: every line is counted, no total is believed.</summary>
internal interface IInvariantCheck
{
    Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>Compares what we say of every payment with the books of the example bank.</summary>
internal interface IBankLedgerCheck
{
    Task<IReadOnlyList<InvariantResult>> CompareAsync(string connectionString, CancellationToken cancellationToken);
}

/// <summary>All checks of all modules, and a word about each invariant that nobody checks.</summary>
internal sealed class InvariantVerification(IEnumerable<IInvariantCheck> checks)
{
    private static readonly (string Id, string Promise, string Why)[] Unchecked =
    [
        ("I1", "No line has two instructions that are not proved failed", "no module offers it"),
        ("I2", "Nothing beyond the block is paid or on its way", "no module offers it"),
        ("I3", "What was set aside is used, given back or still set aside", "no module offers it"),
        ("I4", "No statement entry is dropped", "no module offers it"),
        ("I5", "States move along their graph", "no module offers it"),
        ("I6", "Totals are the sums of their lines", "no module offers it"),
        ("I7", "The audit chain is whole", "nothing offers it"),
        ("I8", "Nobody approves what he made", "no module offers it"),
        ("I9", "No line changed since the intent to pay it", "no module offers it"),
        ("I10", "A pause that was acknowledged holds", "no module offers it"),
    ];

    public async Task<IReadOnlyList<InvariantResult>> RunAsync(CancellationToken cancellationToken)
    {
        var results = new List<InvariantResult>();
        foreach (var check in checks)
        {
            results.AddRange(await check.CheckAsync(cancellationToken));
        }

        var missing = Unchecked.Where(known => !results.Exists(result => result.Id == known.Id))
            .Select(known => new InvariantResult(known.Id, "", known.Promise, 0, 0, [], known.Why));
        return [.. results.Concat(missing).OrderBy(result => result.Id[0]).ThenBy(result => int.Parse(result.Id.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)).ThenBy(result => result.Place, StringComparer.Ordinal)];
    }
}

/// <summary>One snapshot of the database for all checks of a module, so that work that goes on meanwhile is no breach.</summary>
internal sealed class InvariantSnapshot : IAsyncDisposable
{
    /// <summary>Offenders that are named.</summary>
    public const int Named = 5;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _place;

    private InvariantSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction, string place) => (_connection, _transaction, _place) = (connection, transaction, place);

    public static async Task<InvariantSnapshot> OpenAsync(BridgeDatabase source, string place, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        return new InvariantSnapshot(connection, await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken), place);
    }

    /// <param name="looked">A query for the number of rows looked at.</param>
    /// <param name="broken">A query for the ids of those that break the promise, as text.</param>
    public async Task<InvariantResult> CheckAsync(string id, string promise, string looked, string broken, CancellationToken cancellationToken, params string[][] values)
    {
        await using var command = new NpgsqlCommand(
            $"with broken(id) as materialized ({broken}) select ({looked}), (select count(*) from broken), array(select id from broken order by id limit {Named})", _connection)
        { CommandTimeout = 0 };
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new InvariantResult(id, _place, promise, reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<string[]>(2));
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}

/// <summary>Counts what a check that compares in the program looked at, and names the first that break the promise.</summary>
internal sealed class Tally
{
    private readonly List<string> _named = [];
    private long _looked;
    private long _breaches;

    public void Add(bool isBroken, string offender)
    {
        _looked++;
        if (isBroken)
        {
            Break(offender);
        }
    }

    public void Break(string offender)
    {
        _breaches++;
        if (_named.Count < InvariantSnapshot.Named)
        {
            _named.Add(offender);
        }
    }

    public InvariantResult Result(string id, string place, string promise) => new(id, place, promise, _looked, _breaches, _named);
}
