using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Views;

/// <summary>
/// Stands between a caller who is limited to programmes or banks and everything of the native API that is named by a path. What lies beyond the limits is answered
/// as what does not exist. A route that names nothing of one programme or bank must say how it honours limits (<see cref="HonoursScope"/>); one that does not is
/// closed to such callers, so that a new route is closed until somebody has thought of it.
/// </summary>
internal sealed class ScopeGate(RequestDelegate next)
{
    /// <summary>What a path names, by the parameter after its first word.</summary>
    private static readonly Dictionary<string, Func<AccessScope, string, IMediator, CancellationToken, Task<bool>>> Named = new(StringComparer.Ordinal)
    {
        ["v1/envelopes"] = AllowsEnvelopeAsync,
        ["v1/disbursements"] = AllowsDisbursementAsync,
        ["v1/declarations"] = AllowsDeclarationAsync,
        ["v1/banks"] = (scope, bank, _, _) => Task.FromResult(AllowsBank(scope, bank)),
        ["v1/accounts"] = AllowsAccountAsync,
        ["v1/statements"] = AllowsStatementAsync,
        ["v1/exceptions"] = AllowsEntryAsync,
    };

    public async Task InvokeAsync(HttpContext http, IMediator mediator)
    {
        if (!http.Scope().IsLimited || http.GetEndpoint() is not RouteEndpoint route || await IsWithinAsync(route, http, mediator))
        {
            await next(http);
            return;
        }

        await ErrorAnswer.WriteAsync(http, StatusCodes.Status404NotFound, "NOT_FOUND", "There is no such thing among the programmes and banks that you may see; an administrator can widen your access.");
    }

    /// <summary>Whether callers who are limited are stopped where they should be: by the path, or by the handler.</summary>
    public static bool IsCovered(RouteEndpoint route) => route.Metadata.GetMetadata<HonoursScope>() is not null || Judge(route) is not null;

    private static async Task<bool> IsWithinAsync(RouteEndpoint route, HttpContext http, IMediator mediator)
    {
        if (Judge(route) is var (parameter, judge))
        {
            return http.Request.RouteValues[parameter] is { } value && await judge(http.Scope(), value.ToString()!, mediator, http.RequestAborted);
        }

        return route.Metadata.GetMetadata<HonoursScope>() is not null;
    }

    private static (string Parameter, Func<AccessScope, string, IMediator, CancellationToken, Task<bool>> Judge)? Judge(RouteEndpoint route) =>
        route.RoutePattern.PathSegments is [var version, var collection, { Parts: [Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter] }, ..]
        && Named.TryGetValue($"{Text(version)}/{Text(collection)}", out var judge) ? (parameter.Name, judge) : null;

    private static string? Text(Microsoft.AspNetCore.Routing.Patterns.RoutePatternPathSegment segment) =>
        segment.Parts is [Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal] ? literal.Content : null;

    private static async Task<bool> AllowsEnvelopeAsync(AccessScope scope, string id, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new FindEnvelopeScopes([id]), cancellationToken) is [var envelope] && scope.AllowsProgramme(envelope.ProgrammeMnemonic) && scope.AllowsBank(envelope.SponsorBankCode);

    private static async Task<bool> AllowsDisbursementAsync(AccessScope scope, string id, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new FindLinesById([id]), cancellationToken) is [var line] && await AllowsEnvelopeAsync(scope, line.EnvelopeId, mediator, cancellationToken);

    private static async Task<bool> AllowsDeclarationAsync(AccessScope scope, string id, IMediator mediator, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var declaration) && await mediator.Send(new FindDeclaredEnvelope(declaration), cancellationToken) is { } envelope && await AllowsEnvelopeAsync(scope, envelope, mediator, cancellationToken);

    /// <summary>What is a whole bank's holds payments of all programmes.</summary>
    private static bool AllowsBank(AccessScope scope, string? bank) => scope.Programmes is null && scope.AllowsBank(bank);

    private static async Task<bool> AllowsAccountAsync(AccessScope scope, string account, IMediator mediator, CancellationToken cancellationToken) =>
        AllowsBank(scope, (await mediator.Send(new FindSponsorAccountByNumber(account), cancellationToken))?.SponsorBankCode);

    private static async Task<bool> AllowsStatementAsync(AccessScope scope, string id, IMediator mediator, CancellationToken cancellationToken)
    {
        if (scope.Programmes is not null || !Guid.TryParse(id, out var file) || await mediator.Send(new FindStatementScope(file), cancellationToken) is not { } found)
        {
            return false;
        }

        if (found.SenderBanks?.All(scope.AllowsBank) == true)
        {
            return true;
        }

        foreach (var account in found.Accounts)
        {
            if (account is null || !await AllowsAccountAsync(scope, account, mediator, cancellationToken))
            {
                return false;
            }
        }

        return found.Accounts.Count > 0;
    }

    private static async Task<bool> AllowsEntryAsync(AccessScope scope, string id, IMediator mediator, CancellationToken cancellationToken) =>
        scope.Programmes is null && await mediator.Send(new FindAccountOfEntry(id), cancellationToken) is { } account && await AllowsAccountAsync(scope, account, mediator, cancellationToken);
}
