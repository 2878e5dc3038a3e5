using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>DELETE /v1/pauses/{id}: lifts a pause; what other pauses hold stays held. Repeating it changes nothing.</summary>
internal static partial class ResumeSending
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("pauses/{id:long}", HandleAsync)
        .WithName("resume_sending").WithTags("Pauses").WithSummary("Lift a pause")
        .HonoursScope("only a pause that stops nothing beyond the caller's")
        .Produces<PauseView>().ProducesProblem(StatusCodes.Status404NotFound);

    internal sealed record Command(long Id, string Actor, AccessScope Caller) : IRequest<Result<PauseView>>;

    private static async Task<IResult> HandleAsync(long id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        (await mediator.Send(new Command(id, PauseView.ActorOf(actor), http.Scope()), cancellationToken)).ToHttp();

    internal sealed partial class Handler(IMediator mediator, Pauses pauses, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, Result<PauseView>>
    {
        public async Task<Result<PauseView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Caller.IsLimited
                && !((await pauses.ActiveAsync(cancellationToken)).Find(held => held.Id == request.Id) is { } own && await request.Caller.AllowsPauseAsync(own.Scope, own.Value, mediator, cancellationToken)))
            {
                return NotFound(request.Id);
            }

            if (await pauses.LiftAsync(request.Id, request.Actor, cancellationToken) is not { } pause)
            {
                return NotFound(request.Id);
            }

            LogLifted(pause.Id);
            await signal.RaiseAsync(Work.SendChunks, cancellationToken);
            return PauseView.Of(pause);
        }

        private static Refusal NotFound(long id) => new("PAUSE_NOT_FOUND", $"There is no pause {id}; GET /v1/pauses lists them.", RefusalKind.NotFound);

        [LoggerMessage(3061, LogLevel.Information, "Pause {PauseId} is lifted")]
        private partial void LogLifted(long pauseId);
    }
}
