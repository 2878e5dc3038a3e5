using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>DELETE /v1/pauses/{id}: lifts a pause; what other pauses hold stays held. Repeating it changes nothing.</summary>
internal static partial class ResumeSending
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("pauses/{id:long}", HandleAsync)
        .WithName("resume_sending").WithTags("Pauses").WithSummary("Lift a pause")
        .Produces<PauseView>().ProducesProblem(StatusCodes.Status404NotFound);

    internal sealed record Command(long Id, string Actor) : IRequest<Result<PauseView>>;

    private static async Task<IResult> HandleAsync(long id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, IMediator mediator, CancellationToken cancellationToken) =>
        (await mediator.Send(new Command(id, PauseView.ActorOf(actor)), cancellationToken)).ToHttp();

    internal sealed partial class Handler(Pauses pauses, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, Result<PauseView>>
    {
        public async Task<Result<PauseView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await pauses.LiftAsync(request.Id, request.Actor, cancellationToken) is not { } pause)
            {
                return new Refusal("PAUSE_NOT_FOUND", $"There is no pause {request.Id}; GET /v1/pauses lists them.", RefusalKind.NotFound);
            }

            LogLifted(pause.Id);
            await signal.RaiseAsync(Work.SendChunks, cancellationToken);
            return PauseView.Of(pause);
        }

        [LoggerMessage(3061, LogLevel.Information, "Pause {PauseId} is lifted")]
        private partial void LogLifted(long pauseId);
    }
}
