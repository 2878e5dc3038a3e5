using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// POST /v1/pauses: stops sending for everything, a bank, a programme or an envelope. Answered with 200 when nothing of it is on its way any
/// more, with 202 while something is; asking again about the same scope answers about the same pause.
/// </summary>
internal static partial class PauseSending
{
    private const int MostCharacters = 500;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("pauses", HandleAsync)
        .WithName("pause_sending").WithTags("Pauses").WithSummary("Stop sending for everything, a bank, a programme or an envelope")
        .HonoursScope("only what stops nothing beyond the caller's")
        .Produces<PauseView>().Produces<PauseView>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <summary>What is to be paused, and why.</summary>
    /// <param name="Scope">ALL, BANK, PROGRAMME or ENVELOPE.</param>
    /// <param name="Value">Code of the bank, mnemonic of the programme or id of the envelope; nothing for ALL.</param>
    /// <param name="Reason">One sentence for whoever finds the pause.</param>
    internal sealed record Body(string? Scope, string? Value, string? Reason);

    internal sealed record Command(string? Scope, string? Value, string? Reason, string Actor, AccessScope Caller) : IRequest<Result<PauseView>>;

    private static async Task<IResult> HandleAsync([FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Body body, HttpContext http, IMediator mediator, CancellationToken cancellationToken)
    {
        var result = await mediator.Send(new Command(body.Scope, body.Value, body.Reason, PauseView.ActorOf(actor), http.Scope()), cancellationToken);
        return result.IsRefused || result.Value.Acknowledged ? result.ToHttp() : TypedResults.Accepted((string?)null, result.Value);
    }

    internal sealed partial class Handler(IMediator mediator, Pauses pauses, IBankConnectors banks, ILogger<Handler> logger) : IRequestHandler<Command, Result<PauseView>>
    {
        public async Task<Result<PauseView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (!WireText.TryReadCapitals<PauseScope>(request.Scope?.Trim().ToUpperInvariant(), out var scope))
            {
                return new Refusal("INVALID_PAUSE_SCOPE", "The scope is ALL, BANK, PROGRAMME or ENVELOPE.");
            }

            var reason = request.Reason?.Trim() ?? "";
            if (reason.Length is 0 or > MostCharacters)
            {
                return new Refusal("INVALID_PAUSE_REASON", $"Say in at most {MostCharacters} characters why; whoever finds the pause will want to know.");
            }

            var named = await NameAsync(scope, request.Value?.Trim() ?? "", cancellationToken);
            if (named.Refusal is { } refusal)
            {
                return refusal;
            }

            if (!await request.Caller.AllowsPauseAsync(scope, named.Value, mediator, cancellationToken))
            {
                return new Refusal("PAUSE_NOT_PERMITTED", "This would stop payments beyond your programmes and banks; pause an envelope or a programme of yours, or ask somebody without such limits.", RefusalKind.NotFound);
            }

            var pause = await pauses.PauseAsync(scope, named.Value, reason, request.Actor, cancellationToken);
            LogPaused(pause.Id, pause.Scope, pause.State);
            return PauseView.Of(pause);
        }

        /// <summary>The value as the chunks spell it.</summary>
        private async Task<Result<string>> NameAsync(PauseScope scope, string value, CancellationToken cancellationToken)
        {
            switch (scope)
            {
                case PauseScope.All when value.Length > 0:
                    return new Refusal("INVALID_PAUSE_VALUE", "A pause of everything has no value; leave it out, or name another scope.");
                case PauseScope.All:
                    return "";
                case PauseScope.Bank:
                    return banks.Codes.FirstOrDefault(code => string.Equals(code, value, StringComparison.OrdinalIgnoreCase)) is { } known
                        ? known
                        : new Refusal(DispatchCodes.BankNotConfigured, $"There is no sponsor bank '{value}' in the settings.");
                case PauseScope.Envelope when (await mediator.Send(new ReadEnvelopes([value]), cancellationToken)).Count == 0:
                    return new Refusal(PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{value}'; GET /v1/envelopes lists them.", RefusalKind.NotFound);
                default:
                    return value.Length is > 0 and <= MostCharacters ? value : new Refusal("INVALID_PAUSE_VALUE", "Name the programme by its mnemonic.");
            }
        }

        [LoggerMessage(3060, LogLevel.Warning, "Pause {PauseId} of scope {Scope} was asked for; it is {State}")]
        private partial void LogPaused(long pauseId, PauseScope scope, PauseState state);
    }
}
