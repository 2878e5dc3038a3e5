using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using MediatR;
using Npgsql;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>What whoever tells people asks: which places are served, whom they hold, how to reach them.</summary>
internal static class AnswerAboutNotices
{
    private const string Beneficiaries =
        "select b.seq, g.number, b.beneficiary_id, b.quantity, b.sealed from in_kind.geo g join in_kind.beneficiary b on b.geo_id = g.id";

    internal sealed class Handler(BridgeDatabase source, DataProtector protector, InKindReads reads, IInKindConnectors connectors, IMediator mediator, TimeProvider clock)
        : IRequestHandler<ListNewNotices, IReadOnlyList<NoticeFacts>>, IRequestHandler<AcknowledgeNotices>, IRequestHandler<FindGeos, IReadOnlyList<GeoFacts>>,
          IRequestHandler<ReadBeneficiaries, IReadOnlyList<PlacedBeneficiary>>, IRequestHandler<FindBeneficiaries, IReadOnlyList<PlacedBeneficiary>>,
          IRequestHandler<FindContacts, IReadOnlyList<Contact>?>
    {
        /// <summary>By a partial index that holds nothing else.</summary>
        public async Task<IReadOnlyList<NoticeFacts>> Handle(ListNewNotices request, CancellationToken cancellationToken) => await source.QueryAsync(
            "select number, envelope_id, warehouse_id, agency_id from in_kind.geo where agency_id is not null and noticed_at is null order by number limit $1", [request.Limit],
            reader => new NoticeFacts(reader.GetInt64(0), reader.GetString(1), reader.TextOrNull(2), reader.GetString(3)), cancellationToken);

        public async Task<Unit> Handle(AcknowledgeNotices request, CancellationToken cancellationToken)
        {
            await source.ExecuteAsync("update in_kind.geo set noticed_at = $2 where number = any($1) and noticed_at is null", [request.Places.ToArray(), clock.GetUtcNow()], cancellationToken);
            return Unit.Value;
        }

        public async Task<IReadOnlyList<GeoFacts>> Handle(FindGeos request, CancellationToken cancellationToken)
        {
            var geos = await reads.GeosByNumberAsync(request.Places, [], cancellationToken);
            var cancelled = await CancelledAsync(geos.Select(geo => geo.EnvelopeId), cancellationToken);
            return cancelled.Count == 0 ? geos : await reads.GeosByNumberAsync(request.Places, cancelled, cancellationToken);
        }

        public async Task<IReadOnlyList<PlacedBeneficiary>> Handle(ReadBeneficiaries request, CancellationToken cancellationToken)
        {
            var envelopes = await source.QueryAsync(
                "select distinct envelope_id from in_kind.geo where number = any($1)", [request.Places.ToArray()], reader => reader.GetString(0), cancellationToken);
            var cancelled = await CancelledAsync(envelopes, cancellationToken);
            return await source.QueryAsync(
                $"{Beneficiaries} where g.number = any($1) and b.seq <> all($2) order by b.seq", [request.Places.ToArray(), cancelled.ToArray()], Beneficiary, cancellationToken);
        }

        public async Task<IReadOnlyList<PlacedBeneficiary>> Handle(FindBeneficiaries request, CancellationToken cancellationToken) =>
            await source.QueryAsync($"{Beneficiaries} where b.seq = any($1) order by b.seq", [request.Lines.ToArray()], Beneficiary, cancellationToken);

        public async Task<IReadOnlyList<Contact>?> Handle(FindContacts request, CancellationToken cancellationToken)
        {
            if (connectors.FindRegistry(request.TargetRegistry ?? "") is not { } registry)
            {
                return null;
            }

            try
            {
                return await registry.FindAsync([.. request.BeneficiaryIds.Distinct(StringComparer.Ordinal)], cancellationToken) is RegistryAnswer.Answered answer
                    ? [.. answer.People.DistinctBy(person => person.BeneficiaryId, StringComparer.Ordinal).Select(person => new Contact(person.BeneficiaryId, person.Name, person.Email, person.Phone))]
                    : null;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
#pragma warning disable CA1031 // A ministry's own connector may throw anything; then nothing is known now.
            catch (Exception)
#pragma warning restore CA1031
            {
                return null;
            }
        }

        private async Task<List<long>> CancelledAsync(IEnumerable<string> envelopes, CancellationToken cancellationToken)
        {
            var cancelled = new List<long>();
            foreach (var envelope in envelopes.Distinct(StringComparer.Ordinal))
            {
                cancelled.AddRange(await mediator.Send(new ListCancelledLines(envelope), cancellationToken));
            }

            return cancelled;
        }

        private PlacedBeneficiary Beneficiary(NpgsqlDataReader reader)
        {
            var seq = reader.GetInt64(0);
            var (name, email, phone) = InKindSeals.ReadPerson(protector, reader, seq, 4);
            return new(seq, reader.GetInt64(1), reader.GetString(2), reader.GetDecimal(3), name, email, phone);
        }
    }
}
