using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>
/// Takes charge of the money of envelopes that are complete and due. Seal, then our row, then the acknowledgement: dying between
/// any two repeats the rest, and each repetition changes nothing.
/// </summary>
internal static partial class TakeEnvelopesDue
{
    private const int Most = 100;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, FundsRows rows, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var due = await mediator.Send(new ListEnvelopesDue(Most), cancellationToken);
            var taken = new List<EnvelopeFunds>(due.Count);
            foreach (var envelope in due)
            {
                var sealing = await mediator.Send(new SealEnvelope(envelope.Id), cancellationToken);
                if (sealing.Refusal is { } refusal)
                {
                    LogNotSealed(envelope.Id, refusal.Code);
                    continue;
                }

                taken.Add(await RowAsync(sealing.Value, cancellationToken));
            }

            if (taken.Count == 0)
            {
                return false;
            }

            await rows.InsertAsync(taken, cancellationToken);
            await mediator.Send(new AcknowledgeFunding([.. taken.Select(row => row.EnvelopeId)]), cancellationToken);
            LogTaken(taken.Count);
            await signal.RaiseAsync(Work.FundEnvelopes, cancellationToken);
            return true;
        }

        private async Task<EnvelopeFunds> RowAsync(EnvelopeFacts envelope, CancellationToken cancellationToken) => new()
        {
            EnvelopeId = envelope.Id,
            EnvelopeNumber = envelope.Number,
            ProgrammeId = envelope.ProgrammeId,
            BenefitCodeId = envelope.BenefitCodeId,
            Currency = envelope.Unit,
            Amount = envelope.TotalQuantity,
            ScheduleDate = envelope.ScheduleDate,
            Overdue = envelope.ScheduleDate < await mediator.Send(new ReadProgrammeToday(envelope.ProgrammeMnemonic), cancellationToken),
        };

        [LoggerMessage(2500, LogLevel.Information, "{Count} envelopes are due and their money is being asked for")]
        private partial void LogTaken(int count);

        [LoggerMessage(2501, LogLevel.Information, "Envelope {EnvelopeId} was due and is not funded: {Code}")]
        private partial void LogNotSealed(string envelopeId, string code);
    }
}
