using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// cancel_disbursement_envelope: stops a whole envelope, at any time before its first line is on its way to the bank.
/// Holding the envelope's gate alone makes the answer final: a sender that comes later sees the cancellation.
/// </summary>
internal static partial class CancelEnvelope
{
    public const string Path = "cancel_disbursement_envelope";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Command(RequestIdentity Request, string? EnvelopeId) : IRequest<Result<DateTimeOffset>>;

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var envelopes = EnvelopePayload.ReadAll(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        Action<System.Text.Json.Utf8JsonWriter>? nothing = request.Generation == WireGeneration.First ? null : PartnerAnswer.EmptyList;
        if (envelopes.Count == 0)
        {
            return PartnerAnswer.Error(PartnerCodes.EmptyRequestPayload, "request_payload names no envelope; send its id.", nothing);
        }

        var result = await services.GetRequiredService<IMediator>().Send(new Command(RequestIdentity.Of(request, Path), envelopes[0].Id), cancellationToken);
        return result.Refusal is { } refusal
            ? PartnerAnswer.Error(refusal, nothing)
            : PartnerAnswer.Success(EnvelopePayload.Answer(request, envelopes[..1]), result.Value);
    }

    internal sealed partial class Handler(EnvelopesDbContext db, IMediator mediator, TimeProvider clock, ILogger<Handler> logger) : IRequestHandler<Command, Result<DateTimeOffset>>
    {
        public async Task<Result<DateTimeOffset>> Handle(Command request, CancellationToken cancellationToken)
        {
            var found = await db.Envelopes.Where(e => e.Id == request.EnvelopeId).Select(e => new { e.Number, e.ProgrammeMnemonic }).SingleOrDefaultAsync(cancellationToken);
            if (found is null)
            {
                return EnvelopeRefusals.NotFound(request.EnvelopeId);
            }

            if (request.Request.RefuseProgramme(found.ProgrammeMnemonic) is { } foreign)
            {
                return foreign;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await EnvelopeGate.CloseAsync((NpgsqlConnection)db.Database.GetDbConnection(), found.Number, cancellationToken);
            var envelope = await db.Envelopes.FromSql($"select * from envelopes.envelope where id = {request.EnvelopeId} for update").SingleAsync(cancellationToken);

            // Looked up behind the lock, so that of two simultaneous repetitions the second finds the first.
            if (await request.Request.FindAsync(db, cancellationToken) is { } earlier)
            {
                return request.Request.IsSameAs(earlier) ? earlier.AnsweredAt : RequestIdentity.Reused;
            }

            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(envelope.Id);
            }

            if ((await mediator.Send(new FindLinesWithInstruction(envelope.Id, null), cancellationToken)).Count > 0)
            {
                return new Refusal(PartnerCodes.DisbursementAlreadySent,
                    "Payments of this envelope are already with the bank, so it cannot be cancelled any more.", RefusalKind.Conflict);
            }

            var at = clock.GetUtcNow();
            db.Events.Add(new EnvelopeEvent { EnvelopeId = envelope.Id, At = at, FromStatus = envelope.Status.ToString(), ToStatus = nameof(EnvelopeStatus.Cancelled), Cause = "cancelled by partner", Actor = request.Request.Sender });
            envelope.MoveTo(EnvelopeStatus.Cancelled, at);
            request.Request.Remember(db, at);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            catch (DbUpdateException exception) when (exception.InnerException is PostgresException { ConstraintName: RequestIdentity.Constraint })
            {
                return RequestIdentity.Reused;
            }

            LogCancelled(envelope.Id);
            return at;
        }

        [LoggerMessage(1010, LogLevel.Information, "Envelope {EnvelopeId} cancelled")]
        private partial void LogCancelled(string envelopeId);
    }
}
