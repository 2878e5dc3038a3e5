using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Platform.Verification;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>The intake's invariants: received totals from single lines, states from their history. Reads whole tables.</summary>
internal sealed class EnvelopeInvariants(NpgsqlDataSource source) : IInvariantCheck
{
    /// <summary>As <c>from>to</c>; received envelopes come from nowhere.</summary>
    private static readonly string[] Moves =
    [
        $">{nameof(EnvelopeStatus.Open)}",
        .. from a in Enum.GetValues<EnvelopeStatus>() from b in Enum.GetValues<EnvelopeStatus>() where EnvelopeTransitions.Allows(a, b) select $"{a}>{b}",
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
                "I6", "Totals are the sums of their lines", "select count(*) from envelopes.disbursement",
                """
                select 'envelope ' || e.id
                from envelopes.envelope e
                left join envelopes.batch b on b.envelope_id = e.id
                left join envelopes.disbursement d on d.seq between b.first_seq and b.last_seq and not exists (select from envelopes.cancellation x where x.seq = d.seq)
                group by e.id
                having (e.disbursements_received, e.quantity_received) <> (count(d.seq), coalesce(sum(d.quantity), 0))
                """,
                cancellationToken),
        ];
    }
}
