using System.ComponentModel;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Errors;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// GET /v1/accounts/{account}/statements: the account's statements of all files as one chain, and what is missing in it.
/// The chain is computed when asked for: an account has a few statements a day, and a stored one could disagree with them.
/// </summary>
internal static class LookAtAccount
{
    private static readonly string[] LinkedFormats = ["Mt940", "Mt941", "Mt950", "Camt053", "Csv"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("v1/accounts/{account}/statements", HandleAsync)
        .WithName("getAccountStatements").WithTags("Statements").WithSummary("The chain of an account's statements, balances and pages, with what is missing.")
        .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    internal sealed record Missing(ChainFindingCode Code, string Message, Guid FileId, int StatementNo);

    internal sealed record Link(
        Guid FileId, int StatementNo, StatementState State, string Format, string? Number, string? Sequence, string? Currency, decimal? Opening, DateOnly? OpeningDate,
        decimal? Closing, DateOnly? ClosingDate, int Entries, IReadOnlyList<ChainFindingCode> Findings);

    /// <param name="Complete">Nothing is missing between the first statement and the last.</param>
    /// <param name="Findings">All of the chain, whichever page of it is shown; at most a thousand.</param>
    /// <param name="Statements">In the bank's order, a chain per currency.</param>
    /// <param name="Next">Give this as <c>after</c> to get the next page; null on the last.</param>
    internal sealed record Response(string Account, bool Complete, IReadOnlyList<Missing> Findings, IReadOnlyList<Link> Statements, int? Next);

    private static async Task<IResult> HandleAsync(
        string account, ReconciliationDbContext db, IOptions<StatementsOptions> options, CancellationToken cancellationToken,
        [Description("The cursor of the page before")] int after = 0,
        [Description("1 to 1000")] int limit = 100)
    {
        if (limit is < 1 or > 1000 || after < 0)
        {
            return new Refusal("INVALID_LIMIT", "limit must be 1 to 1000, and after what a page gave as next.").ToProblem();
        }

        var rows = await (
            from statement in db.Statements.AsNoTracking()
            join file in db.Files on statement.File equals file.Number
            where (statement.Account == account || statement.SponsorAccount == account) && statement.State != StatementState.Duplicate && LinkedFormats.Contains(statement.Format)
            select new
            {
                Fingerprint = statement.ContentFingerprint ?? "",
                Link = new StatementLink(
                    statement.File, file.Id, statement.No, statement.State, statement.Format, statement.Number, statement.Sequence, statement.Currency, statement.Opening, statement.OpeningDate,
                    statement.OpeningIntermediate ?? false, statement.Closing, statement.ClosingDate, statement.ClosingIntermediate ?? false, statement.Entries),
            }).ToListAsync(cancellationToken);
        if (rows.Count == 0)
        {
            return new Refusal("ACCOUNT_NOT_FOUND", "No statement of this account was received.", RefusalKind.NotFound).ToProblem();
        }

        // What is held, or was rejected, may have been received several times, or be booked by now.
        var links = rows.OrderBy(row => row.Link.State != StatementState.Booked).ThenBy(row => row.Link.File)
            .DistinctBy(row => row.Fingerprint.Length > 0 ? row.Fingerprint : $"{row.Link.File}/{row.Link.No}", StringComparer.Ordinal).Select(row => row.Link);
        var chain = StatementChain.Build(links, options.Value.FindProfile(options.Value.ProfileOf(account))!.NumberingReliable);
        var page = chain.Skip(after).Take(limit).ToList();
        var findings = chain.SelectMany(link => link.Findings.Select(finding => new Missing(finding.Code, finding.Message, link.Statement.FileId, link.Statement.No))).Take(1000).ToList();
        return TypedResults.Ok(new Response(account, findings.Count == 0, findings, [.. page.Select(View)], after + page.Count < chain.Count ? after + page.Count : null));
    }

    private static Link View(ChainLink link) => new(
        link.Statement.FileId, link.Statement.No, link.Statement.State, link.Statement.Format.ToUpperInvariant(), link.Statement.Number, link.Statement.Sequence, link.Statement.Currency,
        link.Statement.Opening, link.Statement.OpeningDate, link.Statement.Closing, link.Statement.ClosingDate, link.Statement.Entries, [.. link.Findings.Select(finding => finding.Code)]);
}
