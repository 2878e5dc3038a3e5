using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>Whose statements and entries are, for whoever may see some banks only.</summary>
internal static class AnswerAboutScopes
{
    public static readonly Refusal BeyondProgrammes = new("FORBIDDEN", "What a bank's statements hold concerns all programmes, and your access is limited to some; ask an administrator.", RefusalKind.NotFound);

    /// <summary>The accounts whose statements a caller may see; null for all.</summary>
    public static async Task<string[]?> AccountsAsync(this AccessScope scope, IMediator mediator, CancellationToken cancellationToken) =>
        scope.Banks is null ? null : [.. await mediator.Send(new ListSponsorAccounts(scope.Banks), cancellationToken)];

    internal sealed class OfFile(ReconciliationDbContext db) : IRequestHandler<FindStatementScope, StatementScope?>
    {
        public async Task<StatementScope?> Handle(FindStatementScope request, CancellationToken cancellationToken) =>
            await db.Files.AsNoTracking().Where(file => file.Id == request.FileId).Select(file => new { file.Number, file.Banks }).SingleOrDefaultAsync(cancellationToken) is { } file
                ? new(file.Banks, await db.Statements.AsNoTracking().Where(statement => statement.File == file.Number).Select(statement => statement.SponsorAccount).Distinct().ToListAsync(cancellationToken))
                : null;
    }

    internal sealed class OfEntry(ExceptionReads reads) : IRequestHandler<FindAccountOfEntry, string?>
    {
        public async Task<string?> Handle(FindAccountOfEntry request, CancellationToken cancellationToken) =>
            ExceptionId.TryParse(request.ExceptionId, out var id) ? (await reads.FindAsync(id, cancellationToken))?.SponsorAccount : null;
    }
}
