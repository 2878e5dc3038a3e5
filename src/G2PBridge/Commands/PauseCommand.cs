using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Identity;

namespace G2PBridge.Commands;

/// <summary>
/// <c>g2pbridge pause SCOPE [VALUE]</c> and <c>g2pbridge resume SCOPE [VALUE]</c>: ask the running bridge over HTTP. Exit code 0: done;
/// 1: paused, but something is still on its way; 2: refused, or no bridge answered.
/// </summary>
internal static class PauseCommand
{
    private const int NotYet = 1;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<Command> Create()
    {
        var scope = new Argument<string>("SCOPE") { Description = "all, bank, programme or envelope." };
        var value = new Argument<string?>("VALUE") { Description = "Code of the bank, mnemonic of the programme or id of the envelope; nothing for all.", Arity = ArgumentArity.ZeroOrOne };
        var url = new Option<string>("--url") { Description = "Where the bridge listens.", DefaultValueFactory = _ => BridgeApplication.DefaultUrl };
        var reason = new Option<string>("--reason") { Description = "Why, for whoever finds the pause.", Required = true };
        var wait = new Option<int>("--wait") { Description = "Seconds to wait until nothing of the scope is on its way.", DefaultValueFactory = _ => 60 };
        var pause = new Command("pause", "Stops sending for everything, a bank, a programme or an envelope, and waits until nothing of it is on its way.") { scope, value, reason, wait, url };
        pause.SetAction((parsed, cancellationToken) => TalkAsync(
            parsed.GetValue(url)!,
            http => PauseAsync(http, parsed.GetValue(scope)!, parsed.GetValue(value), parsed.GetValue(reason)!, TimeSpan.FromSeconds(parsed.GetValue(wait)), cancellationToken)));
        var resume = new Command("resume", "Lifts the pause of a scope; what other pauses hold stays held.") { scope, value, url };
        resume.SetAction((parsed, cancellationToken) => TalkAsync(
            parsed.GetValue(url)!, http => ResumeAsync(http, parsed.GetValue(scope)!, parsed.GetValue(value), cancellationToken)));
        return [pause, resume];
    }

    private static async Task<int> PauseAsync(HttpClient http, string scope, string? value, string reason, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync("v1/pauses", new JsonObject { ["scope"] = scope, ["value"] = value, ["reason"] = reason }, cancellationToken);
        var pause = await ReadAsync(answer, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(wait);
        try
        {
            while (!IsAcknowledged(pause))
            {
                await Task.Delay(Look, limit.Token);
                pause = await FindAsync(http, found => (long)found["id"]! == (long)pause["id"]!, limit.Token)
                    ?? throw new StartupRefusedException($"Pause {pause["id"]} was lifted by somebody while it was waited for.");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            CommandLine.Report($"Pause {pause["id"]} holds: nothing new goes out. Something of it is still on its way after {wait.TotalSeconds:0} seconds; ask again with the same command.");
            return NotYet;
        }

        CommandLine.Report($"Paused (pause {pause["id"]}): nothing of it is on its way, and nothing will be until 'g2pbridge resume'.");
        return 0;
    }

    private static async Task<int> ResumeAsync(HttpClient http, string scope, string? value, CancellationToken cancellationToken)
    {
        var pause = await FindAsync(http, found => IsText(found["scope"], scope) && IsText(found["value"], value), cancellationToken)
            ?? throw new StartupRefusedException($"There is no pause of {scope} {value}".TrimEnd() + "; GET /v1/pauses lists those that hold.");
        using var answer = await http.DeleteAsync($"v1/pauses/{pause["id"]}", cancellationToken);
        await ReadAsync(answer, cancellationToken);
        CommandLine.Report($"Pause {pause["id"]} is lifted.");
        return 0;
    }

    private static async Task<int> TalkAsync(string url, Func<HttpClient, Task<int>> talk)
    {
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new StartupRefusedException($"'{url}' is not an address of a bridge; write it like {BridgeApplication.DefaultUrl}.");
        }

        using var http = new HttpClient { BaseAddress = address };
        if (Environment.GetEnvironmentVariable(ApiKey.Variable) is { Length: > 0 } key)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation(ApiKey.Header, key);
        }

        try
        {
            return await talk(http);
        }
        catch (HttpRequestException exception) when (exception.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new StartupRefusedException($"The bridge at {url} does not let you; put an API key with the role Operator into {ApiKey.Variable}.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new StartupRefusedException($"No bridge answers at {url} ({exception.Message.TrimEnd('.')}); name its address with --url.", exception);
        }
    }

    private static async Task<JsonNode?> FindAsync(HttpClient http, Predicate<JsonNode> isIt, CancellationToken cancellationToken)
    {
        var pauses = await http.GetFromJsonAsync<JsonNode>("v1/pauses", cancellationToken);
        return pauses!["items"]!.AsArray().FirstOrDefault(pause => isIt(pause!));
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) != true)
        {
            throw new StartupRefusedException($"The bridge answered with HTTP {(int)answer.StatusCode}.");
        }

        var body = (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
        return answer.IsSuccessStatusCode ? body : throw new StartupRefusedException((string?)body["detail"] ?? $"The bridge answered with HTTP {(int)answer.StatusCode}.");
    }

    private static bool IsAcknowledged(JsonNode pause) => (bool)pause["acknowledged"]!;

    private static bool IsText(JsonNode? node, string? text) => string.Equals((string?)node ?? "", text ?? "", StringComparison.OrdinalIgnoreCase);
}
