using System.Globalization;
using G2PBridge.PartnerApi;

namespace G2PBridge.Platform.Errors;

/// <summary>
/// Gives a body to what is refused without one: an unknown path, a wrong method, a parameter that cannot be read. Each in the
/// shape of the API that was asked: the contract's error list at the root, problem details under /v1.
/// </summary>
internal static class UnansweredPaths
{
    private const string CodePrefix = "G2P-REQ-";

    public static void UseUnansweredPaths(this WebApplication web) =>
        web.UseStatusCodePages(context => AnswerAsync(context.HttpContext));

    private static Task AnswerAsync(HttpContext http)
    {
        var (status, code, message) = Describe(http, http.Response.StatusCode);
        return ErrorAnswer.WriteAsync(http, status, code, message);
    }

    public static (int Status, string Code, string Message) Describe(HttpContext http, int status)
    {
        var asked = $"{http.Request.Method} {http.Request.Path}";
        var (code, message) = status switch
        {
            StatusCodes.Status400BadRequest => (PartnerEndpoint.MalformedCode, $"Invalid Input. {asked} has a parameter that cannot be read; /docs says what it takes."),
            StatusCodes.Status404NotFound => (Own(status), $"There is nothing at {http.Request.Path}; /docs lists what there is."),
            StatusCodes.Status405MethodNotAllowed => (Own(status), $"{http.Request.Path} does not take {http.Request.Method}; use {http.Response.Headers.Allow}."),
            StatusCodes.Status408RequestTimeout or StatusCodes.Status413PayloadTooLarge => (PartnerEndpoint.MalformedCode, $"Invalid Input. {BadRequestText.Of(status)}"),
            StatusCodes.Status415UnsupportedMediaType => (Own(status), $"{asked} takes a body as application/json; send it with the header Content-Type: application/json."),
            StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden => (Own(status), $"{asked} is not permitted."),
            _ => (PartnerEndpoint.UnknownErrorCode, "Unknown HTTP Exception"),
        };
        return (status, code, message);
    }

    private static string Own(int status) => CodePrefix + status.ToString(CultureInfo.InvariantCulture);
}
