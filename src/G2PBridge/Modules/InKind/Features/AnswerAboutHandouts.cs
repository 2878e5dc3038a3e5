using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>Answers where single lines are handed out; a primary key look-up in each of three tables.</summary>
internal static class AnswerAboutHandouts
{
    internal sealed class Handler(BridgeDatabase source) : IRequestHandler<FindHandouts, IReadOnlyList<Handout>>
    {
        public async Task<IReadOnlyList<Handout>> Handle(FindHandouts request, CancellationToken cancellationToken) => await source.QueryAsync(
            """
            select asked.seq, g.agency_mnemonic, p.quantity
            from unnest($1::bigint[]) as asked(seq)
            left join in_kind.beneficiary b on b.seq = asked.seq
            left join in_kind.geo g on g.id = b.geo_id
            left join in_kind.proof p on p.seq = asked.seq
            where b.seq is not null or p.seq is not null
            """,
            [request.Lines.ToArray()], reader => new Handout(reader.GetInt64(0), reader.TextOrNull(1), reader.IsDBNull(2) ? null : reader.GetDecimal(2)), cancellationToken);
    }
}
