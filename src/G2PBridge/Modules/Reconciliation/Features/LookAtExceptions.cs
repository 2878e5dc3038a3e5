using System.ComponentModel;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Exports;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>GET /v1/exceptions: entries that match nothing, each with the reason and the payments it may be about.</summary>
internal static class LookAtExceptions
{
    private const int RowsPerStep = 1_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("v1/exceptions", ListAsync).WithName("listUnmatchedEntries").WithTags("Exceptions").WithSummary("Statement entries that match nothing, oldest first, with candidates.")
            .HonoursScope("entries of the caller's banks; none to whoever is limited to programmes").Produces<Page>().ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("v1/exceptions.csv", ExportAsync).WithName("exportUnmatchedEntries").WithTags("Exceptions").WithSummary("Statement entries that match nothing, as a file, without accounts and narratives.")
            .HonoursScope("as the list").GivesCsv().ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("v1/exceptions/{id}", FindAsync).WithName("getUnmatchedEntry").WithTags("Exceptions").WithSummary("One unmatched entry with candidates and all decisions about it.")
            .Produces<Detail>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <param name="AddsToBalance">A credit, or a debit taken back; null for what moves no money, such as a reported status.</param>
    /// <param name="Type">The bank's own word for its kind; of a status report the status.</param>
    internal sealed record Entry(
        Guid FileId, int StatementNo, string? StatementNumber, string? Account, int EntryNo, bool? AddsToBalance, string? Type, DateOnly? EntryDate, DateOnly? ValueDate, decimal? Amount, string? Currency,
        string? BankReference, string? Narrative);

    /// <param name="Reason">Why it matches nothing.</param>
    /// <param name="ErrorReason">The same in the partner contract's words; null where those know none.</param>
    internal sealed record Item(
        string Id, UnmatchedState State, string Reason, string? ErrorReason, string Explanation, DateTimeOffset Since, DateTimeOffset? SettledAt, Entry Entry, IReadOnlyList<Candidate> Candidates,
        IReadOnlyList<OrderCandidate> OrderCandidates);

    /// <param name="CandidatesComplete">False when there were more payments than are looked through for one page.</param>
    /// <param name="Next">Give this as <c>after</c> to get the next page; null on the last.</param>
    internal sealed record Page(IReadOnlyList<Item> Items, bool CandidatesComplete, string? Next);

    internal sealed record Detail(Item Exception, bool CandidatesComplete, IReadOnlyList<DecisionRecord> Decisions);

    private static async Task<IResult> ListAsync(
        HttpContext http, ExceptionReads reads, FindCandidates candidates, IMediator mediator, CancellationToken cancellationToken,
        string? account = null,
        [Description("A reason, ours or the partner contract's")] string? reason = null,
        [Description("OPEN, MATCHED, CLOSED, DECIDED, CLASSIFIED or WRITTEN_OFF; OPEN unless said")] string? state = null,
        [Description("The cursor of the page before")] string? after = null,
        [Description("1 to 200")] int limit = 50)
    {
        if (http.Scope().Programmes is not null)
        {
            return AnswerAboutScopes.BeyondProgrammes.ToProblem();
        }

        var from = default(ExceptionId);
        if (limit is < 1 or > 200 || (after is not null && !ExceptionId.TryParse(after, out from)))
        {
            return new Refusal("INVALID_LIMIT", "limit must be 1 to 200, and after what a page gave as next.").ToProblem();
        }

        if (!TryRead(state, out var wanted))
        {
            return NoState.ToProblem();
        }

        var rows = await reads.ListAsync(new ExceptionFilter(account, reason, wanted, await http.Scope().AccountsAsync(mediator, cancellationToken)), from, limit + 1, cancellationToken);
        var page = rows.Take(limit).ToList();
        var found = await candidates.OfAsync(page, cancellationToken);
        return TypedResults.Ok(new Page([.. page.Select(row => View(row, found, http.NeedsNumbers()))], found.Complete, rows.Count > limit ? page[^1].Id.ToString() : null));
    }

    private static readonly Refusal NoState = new("INVALID_STATE", "state must be OPEN, MATCHED, CLOSED, DECIDED, CLASSIFIED or WRITTEN_OFF.");

    private static readonly string[] Columns =
    [
        "id", "state", "reason", "error_reason", "explanation", "since", "settled_at", "statement_number", "entry", "adds_to_balance", "type", "entry_date", "value_date", "amount", "currency", "bank_reference",
    ];

    private static bool TryRead(string? state, out UnmatchedState wanted)
    {
        wanted = UnmatchedState.Open;
        return state is null || (Enum.TryParse(state.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out wanted) && Enum.IsDefined(wanted) && !char.IsAsciiDigit(state[0]));
    }

    private static async Task ExportAsync(HttpContext http, ExceptionReads reads, IMediator mediator, string? account = null, string? reason = null, string? state = null)
    {
        if (!TryRead(state, out var wanted))
        {
            await NoState.ToProblem().ExecuteAsync(http);
            return;
        }

        if (http.Scope().Programmes is not null)
        {
            await AnswerAboutScopes.BeyondProgrammes.ToProblem().ExecuteAsync(http);
            return;
        }

        var accounts = await http.Scope().AccountsAsync(mediator, http.RequestAborted);
        var after = default(ExceptionId);
        await CsvFile.WriteAsync(http, "exceptions", Columns, async (csv, cancellationToken) =>
        {
            var rows = await reads.ListAsync(new ExceptionFilter(account, reason, wanted, accounts), after, RowsPerStep, cancellationToken);
            foreach (var row in rows)
            {
                csv.Text(row.Id.ToString()).Text(WireText.Capitals(row.State)).Text(row.Cause).Text(row.ErrorReason).Text(row.Detail).Time(row.CreatedAt).Time(row.ClosedAt).Text(row.StatementNumber)
                    .Number(row.EntryNo).Text(row.Mark is null ? null : row.IsDebit ? "false" : "true").Text(row.Type).Date(row.EntryDate).Date(row.ValueDate).Number(row.Amount).Text(row.Currency)
                    .Text(http.NeedsNumbers() ? row.BankReference : Masked.Text(row.BankReference)).End();
            }

            after = rows.Count > 0 ? rows[^1].Id : after;
            return rows.Count == RowsPerStep;
        });
    }

    private static async Task<IResult> FindAsync(string id, HttpContext http, ExceptionReads reads, FindCandidates candidates, CancellationToken cancellationToken)
    {
        if (!ExceptionId.TryParse(id, out var exception) || await reads.FindAsync(exception, cancellationToken) is not { } row)
        {
            return new Refusal("EXCEPTION_NOT_FOUND", "No exception has this id.", RefusalKind.NotFound).ToProblem();
        }

        var found = await candidates.OfAsync([row], cancellationToken);
        return TypedResults.Ok(new Detail(View(row, found, http.NeedsNumbers()), found.Complete, await reads.DecisionsAsync(exception, cancellationToken)));
    }

    /// <param name="inFull">Whoever settles exceptions has to read what the bank wrote; whoever only looks does not.</param>
    private static Item View(ExceptionRow row, FoundCandidates found, bool inFull) => new(
        row.Id.ToString(), row.State, row.Cause, row.ErrorReason, row.Detail, row.CreatedAt, row.ClosedAt,
        new Entry(
            row.FileId, row.StatementNo, row.StatementNumber, row.Account, row.EntryNo, row.Mark is null ? null : !row.IsDebit, row.Type, row.EntryDate, row.ValueDate, row.Amount, row.Currency,
            inFull ? row.BankReference : Masked.Text(row.BankReference), inFull ? row.Narrative : Masked.Text(row.Narrative)),
        found.ByException.GetValueOrDefault(row.Id) ?? [], found.OrdersByException.GetValueOrDefault(row.Id) ?? []);
}
