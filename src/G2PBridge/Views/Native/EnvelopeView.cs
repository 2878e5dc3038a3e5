using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>Lines and their amount, in the envelope's unit.</summary>
internal sealed record Share(int Lines, decimal Amount);

/// <summary>Where the lines of an envelope stand. What is <c>returned</c> was paid first and is not counted in <c>paid</c>.</summary>
/// <param name="Declared">What the programme system announced.</param>
/// <param name="Received">Lines that arrived and were not cancelled.</param>
/// <param name="Resolved">Lines whose financial address is known.</param>
/// <param name="Unresolved">Lines for whom the mapper knows no address (now).</param>
/// <param name="Funded">What the bank has blocked for the envelope.</param>
/// <param name="Sent">Lines that the bank has.</param>
/// <param name="Unknown">Lines of which nobody here knows whether the bank has them; they are asked about and not sent again while that is so.</param>
/// <param name="Refused">Lines that the bank refused: proved unpaid.</param>
/// <param name="Paid">Lines that a statement shows as debited and not as returned.</param>
/// <param name="Returned">Lines whose money came back.</param>
/// <param name="NothingToPay">Lines with a quantity of zero.</param>
/// <param name="Held">Lines that a programme's rule holds back until two operators have released or dropped them.</param>
/// <param name="Dropped">Held lines that are never paid.</param>
/// <param name="TooLate">Lines whose address became known when nothing more of the envelope was sent; a follow-up can pay them.</param>
/// <param name="AccountedFor">
/// Paid, returned, refused, unresolved, dropped, too late and nothing to pay together; the envelope is done when this equals what was received. Of cash by hand, the lines from resolved on
/// are payments to agencies, and whoever has no place is accounted for too.
/// </param>
internal sealed record Funnel(
    Share Declared, Share Received, Share Resolved, Share Unresolved, Share Funded, Share Sent, Share Unknown, Share Refused, Share Paid, Share Returned, int NothingToPay, Share Held,
    Share Dropped, Share TooLate, Share AccountedFor);

/// <summary>Funds of one envelope in the spellings of the contract.</summary>
internal sealed record FundsView(
    string Available, string? AvailableErrorCode, int AvailableAttempts, string Blocked, string? BlockedErrorCode, int BlockedAttempts, string? BlockReference,
    decimal BlockedAmount, decimal ReleasedAmount);

/// <summary>A pause that holds an envelope.</summary>
/// <param name="Value">Code of the bank, mnemonic of the programme or id of the envelope; nothing for ALL.</param>
/// <param name="Acknowledged">Nothing of the scope is on its way any more.</param>
internal sealed record PausedBy(long Id, PauseScope Scope, string? Value, string Reason, DateTimeOffset Since, bool Acknowledged);

/// <summary>An envelope made of unpaid lines of another one.</summary>
internal sealed record FollowUpView(string EnvelopeId, int Lines, decimal Amount, DateTimeOffset At);

/// <summary>One envelope with its funnel.</summary>
/// <param name="Stage">
/// RECEIVING, WAITING_FOR_SCHEDULE_DATE, FUNDING, PAYING, AWAITING_STATEMENT, ON_HOLD, DONE or CANCELLED; for goods PLACING, TELLING and DISTRIBUTING in place of those of money.
/// </param>
/// <param name="Overdue">The schedule date is past and not everything is sent.</param>
/// <param name="Placement">Only for what is handed out at a place.</param>
/// <param name="Paused">The pauses that hold it; empty when it is not paused.</param>
/// <param name="FollowUpOf">The envelope whose unpaid lines these are.</param>
/// <param name="FollowUps">The envelopes that were made of its unpaid lines.</param>
internal sealed record EnvelopeView(
    string Id, long Number, string Stage, bool Overdue, string Status, string? ProgrammeMnemonic, string? BenefitCodeMnemonic, string BenefitType, string? CycleMnemonic,
    string Unit, DateOnly ScheduleDate, DateTimeOffset ReceivedAt, DateTimeOffset? CancelledAt, string Sender, FundsView? Funds, IReadOnlyList<PausedBy> Paused, Funnel Funnel,
    string? FollowUpOf, IReadOnlyList<FollowUpView> FollowUps, PlacementView? Placement);

/// <summary>Puts envelopes together with what every module knows of them; one set query a module, however many envelopes.</summary>
internal sealed record ViewEnvelopes(IReadOnlyList<EnvelopeFacts> Envelopes) : IRequest<IReadOnlyList<EnvelopeView>>;

internal static class EnvelopeViews
{
    internal sealed class Handler(IMediator mediator) : IRequestHandler<ViewEnvelopes, IReadOnlyList<EnvelopeView>>
    {
        public async Task<IReadOnlyList<EnvelopeView>> Handle(ViewEnvelopes request, CancellationToken cancellationToken)
        {
            var ids = request.Envelopes.Select(envelope => envelope.Id).ToList();
            if (ids.Count == 0)
            {
                return [];
            }

            var resolution = (await mediator.Send(new ReadResolutionProgress(ids), cancellationToken)).ToDictionary(progress => progress.EnvelopeId, StringComparer.Ordinal);
            var funds = (await mediator.Send(new ReadFundsStatus(ids), cancellationToken)).ToDictionary(status => status.EnvelopeId, StringComparer.Ordinal);
            var dispatch = (await mediator.Send(new ReadDispatchProgress(ids), cancellationToken)).ToDictionary(progress => progress.EnvelopeId, StringComparer.Ordinal);
            var reconciliation = (await mediator.Send(new ReadReconciliationProgress(ids), cancellationToken)).ToDictionary(progress => progress.EnvelopeId, StringComparer.Ordinal);
            var holds = (await mediator.Send(new CountHolds(ids), cancellationToken)).ToLookup(count => count.EnvelopeId, StringComparer.Ordinal);
            var followUps = (await mediator.Send(new ReadFollowUps(ids), cancellationToken)).ToLookup(next => next.FollowUpOf, StringComparer.Ordinal);
            var pauses = await mediator.Send(new ListActivePauses(), cancellationToken);
            var placements = await mediator.Send(new ViewPlacements(request.Envelopes), cancellationToken);
            var views = new List<EnvelopeView>(ids.Count);
            foreach (var envelope in request.Envelopes)
            {
                var today = await mediator.Send(new ReadProgrammeToday(envelope.ProgrammeMnemonic), cancellationToken);
                views.Add(View(
                    envelope, today, resolution.GetValueOrDefault(envelope.Id), funds.GetValueOrDefault(envelope.Id),
                    dispatch.GetValueOrDefault(envelope.Id), reconciliation.GetValueOrDefault(envelope.Id), holds[envelope.Id], pauses, placements.GetValueOrDefault(envelope.Id)) with
                { FollowUps = [.. followUps[envelope.Id].Select(next => new FollowUpView(next.EnvelopeId, next.Lines, next.Quantity, next.At))] });
            }

            return views;
        }

        private static EnvelopeView View(
            EnvelopeFacts envelope, DateOnly today, ResolutionProgress? resolution, FundsStatus? funds, DispatchProgress? dispatch, ReconciliationProgress? reconciliation,
            IEnumerable<HoldCount> holds, IReadOnlyList<ActivePause> pauses, PlacementView? placement)
        {
            var funnel = Funnel(envelope, resolution, funds, dispatch, reconciliation, holds, placement);
            var stage = Stage(envelope, today, funds, funnel, placement);
            return new EnvelopeView(
                envelope.Id, envelope.Number, stage,
                Overdue: envelope.ScheduleDate < today && stage is not ("DONE" or "CANCELLED" or "AWAITING_STATEMENT"),
                WireText.Capitals(envelope.Status), envelope.ProgrammeMnemonic, envelope.BenefitCodeMnemonic, WireText.Capitals(envelope.BenefitType), envelope.CycleMnemonic,
                envelope.Unit, envelope.ScheduleDate, envelope.ReceivedAt, envelope.CancelledAt, envelope.Sender,
                funds is null ? null : new FundsView(
                    funds.Available, funds.AvailableErrorCode, funds.AvailableAttempts, funds.Blocked, funds.BlockedErrorCode, funds.BlockedAttempts, funds.BlockReference, funds.BlockedAmount, funds.ReleasedAmount),
                stage is "DONE" or "CANCELLED" ? [] : [.. pauses.Where(pause => Holds(pause, envelope, dispatch)).Select(Shown)],
                funnel, envelope.FollowUpOf, [], placement);
        }

        private static bool Holds(ActivePause pause, EnvelopeFacts envelope, DispatchProgress? dispatch) => pause.Scope switch
        {
            PauseScope.All => true,
            PauseScope.Bank => pause.Value == dispatch?.BankCode,
            PauseScope.Programme => pause.Value == envelope.ProgrammeMnemonic,
            PauseScope.Envelope => pause.Value == envelope.Id,
            _ => throw new ArgumentOutOfRangeException(nameof(pause), pause.Scope, null),
        };

        private static PausedBy Shown(ActivePause pause) =>
            new(pause.Id, pause.Scope, pause.Value.Length == 0 ? null : pause.Value, pause.Reason, pause.Since, pause.Acknowledged);

        private static Funnel Funnel(
            EnvelopeFacts envelope, ResolutionProgress? resolution, FundsStatus? funds, DispatchProgress? dispatch, ReconciliationProgress? reconciliation, IEnumerable<HoldCount> holds,
            PlacementView? placement)
        {
            Share Stopped(HoldState state) => holds.Where(count => count.State == state).Aggregate(new Share(0, 0), (sum, count) => new Share(sum.Lines + count.Lines, sum.Amount + count.Quantity));
            var dropped = Stopped(HoldState.Dropped);
            var received = new Share(envelope.DisbursementsReceived, envelope.QuantityReceived);
            var resolved = new Share(resolution?.Resolved ?? 0, resolution?.ResolvedQuantity ?? 0);
            var unresolved = new Share(resolution?.Unresolved ?? 0, resolution?.UnresolvedQuantity ?? 0);
            var refused = new Share(dispatch?.Refused ?? 0, dispatch?.RefusedAmount ?? 0);
            var returned = new Share(reconciliation?.Returned ?? 0, reconciliation?.ReturnedAmount ?? 0);
            var paid = new Share((reconciliation?.Reconciled ?? 0) - returned.Lines, (reconciliation?.ReconciledAmount ?? 0) - returned.Amount);
            var late = new Share(dispatch?.TooLate ?? 0, dispatch?.TooLateAmount ?? 0);
            var nothing = dispatch?.NothingToPay ?? 0;
            var missing = placement?.Missing ?? new Share(0, 0);
            return new Funnel(
                new Share(envelope.NumberOfDisbursements, envelope.TotalQuantity), received, resolved, unresolved,
                new Share(funds?.Blocked == "FUNDS_BLOCK_SUCCESS" ? received.Lines : 0, funds?.BlockedAmount ?? 0),
                new Share(dispatch?.Sent ?? 0, dispatch?.SentAmount ?? 0), new Share(dispatch?.Unknown ?? 0, dispatch?.UnknownAmount ?? 0), refused, paid, returned, nothing,
                Stopped(HoldState.Held), dropped, late,
                new Share(
                    paid.Lines + returned.Lines + refused.Lines + unresolved.Lines + dropped.Lines + late.Lines + missing.Lines + nothing,
                    paid.Amount + returned.Amount + refused.Amount + unresolved.Amount + dropped.Amount + late.Amount + missing.Amount));
        }

        private static string Stage(EnvelopeFacts envelope, DateOnly today, FundsStatus? funds, Funnel funnel, PlacementView? placement)
        {
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return "CANCELLED";
            }

            if (funnel.Received != funnel.Declared)
            {
                return "RECEIVING";
            }

            var isByHand = envelope.BenefitType == BenefitType.CashPhysical;
            if (envelope.BenefitType != BenefitType.CashDigital && !isByHand)
            {
                return placement?.StageOfGoods(funnel.Received) ?? "PLACING";
            }

            if (isByHand ? funnel.AccountedFor.Amount == funnel.Received.Amount : funnel.AccountedFor == funnel.Received)
            {
                return "DONE";
            }

            if (envelope.Status == EnvelopeStatus.Open && envelope.ScheduleDate > today)
            {
                return "WAITING_FOR_SCHEDULE_DATE";
            }

            if (funds?.Blocked != "FUNDS_BLOCK_SUCCESS")
            {
                return "FUNDING";
            }

            if (isByHand)
            {
                var left = funnel.Received.Amount - funnel.Sent.Amount - funnel.Unknown.Amount - funnel.Refused.Amount - funnel.Unresolved.Amount - (placement?.Missing.Amount ?? 0)
                    - funnel.Held.Amount - funnel.Dropped.Amount - funnel.TooLate.Amount;
                return left > 0 ? "PAYING" : funnel.AccountedFor.Amount + funnel.Held.Amount == funnel.Received.Amount ? "ON_HOLD" : "AWAITING_STATEMENT";
            }

            var leftToSend = funnel.Received.Lines - funnel.Sent.Lines - funnel.Unknown.Lines - funnel.Refused.Lines - funnel.Unresolved.Lines - funnel.NothingToPay
                - funnel.Held.Lines - funnel.Dropped.Lines - funnel.TooLate.Lines;
            return leftToSend > 0 ? "PAYING" : funnel.AccountedFor.Lines + funnel.Held.Lines == funnel.Received.Lines ? "ON_HOLD" : "AWAITING_STATEMENT";
        }
    }
}
