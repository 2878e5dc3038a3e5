using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using G2PBridge.Modules.Access.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Growth;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>
/// GET /v1/envelopes/{id}/certificate and …/certificate.html: what became of the money of an envelope, once every line is accounted for,
/// signed with the bridge's own key (ADR 0025). Made anew whenever it is asked for: a return that arrives later makes another one.
/// </summary>
internal static class CertifyEnvelope
{
    /// <summary>Says how to read it; another form gets another name.</summary>
    public const string Format = "g2p-bridge-closure-certificate-1";

    private static readonly JsonSerializerOptions Text = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper) },
    };

    /// <summary>Part of the envelope's lines and their amount, in its unit.</summary>
    internal sealed record Part(int Lines, decimal Amount);

    /// <summary>Why money that was approved reached nobody.</summary>
    /// <param name="Unresolved">No financial address was found.</param>
    /// <param name="Refused">The bank refused, with proof that it did not pay.</param>
    /// <param name="Dropped">Held by a rule, and dropped by two people.</param>
    /// <param name="TooLate">The address became known when nothing more was sent.</param>
    /// <param name="NoPlace">Of what is handed out: nobody to hand it out.</param>
    internal sealed record UnclaimedParts(Part Unresolved, Part Refused, Part Dropped, Part TooLate, Part NoPlace);

    /// <param name="Id">Of the file, as GET /v1/statements lists it; <paramref name="Number"/> and <paramref name="Sequence"/> are the bank's own.</param>
    internal sealed record StatementUsed(Guid Id, string? Number, string? Sequence, Part Paid, Part Returned);

    /// <summary>The sums that an auditor adds up: <c>paid + returned + unclaimed + nothing_to_pay</c> is what was received.</summary>
    /// <param name="Blocked">What the bank set aside.</param>
    /// <param name="Released">What of it was given back.</param>
    internal sealed record ControlSums(Part AccountedFor, decimal Blocked, decimal Released, decimal PaidByStatements, decimal ReturnedByStatements);

    /// <summary>The newest block of the audit trail when the certificate was made; what it says was sealed in that block or before.</summary>
    internal sealed record AuditBlockOf(long Number, string Hash, DateTimeOffset At);

    internal sealed record Certificate(
        string Format, string EnvelopeId, string Stage, string? Programme, string? BenefitCode, string BenefitType, string? Cycle, string Unit, DateOnly ScheduleDate, string SubmittedBy,
        Part Approved, Part Cancelled, Part Received, Part Sent, Part Paid, Part Returned, Part Unclaimed, UnclaimedParts UnclaimedParts, int NothingToPay, ControlSums ControlSums,
        IReadOnlyList<StatementUsed> Statements, string? FollowUpOf, IReadOnlyList<FollowUpView> FollowUps, AuditBlockOf AuditBlock, DateTimeOffset IssuedAt);

    /// <summary>The certificate, and a detached JWS over its canonical form (RFC 7515, appendix F; RFC 8785).</summary>
    /// <param name="KeyId">Among the keys at <c>/.well-known/jwks.json</c>.</param>
    internal sealed record SignedCertificate(Certificate Certificate, string Signature, string KeyId);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("envelopes/{id}/certificate", AsJsonAsync)
            .WithName("get_closure_certificate").WithTags("Envelopes").WithSummary("What became of an envelope's money, signed; once every line is accounted for")
            .Produces<SignedCertificate>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        routes.MapGet("envelopes/{id}/certificate.html", AsPageAsync)
            .WithName("print_closure_certificate").WithTags("Envelopes").WithSummary("The same as a page to print")
            .Produces<string>(StatusCodes.Status200OK, "text/html").ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> AsJsonAsync(string id, IMediator mediator, IBridgeSigner signer, AuditHead audit, ArchivedNumbers archived, TimeProvider clock, CancellationToken cancellationToken)
    {
        var result = await CertifyAsync(id, mediator, signer, audit, archived, clock, cancellationToken);
        return result.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Text(result.Value.Json, "application/json", Encoding.UTF8);
    }

    private static async Task<IResult> AsPageAsync(string id, IMediator mediator, IBridgeSigner signer, AuditHead audit, ArchivedNumbers archived, TimeProvider clock, CancellationToken cancellationToken)
    {
        var result = await CertifyAsync(id, mediator, signer, audit, archived, clock, cancellationToken);
        return result.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Text(CertificatePage.Write(result.Value.Signed), "text/html", Encoding.UTF8);
    }

    private static async Task<Result<(SignedCertificate Signed, string Json)>> CertifyAsync(
        string id, IMediator mediator, IBridgeSigner signer, AuditHead audit, ArchivedNumbers archived, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (await mediator.Send(new ReadEnvelopes([id]), cancellationToken) is not [var envelope])
        {
            return GetEnvelope.NotFound(id);
        }

        if (!signer.CanSign())
        {
            return new Refusal("SIGNING_KEY_MISSING", "The bridge has no key to sign certificates with; an administrator sets Signing:Keys.", RefusalKind.Conflict);
        }

        if (await archived.HasGoneAsync(id, cancellationToken))
        {
            return new Refusal("ENVELOPE_ARCHIVED", "Lines of the envelope lie in an archive, so that they cannot be counted; the certificate that was made before stays valid.", RefusalKind.Conflict);
        }

        var view = (await mediator.Send(new ViewEnvelopes([envelope]), cancellationToken))[0];
        if (view.Stage is not ("DONE" or "CANCELLED"))
        {
            return NotClosed(view);
        }

        var runs = await mediator.Send(new ListRunsOfEnvelope(id), cancellationToken);
        var statements = await mediator.Send(new ListStatementsOfLines(runs), cancellationToken);
        var cancelled = await mediator.Send(new CountCancelledLines(id), cancellationToken);
        // Read last: whatever is certified was sealed by then.
        if (await audit.ReadAsync(cancellationToken) is not { } head)
        {
            return new Refusal("AUDIT_TRAIL_MISSING", "There is no audit trail that a certificate could name; an administrator switches it on (Audit:Enabled).", RefusalKind.Conflict);
        }

        var certificate = Certify(view, statements, new Part(cancelled.Lines, cancelled.Quantity), new AuditBlockOf(head.Number, head.Hash, head.At), clock.GetUtcNow());
        var body = JsonSerializer.SerializeToUtf8Bytes(certificate, Text);
        var signature = signer.Sign(body)!;
        // The bytes that were signed go out, not a second writing of the same.
        var json = $$"""{"certificate":{{Encoding.UTF8.GetString(body)}},"signature":{{JsonValue.Create(signature.Value)!.ToJsonString()}},"key_id":{{JsonValue.Create(signature.KeyId)!.ToJsonString()}}}""";
        return (new SignedCertificate(certificate, signature.Value, signature.KeyId), json);
    }

    private static Refusal NotClosed(EnvelopeView view)
    {
        var funnel = view.Funnel;
        var open = new List<string>();
        void Add(int lines, string what)
        {
            if (lines > 0)
            {
                open.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{lines} {what}"));
            }
        }

        Add(funnel.Declared.Lines - funnel.Received.Lines, "announced and not received");
        Add(funnel.Unknown.Lines, "of which nobody knows whether the bank has them");
        Add(funnel.Held.Lines, "held until two operators decide");
        Add(funnel.Sent.Lines - funnel.Paid.Lines - funnel.Returned.Lines, "sent and not yet on a statement");
        Add(funnel.Received.Lines - funnel.AccountedFor.Lines, "not accounted for in all");
        return new Refusal("ENVELOPE_NOT_CLOSED", $"Envelope '{view.Id}' is {view.Stage}; a certificate is given once every line is accounted for. Open lines: {(open.Count == 0 ? "none, but its amounts differ" : string.Join("; ", open))}.", RefusalKind.Conflict);
    }

    private static Certificate Certify(EnvelopeView view, IReadOnlyList<StatementOfLines> statements, Part cancelled, AuditBlockOf block, DateTimeOffset at)
    {
        static Part Of(Share share) => new(share.Lines, share.Amount);
        var funnel = view.Funnel;
        var parts = new UnclaimedParts(Of(funnel.Unresolved), Of(funnel.Refused), Of(funnel.Dropped), Of(funnel.TooLate), view.Placement is { } placement ? new(placement.Missing.Lines + placement.Unserved.Lines, placement.Missing.Amount + placement.Unserved.Amount) : new(0, 0));
        Part[] unclaimed = [parts.Unresolved, parts.Refused, parts.Dropped, parts.TooLate, parts.NoPlace];
        return new Certificate(
            Format, view.Id, view.Stage, view.ProgrammeMnemonic, view.BenefitCodeMnemonic, view.BenefitType, view.CycleMnemonic, view.Unit, view.ScheduleDate, view.Sender,
            Of(funnel.Declared), cancelled, Of(funnel.Received), Of(funnel.Sent), Of(funnel.Paid), Of(funnel.Returned), new Part(unclaimed.Sum(part => part.Lines), unclaimed.Sum(part => part.Amount)), parts,
            funnel.NothingToPay,
            new ControlSums(Of(funnel.AccountedFor), view.Funds?.BlockedAmount ?? 0, view.Funds?.ReleasedAmount ?? 0, statements.Sum(statement => statement.PaidAmount), statements.Sum(statement => statement.ReturnedAmount)),
            [.. statements.Select(statement => new StatementUsed(statement.FileId, statement.Number, statement.Sequence, new(statement.Paid, statement.PaidAmount), new(statement.Returned, statement.ReturnedAmount)))],
            view.FollowUpOf, view.FollowUps, block, at);
    }
}
