using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Says of which lines it is proved that nobody was paid and nobody will be. What may be with the bank is never among them, and no envelope that
/// is complete writes another intent, so the answer stays true. A refused line of an envelope that is not complete may be paid again in it; a
/// returned one may not.
/// </summary>
internal static class ProveUnpaid
{
    internal sealed class Handler(BridgeDatabase source, IMediator mediator) : IRequestHandler<FindLinesProvedUnpaid, IReadOnlyList<long>>
    {
        public async Task<IReadOnlyList<long>> Handle(FindLinesProvedUnpaid request, CancellationToken cancellationToken)
        {
            // Of cash by hand a payout is paid in place of the lines, so that a line has no instruction proves nothing.
            var byHand = (await mediator.Send(new ReadPayoutFacts([.. request.Lines.Select(line => line.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .Select(envelope => envelope.EnvelopeId).ToHashSet(StringComparer.Ordinal);
            LineOfEnvelope[] asked = [.. request.Lines.Where(line => !byHand.Contains(line.EnvelopeId))];
            return asked.Length == 0 ? [] : await FindAsync(asked, cancellationToken);
        }

        private Task<List<long>> FindAsync(LineOfEnvelope[] lines, CancellationToken cancellationToken) => source.QueryAsync(
            // Of an archived line nothing is found here, and that proves nothing either.
            $"""
            select l.line
            from unnest($1::bigint[], $2::text[]) as l(line, envelope)
            left join lateral (select i.generation from disbursement.instruction i where i.line = l.line order by i.generation desc limit 1) n on true
            where not {ArchivedNumbers.IsClosed(NumberSeries.Lines, "l.line")} and case when n.generation is null
                then exists (select from disbursement.envelope e where e.envelope_id = l.envelope and e.complete_at is not null)
                else exists (select from disbursement.failure f where f.line = l.line and f.generation = n.generation)
                    and (exists (select from disbursement.envelope e where e.envelope_id = l.envelope and e.complete_at is not null)
                        or exists (select from disbursement.line_state s where s.line = l.line and s.generation = n.generation and s.state = 'Returned')) end
            """,
            [lines.Select(line => line.Seq).ToArray(), lines.Select(line => line.EnvelopeId).ToArray()],
            reader => reader.GetInt64(0), cancellationToken);
    }

    /// <summary>
    /// Everything of one envelope that is proved unpaid: refused, returned and too late by their rows and, once the envelope is complete, whoever is
    /// without an address. A few set queries over exceptional lines only.
    /// </summary>
    internal sealed class Unpaid(BridgeDatabase source, DispatchReads reads, ArchivedNumbers archived, IMediator mediator) : IRequestHandler<ListUnpaidLines, IReadOnlyList<UnpaidLine>>
    {
        private const int Page = 5_000;

        public async Task<IReadOnlyList<UnpaidLine>> Handle(ListUnpaidLines request, CancellationToken cancellationToken)
        {
            var unpaid = await source.QueryAsync(
                $"""
                select s.line, s.state, coalesce(f.reason_code, s.reason_code, 'UNSPECIFIED')
                from disbursement.line_state s
                join disbursement.envelope e on e.envelope_id = s.envelope_id
                left join disbursement.failure f on f.line = s.line and f.generation = s.generation
                where s.envelope_id = $1 and not {ArchivedNumbers.IsClosed(NumberSeries.Lines, "s.line")} and (s.state = 'TooLate' or (f.line is not null and (s.state = 'Returned' or (s.state = 'Refused' and e.complete_at is not null))))
                    and not exists (select from disbursement.instruction n where n.line = s.line and n.generation > s.generation)
                union all
                select i.line, 'Refused', f.reason_code
                from disbursement.chunk c
                cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
                join disbursement.failure f on f.line = i.line and f.generation = i.generation
                join disbursement.envelope e on e.envelope_id = c.envelope_id and e.complete_at is not null
                where c.envelope_id = $1 and c.state = 'Refused' and not exists (select from disbursement.line_state s where s.line = i.line and s.generation = i.generation)
                    and not exists (select from disbursement.instruction n where n.line = i.line and n.generation > i.generation)
                """,
                [request.EnvelopeId],
                reader => new UnpaidLine(reader.GetInt64(0), Enum.Parse<UnpaidKind>(reader.GetString(1)), reader.GetString(2)), cancellationToken);
            if (await reads.ProgressAsync([request.EnvelopeId], cancellationToken) is [{ Complete: true }])
            {
                unpaid.AddRange(await UnresolvedAsync(request.EnvelopeId, cancellationToken));
            }

            return unpaid;
        }

        private async Task<List<UnpaidLine>> UnresolvedAsync(string envelopeId, CancellationToken cancellationToken)
        {
            var found = new List<UnpaidLine>();
            var gone = await archived.ClosedAsync(NumberSeries.Lines, cancellationToken);
            for (var after = 0L; ;)
            {
                var page = await mediator.Send(new ListUnresolved(envelopeId, after, Page, null), cancellationToken);
                var instructed = (await reads.LinesWithInstructionAsync(envelopeId, [.. page.Select(line => line.Seq)], cancellationToken)).ToHashSet();
                found.AddRange(page.Where(line => !instructed.Contains(line.Seq) && !gone.Exists(range => range.Contains(line.Seq))).Select(line => new UnpaidLine(line.Seq, UnpaidKind.Unresolved, line.ReasonCode)));
                if (page.Count < Page)
                {
                    return found;
                }

                after = page[^1].Seq;
            }
        }
    }
}
