using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// Looks, once everybody of an envelope was asked about, for financial addresses that several people share. Under the rule Hold the resolved sets
/// are not handed over before this; a held line has no address any more, so nobody can send it, and a release asks the mapper about it again.
/// </summary>
internal static partial class CheckSharedAddresses
{
    private const int MostAtOnce = 5_000;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, AddressChecks checks, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var waiting = await checks.ListQuietAsync(cancellationToken);
            if (waiting.Count == 0)
            {
                return false;
            }

            var facts = (await mediator.Send(new ReadEnvelopes([.. waiting.Select(envelope => envelope.Id)]), cancellationToken)).ToDictionary(envelope => envelope.Id, StringComparer.Ordinal);
            // Whose lines have not all arrived here is looked at when they have.
            var ready = waiting.Where(envelope => HasAll(facts[envelope.Id], envelope.Lines)).Select(envelope => facts[envelope.Id]).FirstOrDefault();
            if (ready is null)
            {
                return false;
            }

            await CheckAsync(ready, cancellationToken);
            await signal.RaiseAsync(Work.TakeFundedWork, cancellationToken);
            return true;
        }

        private static bool HasAll(EnvelopeFacts envelope, long arrived) =>
            envelope.Status != EnvelopeStatus.Open || (envelope.DisbursementsReceived == envelope.NumberOfDisbursements && arrived >= envelope.DisbursementsReceived);

        private async Task CheckAsync(EnvelopeFacts envelope, CancellationToken cancellationToken)
        {
            var sets = await checks.ReadWaitingAsync(envelope.Id, cancellationToken);
            var hold = sets.Any(set => set.Rule == SharedAddressRule.Hold);
            var groups = (await checks.FindSharedAsync(envelope.Id, cancellationToken)).GroupBy(line => line.Address).ToList();
            var people = await PeopleAsync([.. groups.SelectMany(group => group.Select(line => line.Seq))], cancellationToken);
            var shared = new List<SharedLine>();
            foreach (var group in groups)
            {
                var known = group.Where(line => people.ContainsKey(line.Seq)).ToList();
                if (known.Exists(line => line.IsNew) && known.Select(line => people[line.Seq].BeneficiaryId).Distinct(StringComparer.Ordinal).Count() > 1)
                {
                    shared.AddRange(known.Select(line => new SharedLine(
                        line.Seq, known.Find(other => people[other.Seq].BeneficiaryId != people[line.Seq].BeneficiaryId)!.Seq)));
                }
            }

            IReadOnlyList<long> held = shared.Count == 0 ? [] : await mediator.Send(new RecordSharedAddresses(envelope.Id, envelope.Number, shared, hold), cancellationToken);
            await checks.SettleAsync(sets, [.. held.Where(people.ContainsKey).Select(seq => (seq, people[seq].Quantity))], cancellationToken);
            LogChecked(envelope.Id, shared.Count, held.Count);
        }

        private async Task<Dictionary<long, FoundLine>> PeopleAsync(IReadOnlyList<long> seqs, CancellationToken cancellationToken)
        {
            var people = new Dictionary<long, FoundLine>(seqs.Count);
            foreach (var part in seqs.Chunk(MostAtOnce))
            {
                foreach (var line in (await mediator.Send(new FindLinesBySeq(part), cancellationToken)).Where(line => line.CancelledAt is null))
                {
                    people.Add(line.Seq, line);
                }
            }

            return people;
        }

        [LoggerMessage(2040, LogLevel.Information, "Envelope {Envelope}: {Shared} lines share a destination with other people, {Held} of them are held")]
        private partial void LogChecked(string envelope, int shared, int held);
    }
}
