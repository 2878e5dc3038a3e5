using System.Text.Json;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>What became of the uploaded files.</summary>
internal static class LookAtStatements
{
    private const int LargestPage = 500;

    /// <summary>Statements of one file that are shown with it.</summary>
    private const int MostStatements = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("v1/statements", ListAsync).WithName("listStatements").WithTags("Statements").WithSummary("Uploaded statement files, newest first.")
            .HonoursScope("files of the caller's banks; none to whoever is limited to programmes").ProducesProblem(StatusCodes.Status404NotFound);
        routes.MapGet("v1/statements/{id:guid}", FindAsync).WithName("getStatement").WithTags("Statements")
            .WithSummary("One uploaded file with its statements, verdicts and findings.").ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <param name="Matched">Debits that were matched to a payment.</param>
    /// <param name="Returned">Returns that were matched to a payment, earlier ones included that waited for a debit in this file.</param>
    /// <param name="Repeated">Movements that an earlier statement holds as well.</param>
    internal sealed record FileView(
        Guid Id, string? FileName, string Channel, long Bytes, DateTimeOffset ReceivedAt, FileState State, Guid? DuplicateOf, string? Format, string? Verdict, int Attempts,
        string? ErrorCode, string? Error, DateTimeOffset? ProcessedAt, int StatementCount, int Entries, int Matched, int Returned, int Classified, int Unmatched, int Repeated);

    /// <param name="Difference">Closing minus opening minus entries: zero when it adds up, null when a balance is missing.</param>
    internal sealed record StatementView(
        int No, StatementState State, string Format, string? Account, string? Reference, string? Number, string? Sequence, string? Currency, decimal? Opening, DateOnly? OpeningDate,
        decimal? Closing, DateOnly? ClosingDate, int Entries, int BadEntries, decimal Credits, decimal Debits, decimal? Difference, string Verdict, JsonElement Findings);

    /// <param name="Decisions">Releases and discards of statements that were held, oldest first.</param>
    internal sealed record FileDetail(FileView File, JsonElement Findings, IReadOnlyList<StatementView> Statements, IReadOnlyList<DecideStatements.View> Decisions);

    internal sealed record Page(IReadOnlyList<FileView> Items, long? Next);

    /// <param name="before">The <c>next</c> of the page before.</param>
    private static async Task<Results<Ok<Page>, ProblemHttpResult>> ListAsync(
        HttpContext http, ReconciliationDbContext db, IMediator mediator, [FromQuery] long? before, [FromQuery] int? limit, [FromQuery] string? state, CancellationToken cancellationToken)
    {
        if (http.Scope().Programmes is not null)
        {
            return AnswerAboutScopes.BeyondProgrammes.ToProblem();
        }

        var size = Math.Clamp(limit ?? 50, 1, LargestPage);
        var files = db.Files.AsNoTracking().Where(file => before == null || file.Number < before);
        if (state is not null)
        {
            files = Enum.TryParse<FileState>(state.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var wanted) && !char.IsAsciiDigit(state[0])
                ? files.Where(file => file.State == wanted)
                : files.Where(_ => false);
        }

        if (http.Scope().Banks is { } allowed)
        {
            var (banks, accounts) = (allowed.ToArray(), await http.Scope().AccountsAsync(mediator, cancellationToken));
            files = files.Where(file => (file.Banks != null && file.Banks.All(bank => banks.Contains(bank)))
                || (db.Statements.Any(statement => statement.File == file.Number)
                    && !db.Statements.Any(statement => statement.File == file.Number && (statement.SponsorAccount == null || !accounts!.Contains(statement.SponsorAccount)))));
        }

        var rows = await files.OrderByDescending(file => file.Number).Take(size).ToListAsync(cancellationToken);
        return TypedResults.Ok(new Page([.. rows.Select(View)], rows.Count == size ? rows[^1].Number : null));
    }

    private static async Task<IResult> FindAsync(Guid id, ReconciliationDbContext db, StatementDecisionStore decisions, CancellationToken cancellationToken)
    {
        if (await db.Files.AsNoTracking().SingleOrDefaultAsync(file => file.Id == id, cancellationToken) is not { } file)
        {
            return new Refusal("STATEMENT_NOT_FOUND", "No statement file has this id.", RefusalKind.NotFound).ToProblem();
        }

        var statements = await db.Statements.AsNoTracking().Where(statement => statement.File == file.Number).OrderBy(statement => statement.No).Take(MostStatements).ToListAsync(cancellationToken);
        return TypedResults.Ok(new FileDetail(
            View(file), Json(file.Findings),
            [
                .. statements.Select(row => new StatementView(
                    row.No, row.State, row.Format.ToUpperInvariant(), row.Account, row.Reference, row.Number, row.Sequence, row.Currency, row.Opening, row.OpeningDate, row.Closing, row.ClosingDate,
                    row.Entries, row.BadEntries, row.Credits, row.Debits, row.Closing - row.Opening - row.Credits + row.Debits, row.Verdict.ToUpperInvariant(), Json(row.Findings))),
            ],
            [.. (await decisions.ListAsync(file.Number, cancellationToken)).Select(DecideStatements.Show)]));
    }

    private static FileView View(StatementFileRow row) => new(
        row.Id, row.FileName, row.Channel, row.Bytes, row.ReceivedAt, row.State, row.DuplicateOf, row.Format?.ToUpperInvariant(), row.Verdict?.ToUpperInvariant(), row.Attempts, row.ErrorCode, row.ErrorText, row.ProcessedAt,
        row.Statements, row.Entries, row.Matched, row.Returned, row.Classified, row.Unmatched, row.Repeated);

    private static JsonElement Json(string? text) => JsonSerializer.Deserialize<JsonElement>(text ?? "[]");
}
