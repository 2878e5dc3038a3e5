using System.Text.Json;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Checks every invariant once a night, on one replica, and keeps the result; GET /v1/health/invariants shows the last one. A check whose
/// host died is begun again after an hour.
/// </summary>
internal static partial class VerifyNightly
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("health/invariants", HandleAsync)
        .WithName("health_invariants").WithTags("Health").WithSummary("What the last nightly check of every invariant found")
        .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound);

    internal sealed record Command : IRequest<bool>;

    /// <summary>The last nightly check.</summary>
    /// <param name="Holds">Nothing that was checked is broken.</param>
    internal sealed record Response(DateTimeOffset At, bool Holds, IReadOnlyList<InvariantResult> Invariants);

    private static async Task<IResult> HandleAsync(BridgeDatabase source, CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            "select ended_at, holds, results from disbursement.verification where ended_at is not null order by night desc limit 1", [],
            reader => new Response(reader.GetFieldValue<DateTimeOffset>(0), reader.GetBoolean(1), JsonSerializer.Deserialize<List<InvariantResult>>(reader.GetString(2), Json)!),
            cancellationToken);
        return rows is [var last]
            ? TypedResults.Ok(last)
            : new Refusal("NOT_VERIFIED_YET", "No nightly check has ended yet; 'g2pbridge verify' checks now.", RefusalKind.NotFound).ToProblem();
    }

    internal sealed partial class Handler(InvariantVerification verification, BridgeDatabase source, IOptions<DisbursementOptions> options, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var night = DateOnly.FromDateTime(now.UtcDateTime);
            if (options.Value.VerifyAtHour < 0 || now.Hour < options.Value.VerifyAtHour || await source.ExecuteAsync(
                """
                insert into disbursement.verification (night, started_at) values ($1, $2)
                on conflict (night) do update set started_at = excluded.started_at
                where verification.ended_at is null and verification.started_at < $2 - interval '1 hour'
                """,
                [night, now],
                cancellationToken) == 0)
            {
                return false;
            }

            var results = await verification.RunAsync(cancellationToken);
            var broken = results.Where(result => result.IsBroken).ToList();
            foreach (var result in broken)
            {
                LogBroken(result.Id, result.Place, result.Breaches, result.Looked);
            }

            await source.ExecuteAsync(
                "update disbursement.verification set ended_at = $2, holds = $3, results = $4::jsonb where night = $1",
                [night, clock.GetUtcNow(), broken.Count == 0, JsonSerializer.Serialize(results, Json)],
                cancellationToken);
            return true;
        }

        [LoggerMessage(3070, LogLevel.Critical, "Invariant {Invariant} of {Place} is broken: {Breaches} breaches among {Looked} rows; 'g2pbridge verify' names them")]
        private partial void LogBroken(string invariant, string place, long breaches, long looked);
    }
}
