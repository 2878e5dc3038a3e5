using System.Text.Json;
using System.Text.RegularExpressions;

namespace G2PBridge.Platform.Errors;

/// <summary>
/// Says what is wrong with a request that the framework could not read. Its own sentences name types of our code, which help nobody who calls and
/// somebody who looks for a way in.
/// </summary>
internal static partial class BadRequestText
{
    private const int LongestValue = 100;

    public static string Of(BadHttpRequestException exception)
    {
        if (exception.InnerException is JsonException json)
        {
            return $"The body cannot be read at {json.Path ?? "$"}{(json.LineNumber is { } line ? FormattableString.Invariant($", line {line + 1}, byte {json.BytePositionInLine + 1}") : "")}; /docs says what it takes.";
        }

        if (Unbound().Match(exception.Message) is { Success: true } unbound)
        {
            var value = unbound.Groups["value"].Value;
            return $"{unbound.Groups["name"].Value} cannot be read from '{(value.Length > LongestValue ? value[..LongestValue] + "…" : value)}'; /docs says what it takes.";
        }

        if (Missing().Match(exception.Message) is { Success: true } missing)
        {
            return missing.Groups["name"] is { Success: true } name ? $"{name.Value} is missing; /docs says what it takes." : "The body is missing; send JSON with the header Content-Type: application/json.";
        }

        return Of(exception.StatusCode);
    }

    public static string Of(int status) => status switch
    {
        StatusCodes.Status408RequestTimeout => "The body arrived too slowly and was given up; send less at a time.",
        StatusCodes.Status413PayloadTooLarge => "The body is too long; send less at a time.",
        StatusCodes.Status431RequestHeaderFieldsTooLarge => "The headers are too long.",
        _ => "The request is malformed, or ended before its body did.",
    };

    [GeneratedRegex("^Failed to bind parameter \"\\S+ (?<name>\\S+)\" from \"(?<value>.*)\"\\.$", RegexOptions.Singleline)]
    private static partial Regex Unbound();

    [GeneratedRegex("^(Implicit body inferred for parameter|Required parameter \"\\S+ (?<name>[^\"]+)\" was not provided from (?!body))")]
    private static partial Regex Missing();
}
