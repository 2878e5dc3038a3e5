using System.Globalization;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// cancel_disbursements: takes single lines out of an envelope until the day before it is due, so that others can be sent in
/// their place (contract, section 1.4.2). All lines of a call or none.
/// </summary>
internal static partial class CancelDisbursements
{
    public const string Path = "cancel_disbursements";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Command(RequestIdentity Request, IReadOnlyList<DisbursementPayload> Lines) : IRequest<Result<DateTimeOffset>>;

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var lines = DisbursementPayload.ReadAll(request, errors, requireId: true);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        var result = await services.GetRequiredService<IMediator>().Send(new Command(RequestIdentity.Of(request, Path), lines), cancellationToken);
        var answer = DisbursementPayload.Answer(lines, request.Generation);
        return (result.Refusal is { } refusal ? PartnerAnswer.Error(refusal, answer) : PartnerAnswer.Success(answer, result.Value)).WithBatchControlField();
    }

    internal sealed partial class Handler(
        EnvelopesDbContext db, LineReader reader, IMediator mediator, IOptions<ProgrammesOptions> programmes, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, Result<DateTimeOffset>>
    {
        public async Task<Result<DateTimeOffset>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Lines.Count == 0)
            {
                return new Refusal(PartnerCodes.EmptyRequestPayload, "request_payload names no disbursement; send at least one disbursement_id.");
            }

            var named = request.Lines.Select(line => line.DisbursementId ?? "").ToList();
            var envelopeIds = (await FindAsync(named, cancellationToken)).Select(line => line.EnvelopeId).Distinct(StringComparer.Ordinal).ToList();
            if (envelopeIds.Count == 0)
            {
                return Refuse(request, [], new(PartnerCodes.InvalidDisbursementId, "None of these disbursements exists; use the ids that were sent with create_disbursements.", RefusalKind.NotFound));
            }

            if (request.Request.Scope is { Programmes: not null } scope
                && (await db.Envelopes.Where(e => envelopeIds.Contains(e.Id)).Select(e => e.ProgrammeMnemonic).ToListAsync(cancellationToken)).Select(scope.Refuse).FirstOrDefault(refused => refused is not null) is { } foreign)
            {
                return Refuse(request, [], foreign);
            }

            if (envelopeIds.Count > 1)
            {
                return new Refusal(PartnerCodes.MultipleEnvelopesFound, "These disbursements belong to several envelopes; cancel them envelope by envelope.");
            }

            var number = await db.Envelopes.Where(e => e.Id == envelopeIds[0]).Select(e => e.Number).SingleAsync(cancellationToken);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await EnvelopeGate.CloseAsync((NpgsqlConnection)db.Database.GetDbConnection(), number, cancellationToken);
            var envelope = await db.Envelopes.FromSql($"select * from envelopes.envelope where id = {envelopeIds[0]} for update").SingleAsync(cancellationToken);

            // Looked up behind the lock, so that of two simultaneous repetitions the second finds the first.
            if (await request.Request.FindAsync(db, cancellationToken) is { } earlier)
            {
                return request.Request.IsSameAs(earlier) ? earlier.AnsweredAt : RequestIdentity.Reused;
            }

            var found = await FindAsync(named, cancellationToken);
            if (CheckEnvelope(envelope) is { } refusal)
            {
                return refusal;
            }

            if (CheckLines(request, found) is { } invalid)
            {
                return invalid;
            }

            var sent = await mediator.Send(new FindLinesWithInstruction(envelope.Id, [.. found.Select(line => line.Seq)]), cancellationToken);
            if (sent.Count > 0)
            {
                return Refuse(request, [.. found.Where(line => sent.Contains(line.Seq)).Select(line => line.DisbursementId)],
                    new(PartnerCodes.DisbursementAlreadySent, "Some of these disbursements are already with the bank and cannot be cancelled any more.", RefusalKind.Conflict));
            }

            var at = clock.GetUtcNow();
            var quantity = found.Sum(line => line.Quantity);
            if (envelope.DisbursementsReceived < found.Count || envelope.QuantityReceived < quantity)
            {
                return new Refusal(
                    envelope.DisbursementsReceived < found.Count ? PartnerCodes.NoOfDisbursementsLessThanZero : PartnerCodes.TotalDisbursementQuantityLessThanZero,
                    "The envelope would hold less than nothing.", RefusalKind.Conflict);
            }

            envelope.DisbursementsReceived -= found.Count;
            envelope.QuantityReceived -= quantity;
            db.Cancellations.AddRange(found.Select(line => new LineCancellation { Seq = line.Seq, EnvelopeId = envelope.Id, Quantity = line.Quantity, At = at, Actor = request.Request.Sender }));
            db.Events.Add(new EnvelopeEvent
            {
                EnvelopeId = envelope.Id,
                At = at,
                FromStatus = envelope.Status.ToString(),
                ToStatus = envelope.Status.ToString(),
                Cause = string.Create(CultureInfo.InvariantCulture, $"{found.Count} disbursements over {quantity} cancelled by partner"),
                Actor = request.Request.Sender,
            });
            request.Request.Remember(db, at);
            await db.SaveChangesAsync(cancellationToken);

            // Frees the people's places, so that a replacement for the same person is not taken for a second payment.
            var seqs = found.Select(line => line.Seq).ToArray();
            EntitlementScope[] scopes = [Entitlements.ScopeOf(envelope), Entitlements.ScopeOf(envelope.Number)];
            var keys = scopes.SelectMany(scope => found.Select(line => Entitlements.Bytes(Entitlements.KeyOf(scope, line.BeneficiaryId)))).ToArray();
            await db.Database.ExecuteSqlAsync($"delete from envelopes.entitlement where key = any({keys}) and seq = any({seqs})", cancellationToken);
            await LineHolds.DropCancelledAsync((NpgsqlConnection)db.Database.GetDbConnection(), seqs, request.Request.Sender, at, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogCancelled(found.Count, envelope.Id);
            return at;
        }

        /// <summary>A payout stands for lines and is not the partner's to cancel.</summary>
        private async Task<List<FoundLine>> FindAsync(List<string> ids, CancellationToken cancellationToken) =>
            [.. (await reader.FindByIdAsync(ids, cancellationToken)).Where(line => !line.IsPayout)];

        private Refusal? CheckEnvelope(Envelope envelope)
        {
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(envelope.Id);
            }

            return envelope.ScheduleDate <= programmes.Value.Of(envelope.ProgrammeMnemonic).Today(clock)
                ? new(PartnerCodes.DisbursementEnvelopeScheduleDateReached,
                    $"The envelope is due since {WireText.Date(envelope.ScheduleDate)}; single disbursements can be cancelled until the day before.", RefusalKind.Conflict)
                : null;
        }

        private static Refusal? CheckLines(Command request, IReadOnlyList<FoundLine> found)
        {
            var byId = found.ToDictionary(line => line.DisbursementId, StringComparer.Ordinal);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var line in request.Lines)
            {
                if (!byId.TryGetValue(line.DisbursementId ?? "", out var match))
                {
                    line.Refuse(PartnerCodes.InvalidDisbursementId);
                }
                else if (match.CancelledAt is not null || !seen.Add(match.DisbursementId))
                {
                    line.Refuse(PartnerCodes.DisbursementAlreadyCanceled);
                }
            }

            return request.Lines.Any(line => line.Errors is not null)
                ? new(PartnerCodes.InvalidDisbursementPayload, "Nothing was cancelled: see response_error_codes of the disbursements, leave those out and send the call again.")
                : null;
        }

        private static Refusal Refuse(Command request, IReadOnlyCollection<string> offenders, Refusal refusal)
        {
            foreach (var line in request.Lines.Where(line => offenders.Count == 0 || offenders.Contains(line.DisbursementId)))
            {
                line.Refuse(refusal.Code);
            }

            return refusal;
        }

        [LoggerMessage(1021, LogLevel.Information, "{Count} disbursements of envelope {EnvelopeId} cancelled")]
        private partial void LogCancelled(int count, string envelopeId);
    }
}
