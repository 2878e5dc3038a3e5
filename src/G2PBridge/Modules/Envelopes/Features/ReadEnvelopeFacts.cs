using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Answers other modules' questions about envelopes.</summary>
internal static class ReadEnvelopeFacts
{
    /// <summary>Asked for every chunk, and by everybody who wants to know how an envelope stands.</summary>
    internal sealed class ById(EnvelopeReads reads) : IRequestHandler<ReadEnvelopes, IReadOnlyList<EnvelopeFacts>>
    {
        public async Task<IReadOnlyList<EnvelopeFacts>> Handle(ReadEnvelopes request, CancellationToken cancellationToken) => await reads.ByIdAsync(request.Ids, cancellationToken);
    }

    internal sealed class Handler(EnvelopesDbContext db, FollowUps followUps, IOptions<ProgrammesOptions> programmes, TimeProvider clock)
        : IRequestHandler<ListEnvelopes, IReadOnlyList<EnvelopeFacts>>,
          IRequestHandler<ReadFollowUps, IReadOnlyList<FollowUpFacts>>,
          IRequestHandler<FindFollowUpLinks, IReadOnlyList<FollowUpLink>>,
          IRequestHandler<ReadSharedAddressRule, SharedAddressRule>,
          IRequestHandler<ReadProgrammeToday, DateOnly>
    {
        public async Task<IReadOnlyList<EnvelopeFacts>> Handle(ListEnvelopes request, CancellationToken cancellationToken)
        {
            var found = await db.Envelopes.AsNoTracking()
                .Where(envelope => request.Before == null || envelope.Number < request.Before)
                .Where(envelope => request.ProgrammeMnemonic == null || envelope.ProgrammeMnemonic == request.ProgrammeMnemonic)
                .Where(envelope => request.Programmes == null || request.Programmes.Contains(envelope.ProgrammeMnemonic))
                .Where(envelope => request.CycleMnemonic == null || envelope.CycleMnemonic == request.CycleMnemonic)
                .Where(envelope => request.Status == null || envelope.Status == request.Status)
                .Where(envelope => request.ScheduledFrom == null || envelope.ScheduleDate >= request.ScheduledFrom)
                .Where(envelope => request.ScheduledTo == null || envelope.ScheduleDate <= request.ScheduledTo)
                .OrderByDescending(envelope => envelope.Number)
                .Take(request.Limit)
                .ToListAsync(cancellationToken);
            return [.. found.Select(envelope => envelope.ToFacts())];
        }

        public async Task<IReadOnlyList<FollowUpFacts>> Handle(ReadFollowUps request, CancellationToken cancellationToken) =>
            await followUps.OfEnvelopesAsync(request.EnvelopeIds, cancellationToken);

        public async Task<IReadOnlyList<FollowUpLink>> Handle(FindFollowUpLinks request, CancellationToken cancellationToken) => await followUps.OfLineAsync(request.Seq, cancellationToken);

        public Task<SharedAddressRule> Handle(ReadSharedAddressRule request, CancellationToken cancellationToken) =>
            Task.FromResult(programmes.Value.Of(request.ProgrammeMnemonic).SharedAddress);

        public Task<DateOnly> Handle(ReadProgrammeToday request, CancellationToken cancellationToken) =>
            Task.FromResult(programmes.Value.Of(request.ProgrammeMnemonic).Today(clock));
    }
}
