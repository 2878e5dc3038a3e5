using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/disbursements/{id}: one line, where it stands in a word, and everything that happened to it.</summary>
internal static class GetDisbursement
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("disbursements/{id}", HandleAsync)
        .WithName("get_disbursement").WithTags("Disbursements").WithSummary("One disbursement with its timeline")
        .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound);

    /// <param name="At">When, as exactly as it is known; a bank's entry has a date only.</param>
    /// <param name="By">Who: the partner, the bridge, the mapper or the bank.</param>
    internal sealed record Event(string At, string What, string By, string? Detail);

    /// <param name="Account">Account, telephone number or e-mail address, masked but for its last four characters.</param>
    internal sealed record Address(string Kind, string? BankCode, string? BranchCode, string? Account, string? Provider);

    /// <summary>The line in another envelope that this one follows, or that follows it.</summary>
    internal sealed record Linked(string DisbursementId, string EnvelopeId);

    /// <param name="State">CANCELLED, HELD, DROPPED, TOO_LATE, RECEIVED, UNRESOLVED, RESOLVED, PREPARED, SENDING, SENT, UNKNOWN, REFUSED, PAID, RETURNED or NOTHING_TO_PAY.</param>
    /// <param name="PaymentReference">Under which the bank knows the newest payment of this line.</param>
    internal sealed record Response(
        string Id, string State, string EnvelopeId, string BatchId, string BeneficiaryId, decimal Amount, string Unit, string? PaymentReference, int? Generation,
        string? ReasonCode, string? Reason, Address? Address, Linked? Follows, Linked? FollowedBy, IReadOnlyList<Event> Timeline);

    private static async Task<IResult> HandleAsync(string id, IMediator mediator, CancellationToken cancellationToken)
    {
        if ((await mediator.Send(new FindLinesById([id]), cancellationToken)).FirstOrDefault() is not { } line)
        {
            if (await mediator.Send(new FindArchivedLines([id]), cancellationToken) is [var archived])
            {
                return new Refusal(PartnerCodes.DisbursementArchived, $"Disbursement '{id}' of envelope '{archived.EnvelopeId}' was settled and lies in an archive; 'g2pbridge archive --list' says where.", RefusalKind.NotFound).ToProblem();
            }

            return new Refusal(PartnerCodes.InvalidDisbursementId, $"There is no disbursement '{id}'; use the id that the programme system gave it.", RefusalKind.NotFound).ToProblem();
        }

        long[] seqs = [line.Seq];
        var envelope = (await mediator.Send(new ReadEnvelopes([line.EnvelopeId]), cancellationToken))[0];
        var address = (await mediator.Send(new FindAddresses(seqs), cancellationToken)).FirstOrDefault();
        var unresolved = (await mediator.Send(new FindUnresolved(seqs), cancellationToken)).FirstOrDefault();
        var instruction = (await mediator.Send(new FindInstructionsOfLines(seqs), cancellationToken)).FirstOrDefault();
        var history = await mediator.Send(new ReadDispatchHistory(line.Seq), cancellationToken);
        var matches = await mediator.Send(new FindMatches(seqs), cancellationToken);
        var newest = matches.Where(match => match.Generation == (instruction?.Generation ?? 1)).ToList();
        var holds = await mediator.Send(new ListHolds(line.EnvelopeId, line.Seq - 1, 2, null, null), cancellationToken);
        var stop = holds.FirstOrDefault(hold => hold.Seq == line.Seq && hold.State is HoldState.Held or HoldState.Dropped);
        var links = await mediator.Send(new FindFollowUpLinks(line.Seq), cancellationToken);
        var (before, after) = (links.FirstOrDefault(link => link.NextDisbursementId == line.DisbursementId), links.FirstOrDefault(link => link.DisbursementId == line.DisbursementId));
        var holdHistory = await mediator.Send(new ReadHoldHistory(line.Seq), cancellationToken);
        var (state, code, reason) = LineStanding.Of(line, stop, address is not null, unresolved, instruction, newest);
        return TypedResults.Ok(new Response(
            line.DisbursementId, state, line.EnvelopeId, line.BatchId, line.BeneficiaryId, line.Quantity, envelope.Unit,
            instruction is { Generation: > 0 } ? instruction.Reference : null, instruction?.Generation, code, reason, Shown(address),
            before is null ? null : new Linked(before.DisbursementId, before.EnvelopeId), after is null ? null : new Linked(after.NextDisbursementId, after.NextEnvelopeId),
            Timeline(line, address, unresolved, holdHistory, history, matches, links)));
    }

    private static Address? Shown(FinancialAddress? address) => address is null
        ? null
        : new Address(
            address.Kind, address.BankCode, address.BranchCode,
            (address.AccountNumber ?? address.MobileNumber ?? address.EmailAddress) is { } account ? Masked.Of(account) : null,
            address.MobileWalletProvider ?? address.EmailWalletProvider);

    private static List<Event> Timeline(
        FoundLine line, FinancialAddress? address, UnresolvedLine? unresolved, IReadOnlyList<HoldEvent> holds, IReadOnlyList<DispatchEvent> history,
        IReadOnlyList<MatchedEntry> matches, IReadOnlyList<FollowUpLink> links)
    {
        var events = new List<Event> { new(Moment(line.ReceivedAt), "received", "partner", null) };
        if (line.CancelledAt is { } cancelled)
        {
            events.Add(new(Moment(cancelled), "cancelled", "partner", null));
        }

        events.AddRange(holds.Select(change => new Event(Moment(change.At), WireText.Capitals(change.State).ToLowerInvariant(), change.Actor, $"{WireText.Capitals(change.Kind)}: {change.Cause}")));
        if (unresolved is not null)
        {
            events.Add(new(Moment(unresolved.LastAttemptAt), "not resolved", "mapper", $"{unresolved.ReasonCode}{(unresolved.Reason is null ? "" : ": " + unresolved.Reason)}"));
        }
        else if (address is not null)
        {
            events.Add(new(history.Count > 0 ? Moment(history[0].At) : Moment(line.ReceivedAt), "resolved", "mapper", address.Kind));
        }

        events.AddRange(history.Select(change => new Event(Moment(change.At), change.To, change.Actor, change.Cause)));
        events.AddRange(matches.Select(match => new Event(
            match.EntryDate is { } date ? WireText.Date(date) : "", match.IsReturn ? "returned" : "debited", "bank",
            string.Create(CultureInfo.InvariantCulture, $"statement {match.StatementNumber}/{match.StatementSequence}, entry {match.EntryNo}{(match.IsReturn ? $", {match.ReasonCode} {Masked.Text(match.Reason)}" : "")}"))));
        events.AddRange(links.Select(link => link.DisbursementId == line.DisbursementId
            ? new Event(Moment(link.At), "followed up", "operator", $"disbursement {link.NextDisbursementId} of envelope {link.NextEnvelopeId}")
            : new Event(Moment(link.At), "follows", "operator", $"disbursement {link.DisbursementId} of envelope {link.EnvelopeId}, {WireText.Capitals(link.Kind)} {link.ReasonCode}")));
        return events;
    }

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
