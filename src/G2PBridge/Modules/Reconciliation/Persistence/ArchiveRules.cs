using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>Matches may go when statements show every payment of their envelopes, and no entry about them waits for a person.</summary>
internal sealed class ArchiveRuleOfLines(BridgeDatabase source, IServiceScopeFactory scopes) : IArchiveRule
{
    public string Series => NumberSeries.Lines;

    public async Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var sent = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(new ReadDispatchProgress(question.Envelopes), cancellationToken);
        var found = await source.QueryAsync(
            """
            select 'envelopes have payments that no statement shows', count(*), min(n.id) from unnest($3::text[], $4::int[]) as n(id, sent)
            left join reconciliation.envelope_progress p on p.envelope_id = n.id
            where n.sent > coalesce(p.reconciled, 0)
            union all
            select 'entries about these payments are exceptions that wait', count(*), min(u.file || '-' || u.entry_no) from reconciliation.unmatched u
            where u.line between $1 and $2 and u.state = 'Open'
            """,
            [question.Numbers.First, question.Numbers.Last, sent.Select(envelope => envelope.EnvelopeId).ToArray(), sent.Select(envelope => envelope.Sent).ToArray()],
            reader => (What: reader.GetString(0), Count: reader.GetInt64(1), First: reader.TextOrNull(2)), cancellationToken);
        return [.. found.Where(row => row.Count > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Count} {row.What} ({row.First})"))];
    }
}

/// <summary>
/// Statements may go when they are old, read to their end, nothing in them waits, and every payment that they prove has gone before. Looks
/// through the matches that are there: a minute for hundreds of millions, once an archive.
/// </summary>
internal sealed class ArchiveRuleOfFiles(BridgeDatabase source) : IArchiveRule
{
    public string Series => NumberSeries.Files;

    public async Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var found = await connection.PatientQueryAsync(
            """
            select 'files came in on that day or later', count(*), min(f.id::text) from reconciliation.statement_file f where f.number between $1 and $2 and f.received_at >= $3
            union all
            select 'files are not read to their end', count(*), min(f.id::text) from reconciliation.statement_file f
            where f.number between $1 and $2 and (f.state not in ('Processed', 'Error', 'Duplicate') or (f.state = 'Processed' and f.told_at is null))
            union all
            select 'statements are held', count(*), min(s.file || '-' || s.no) from reconciliation.statement s where s.file between $1 and $2 and s.state = 'Held'
            union all
            select 'entries are exceptions that wait', count(*), min(u.file || '-' || u.entry_no) from reconciliation.unmatched u where u.file between $1 and $2 and u.state = 'Open'
            union all
            select 'payments that they prove are not archived yet', count(*), min(m.line)::text from reconciliation.match m where m.file between $1 and $2
            """,
            [question.Numbers.First, question.Numbers.Last, question.BeforeTime],
            reader => (What: reader.GetString(0), Count: reader.GetInt64(1), First: reader.TextOrNull(2)), cancellationToken);
        return [.. found.Where(row => row.Count > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Count} {row.What} ({row.First})"))];
    }
}
