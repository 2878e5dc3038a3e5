using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using MediatR;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>The intake's invariants: received totals from single lines, states from their history. Reads whole tables.</summary>
internal sealed class EnvelopeInvariants(BridgeDatabase source, IServiceScopeFactory scopes) : IInvariantCheck
{
    /// <summary>As <c>from>to</c>; received envelopes come from nowhere.</summary>
    private static readonly string[] Moves =
    [
        $">{nameof(EnvelopeStatus.Open)}",
        .. from a in Enum.GetValues<EnvelopeStatus>() from b in Enum.GetValues<EnvelopeStatus>() where EnvelopeTransitions.Allows(a, b) select $"{a}>{b}",
    ];

    private static readonly string[] HoldMoves =
    [
        nameof(HoldState.Held), nameof(HoldState.Noted),
        .. from a in Enum.GetValues<HoldState>() from b in Enum.GetValues<HoldState>() where HoldTransitions.Allows(a, b) select $"{a}>{b}",
    ];

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, EnvelopesModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I5", "States move along their graph", "select count(*) from envelopes.envelope",
                """
                select 'envelope ' || h.envelope_id from envelopes.envelope_history h where h.from_status <> h.to_status and h.from_status || '>' || h.to_status <> all($1)
                union
                select 'envelope ' || e.id from envelopes.envelope e
                where e.status <> coalesce((select h.to_status from envelopes.envelope_history h where h.envelope_id = e.id order by h.id desc limit 1), 'Open')
                """,
                cancellationToken, Moves),
            await snapshot.CheckAsync(
                "I5", "Holds move along their graph", "select count(*) from envelopes.line_hold_history",
                """
                select 'line ' || h.seq from envelopes.line_hold_history h where coalesce(h.from_state || '>', '') || h.to_state <> all($1)
                union
                select 'line ' || l.seq from envelopes.line_hold l
                where l.state is distinct from (select h.to_state from envelopes.line_hold_history h where h.seq = l.seq and h.kind = l.kind order by h.id desc limit 1)
                """,
                cancellationToken, HoldMoves),
            await snapshot.CheckAsync(
                "I8", "Nobody confirms what he proposed", "select count(*) from envelopes.hold_decision",
                """
                select 'decision ' || id from envelopes.hold_decision
                where (state = 'Confirmed') <> (confirmed_by is not null) or lower(trim(confirmed_by)) = lower(trim(proposed_by))
                """,
                cancellationToken),
            await FollowUpsAsync(cancellationToken),
            await snapshot.CheckAsync(
                "I6", "Totals are the sums of their lines", "select count(*) from envelopes.disbursement",
                $"""
                select 'envelope ' || e.id
                from envelopes.envelope e
                left join envelopes.batch b on b.envelope_id = e.id
                left join envelopes.disbursement d on d.seq between b.first_seq and b.last_seq and not exists (select from envelopes.cancellation x where x.seq = d.seq)
                where not {ArchivedNumbers.HasGone("e.id")}
                group by e.id
                having (e.disbursements_received, e.quantity_received) <> (count(d.seq), coalesce(sum(d.quantity), 0))
                """,
                cancellationToken),
        ];
    }

    /// <summary>Whoever sends payments says of each line that was followed up whether it is still proved unpaid.</summary>
    private async Task<InvariantResult> FollowUpsAsync(CancellationToken cancellationToken)
    {
        const int AtOnce = 10_000;
        await using var scope = scopes.CreateAsyncScope();
        var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
        var tally = new Tally();
        for (var after = 0L; ;)
        {
            var page = await source.QueryAsync(
                $"select envelope_id, seq from envelopes.follow_up_line f where seq > $1 and not {ArchivedNumbers.IsClosed(NumberSeries.Lines, "f.seq")} order by seq limit $2", [after, AtOnce],
                reader => new LineOfEnvelope(reader.GetString(0), reader.GetInt64(1)), cancellationToken);
            var unpaid = (await mediator.Send(new FindLinesProvedUnpaid(page), cancellationToken)).ToHashSet();
            foreach (var line in page)
            {
                tally.Add(!unpaid.Contains(line.Seq), $"line {line.Seq}");
            }

            if (page.Count < AtOnce)
            {
                return tally.Result("I1", "follow-ups", "No line is paid in its envelope and in a follow-up");
            }

            after = page[^1].Seq;
        }
    }
}
