using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>What every answer has to be, whatever was asked.</summary>
internal static partial class AnswerCheck
{
    /// <summary>Null when all is well; else what is not.</summary>
    public static string? Problem(FuzzRequest request, HttpResponseMessage answer, byte[] body)
    {
        var status = (int)answer.StatusCode;
        var text = Encoding.UTF8.GetString(body);
        if (status >= 500)
        {
            return $"{status}: {Short(text)}";
        }

        var type = answer.Content.Headers.ContentType?.MediaType;
        var isPage = type is "text/html" or "text/javascript" or "text/css" or "image/png" || request.Target.StartsWith("/docs", StringComparison.Ordinal) || request.Target.StartsWith("/openapi", StringComparison.Ordinal);
        if (!isPage && Leak().Match(text) is { Success: true } leak)
        {
            return $"the answer gives away '{leak.Value}': {Short(text)}";
        }

        if (answer.Headers.Server.Count > 0 || answer.Headers.Contains("X-Powered-By") || answer.Headers.Contains("X-Injected"))
        {
            return "a header gives something away";
        }

        // What the server itself refuses before we see it has no body and closes the connection.
        if (body.Length == 0)
        {
            return request.Operation.Method == "HEAD" || answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified or HttpStatusCode.Moved or HttpStatusCode.Redirect || answer.Headers.ConnectionClose == true
                ? null
                : $"{status} without a body";
        }

        if (!answer.Headers.Contains("X-Content-Type-Options"))
        {
            return $"{status} without the headers of every answer";
        }

        return isPage ? null : Form(request, status, type, text);
    }

    private static string? Form(FuzzRequest request, int status, string? type, string text)
    {
        if (type == "text/csv")
        {
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? null : "a CSV that does not end";
        }

        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(text);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return $"{status} {type} that is no JSON: {Short(text)}";
        }

        // What is not a path of ours below /v1 is answered as at the root.
        if (status >= 400 && request.Target.StartsWith("/v1/", StringComparison.Ordinal) && !request.Target.Contains("..", StringComparison.Ordinal))
        {
            return type == "application/problem+json" && root.ValueKind == JsonValueKind.Object && Has(root, "title") && Has(root, "detail") && Has(root, "code")
                && root.TryGetProperty("status", out var told) && told.GetInt32() == status
                ? null
                : $"{status} that is no problem document: {Short(text)}";
        }

        if (status >= 400)
        {
            return root.ValueKind == JsonValueKind.Object && ((root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0
                && errors.EnumerateArray().All(error => Has(error, "code") && Has(error, "message"))) || type == "application/problem+json")
                ? null
                : $"{status} that is no list of errors: {Short(text)}";
        }

        if (request.Operation is { IsNative: false, Method: "POST" } && root.ValueKind == JsonValueKind.Object)
        {
            return root.TryGetProperty("response_header", out _) || root.TryGetProperty("header", out _) ? null : $"{status} that is no envelope: {Short(text)}";
        }

        return null;
    }

    private static bool Has(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0;

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + "…";

    /// <summary>Stack traces, types, tables, places on the disk.</summary>
    [GeneratedRegex(@"   at [A-Z]|System\.|Microsoft\.|Npgsql|G2PBridge\.|\.cs:line|StackTrace|Exception\b|SQLSTATE|\bselect .* from\b|insert into|/work/|/home/|/usr/|envelopes\.disbursement|Kestrel")]
    private static partial Regex Leak();
}
