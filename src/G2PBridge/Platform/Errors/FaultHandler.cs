using FluentValidation;
using G2PBridge.PartnerApi;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;

namespace G2PBridge.Platform.Errors;

/// <summary>
/// The last catch of a request. What a person can mend (bad input) is said; a fault is logged once and answered without its
/// text, in the shape of the API that was asked: the contract's error list at the root, problem details under /v1.
/// </summary>
internal sealed partial class FaultHandler(ILogger<FaultHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // Nobody is listening any more.
            return true;
        }

        var (status, code, message) = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => UnansweredPaths.Describe(httpContext, StatusCodes.Status415UnsupportedMediaType),
            BadHttpRequestException bad => (bad.StatusCode, PartnerEndpoint.MalformedCode, $"Invalid Input. {Masked.Text(BadRequestText.Of(bad))}"),
            ValidationException invalid => (StatusCodes.Status400BadRequest, PartnerEndpoint.MalformedCode, Masked.Text(string.Join(" ", invalid.Errors.Select(error => error.ErrorMessage)))),
            _ when HasUnstorableText(exception) => (StatusCodes.Status400BadRequest, PartnerEndpoint.MalformedCode, "Invalid Input. A text holds a character that cannot be stored, such as NUL; leave it out."),
            _ when IsDatabaseOutage(exception) => (StatusCodes.Status503ServiceUnavailable, "DATABASE_CONNECTION_ERROR", "The database cannot be reached; the request was not carried out, try again."),
            _ => (StatusCodes.Status500InternalServerError, PartnerEndpoint.UnknownErrorCode, "Unknown Error."),
        };
        if (status >= StatusCodes.Status500InternalServerError)
        {
            // The route and not the path: a path may name a person, and could be made to look like a line of the log.
            LogFault(httpContext.Request.Method, (httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "", exception);
        }

        await ErrorAnswer.WriteAsync(httpContext, status, code, message);
        return true;
    }

    /// <summary>JSON and addresses can say NUL; no text of the database can.</summary>
    private static bool HasUnstorableText(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } || (exception.InnerException is { } inner && HasUnstorableText(inner));

    /// <summary>Away, full, or for reading only, as the stand-by of a failover is.</summary>
    private static bool IsDatabaseOutage(Exception exception) =>
        exception is NpgsqlException { IsTransient: true } or TimeoutException or PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } || (exception.InnerException is { } inner && IsDatabaseOutage(inner));

    [LoggerMessage(120, LogLevel.Error, "{Method} {Route} failed")]
    private partial void LogFault(string method, string route, Exception exception);
}
