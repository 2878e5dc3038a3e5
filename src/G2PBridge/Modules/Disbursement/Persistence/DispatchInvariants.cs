using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// The paying side's invariants, from single instructions and history rows. Every statement reads whole tables, some seconds for a million lines.
/// </summary>
internal sealed class DispatchInvariants(BridgeDatabase source) : IInvariantCheck
{
    private const string CountInstructions = "select count(*) from disbursement.instruction";

    /// <summary>Every instruction with where it counts: in flight as long as its chunk is, then by what is known of it.</summary>
    private const string Counted =
        """
        select i.line, i.amount, c.id as chunk_id, c.envelope_id,
            case when c.state in ('Claimed', 'Prepared', 'Sending') then 'InFlight' when coalesce(s.state, c.state) = 'Returned' then 'Sent' else coalesce(s.state, c.state) end as counts,
            exists (select from disbursement.instruction n where n.line = i.line and n.prior_generation = i.generation) as is_superseded
        from disbursement.instruction i
        join disbursement.chunk c on c.id = i.chunk_id
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        """;

    private static readonly string[] ChunkMoves = Moves<ChunkState>(ChunkTransitions.Allows);

    private static readonly string[] LineMoves = Moves<LineState>(LineTransitions.Allows);

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, DisbursementModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I1", "No line has two instructions that are not proved failed", CountInstructions,
                """
                select 'line ' || i.line from disbursement.instruction i left join disbursement.failure f using (line, generation)
                group by i.line having count(*) filter (where f.line is null) > 1
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I2", "Nothing beyond the block is paid or on its way", "select count(*) from disbursement.envelope",
                $"""
                select 'envelope ' || e.envelope_id from disbursement.envelope e join ({Counted}) l using (envelope_id)
                group by e.envelope_id, e.blocked_amount having coalesce(sum(l.amount) filter (where l.counts <> 'Refused'), 0) > e.blocked_amount
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I5", "States move along their graph", "select (select count(*) from disbursement.chunk_history) + (select count(*) from disbursement.line_history)",
                """
                select distinct 'chunk ' || h.chunk_id from (
                    select chunk_id, from_state, to_state, lag(to_state) over (partition by chunk_id order by id) as before from disbursement.chunk_history) h
                where h.from_state is distinct from h.before or coalesce(h.from_state || '>', '') || h.to_state <> all($1)
                union
                select 'chunk ' || c.id from disbursement.chunk c
                where c.state is distinct from (select h.to_state from disbursement.chunk_history h where h.chunk_id = c.id order by h.id desc limit 1)
                union
                select 'line ' || h.line from disbursement.line_history h where coalesce(h.from_state || '>', '') || h.to_state <> all($2)
                union
                select 'line ' || s.line from disbursement.line_state s
                where s.state <> 'Unknown' and s.state is distinct from (select h.to_state from disbursement.line_history h where h.line = s.line and h.generation = s.generation order by h.id desc limit 1)
                """,
                cancellationToken, (string[])[nameof(ChunkState.Waiting), .. ChunkMoves], (string[])[nameof(LineState.NothingToPay), nameof(LineState.TooLate), .. LineMoves]),
            await snapshot.CheckAsync(
                "I6", "Totals are the sums of their lines", CountInstructions,
                $"""
                select 'envelope ' || e.envelope_id
                from disbursement.envelope e left join (select * from ({Counted}) a where not a.is_superseded) l using (envelope_id)
                where not {ArchivedNumbers.HasGone("e.envelope_id")}
                group by e.envelope_id
                having (e.sent_lines, e.sent_amount) <> (count(*) filter (where l.counts = 'Sent'), coalesce(sum(l.amount) filter (where l.counts = 'Sent'), 0))
                    or (e.unknown_lines, e.unknown_amount) <> (count(*) filter (where l.counts = 'Unknown'), coalesce(sum(l.amount) filter (where l.counts = 'Unknown'), 0))
                    or (e.refused_lines, e.refused_amount) <> (count(*) filter (where l.counts = 'Refused'), coalesce(sum(l.amount) filter (where l.counts = 'Refused'), 0))
                    or (e.in_flight_lines, e.in_flight_amount) <> (count(*) filter (where l.counts = 'InFlight'), coalesce(sum(l.amount) filter (where l.counts = 'InFlight'), 0))
                    or e.nothing_to_pay_lines <> (select count(*) from disbursement.line_state s where s.envelope_id = e.envelope_id and s.state = 'NothingToPay')
                    or e.too_late_lines <> (select count(*) from disbursement.line_state s where s.envelope_id = e.envelope_id and s.state = 'TooLate')
                union
                select 'chunk ' || c.id
                from disbursement.chunk c left join ({Counted}) l on l.chunk_id = c.id
                where not {ArchivedNumbers.IsGone(NumberSeries.Lines, "c.first_seq")}
                group by c.id
                having (c.lines, c.amount, c.unknown_lines) <> (count(l.line), coalesce(sum(l.amount), 0), count(*) filter (where l.counts = 'Unknown'))
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I8", "Two persons declared what nobody knew", "select count(*) from disbursement.declaration_confirmation",
                "select 'declaration ' || declaration_id from disbursement.declaration_confirmation where lower(trim(confirmed_by)) = lower(trim(proposed_by))",
                cancellationToken),
            await snapshot.CheckAsync(
                "I10", "A pause that was acknowledged holds", "select count(*) from disbursement.pause",
                $"""
                select distinct 'chunk ' || c.id || ' in pause ' || p.id
                from disbursement.pause p
                join disbursement.chunk_history h on h.to_state = 'Sending' and h.id > p.acknowledged_after and (p.lifted_after is null or h.id <= p.lifted_after)
                join disbursement.chunk c on c.id = h.chunk_id and {Pauses.Concerns}
                """,
                cancellationToken),
        ];
    }

    private static string[] Moves<T>(Func<T, T, bool> allows)
        where T : struct, Enum =>
        [.. from a in Enum.GetValues<T>() from b in Enum.GetValues<T>() where allows(a, b) select $"{a}>{b}"];
}
