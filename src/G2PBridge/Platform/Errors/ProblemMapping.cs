using Microsoft.AspNetCore.Http.HttpResults;

namespace G2PBridge.Platform.Errors;

/// <summary>The one table from a refusal to HTTP for the native API (RFC 9457).</summary>
internal static class ProblemMapping
{
    public static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public static ProblemHttpResult ToProblem(this Refusal refusal) => Problem(StatusOf(refusal.Kind), refusal.Code, refusal.Detail);

    public static ProblemHttpResult Problem(int status, string code, string detail) => TypedResults.Problem(
        title: code,
        detail: detail,
        statusCode: status,
        extensions: new Dictionary<string, object?> { ["code"] = code });

    public static IResult ToHttp<T>(this Result<T> result) =>
        result.Refusal is { } refusal ? refusal.ToProblem() : TypedResults.Ok(result.Value);
}
