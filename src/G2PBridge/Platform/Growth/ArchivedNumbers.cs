using G2PBridge.Platform.Persistence;

namespace G2PBridge.Platform.Growth;

/// <summary>
/// Which numbers are in an archive, or about to be. From the moment on in which a range is closed nothing may be written under its numbers, and
/// nobody may take it for a proof that he finds nothing under them. For modules, as SQL and as a question.
/// </summary>
internal sealed class ArchivedNumbers(BridgeDatabase source)
{
    /// <summary>An SQL condition: the number lies in a range that is closed; its rows may still be there.</summary>
    public static string IsClosed(string series, string number) => $"exists (select from growth.archive x where x.series = '{series}' and {number} between x.first and x.last)";

    /// <summary>An SQL condition over <c>growth.archive</c>: its rows are taken out, or are being taken out.</summary>
    private const string AreRowsGone = "state in ('Removing', 'Removed')";

    /// <summary>An SQL condition: the rows under the number are taken out, or are being taken out.</summary>
    public static string IsGone(string series, string number) =>
        $"exists (select from growth.archive x where x.series = '{series}' and x.{AreRowsGone} and {number} between x.first and x.last)";

    /// <summary>A statement: the ranges whose rows are taken out, or are being taken out; some dozens.</summary>
    public static string Gone(string series) => $"select first, last from growth.archive where series = '{series}' and {AreRowsGone}";

    /// <summary>An SQL condition: some of the envelope's lines are taken out, so that they cannot be counted any more.</summary>
    public static string HasGone(string envelopeId) => $"exists (select from growth.archived_envelope x where x.envelope_id = {envelopeId})";

    /// <summary>Some dozens, in their order.</summary>
    public Task<List<SeqRange>> ClosedAsync(string series, CancellationToken cancellationToken) => source.QueryAsync(
        "select first, last from growth.archive where series = $1 order by first", [series], reader => new SeqRange(reader.GetInt64(0), reader.GetInt64(1)), cancellationToken);

    public async Task<bool> HasGoneAsync(string envelopeId, CancellationToken cancellationToken) => (await source.QueryAsync(
        $"select {HasGone("$1")}", [envelopeId], reader => reader.GetBoolean(0), cancellationToken))[0];
}
