using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors.Webhook;

/// <summary>
/// Posts each notification to an address of the ministry's, signed as the Standard Webhooks specification says: HMAC-SHA256 over <c>id.timestamp.body</c> in the header
/// <c>webhook-signature</c>. The receiver tells repetitions by <c>webhook-id</c>.
/// </summary>
internal sealed class WebhookConnector(HttpClient http, Uri url, byte[] secret, TimeProvider clock) : INotificationConnector
{
    public const string Kind = "webhook";
    private const string SecretPrefix = "whsec_";
    private const int ShortestSecret = 24;

    public NotificationCapabilities Capabilities { get; } = new(Idempotent: true, MostPerCall: 1);

    public static INotificationConnector Create(IServiceProvider provider, IConfigurationSection section)
    {
        if (!Uri.TryCreate(section["Url"], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new OptionsValidationException(section.Path, typeof(WebhookConnector), [$"{section.Path}:Url is not a web address; write it like https://ministry.example/hooks/g2p."]);
        }

        var secret = Secret(section["Secret"]);
        if (secret.Length < ShortestSecret)
        {
            throw new OptionsValidationException(section.Path, typeof(WebhookConnector), [$"{section.Path}:Secret must be whsec_ and at least {ShortestSecret} bytes in base64."]);
        }

        var http = new HttpClient(CallSecurity.Read(provider, section, $"channel {section.Key}").Secure(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2) })) { Timeout = Timeout.InfiniteTimeSpan };
        return new WebhookConnector(http, url, secret, provider.GetRequiredService<TimeProvider>());
    }

    public async Task<IReadOnlyList<NotificationAnswer>> SendAsync(IReadOnlyList<Notification> notifications, CancellationToken cancellationToken)
    {
        var answers = new List<NotificationAnswer>(notifications.Count);
        foreach (var one in notifications)
        {
            answers.Add(await SendAsync(one, cancellationToken));
        }

        return answers;
    }

    /// <summary>The signature of a body; the receiver computes the same.</summary>
    public static string Sign(byte[] secret, string id, string timestamp, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));

    private async Task<NotificationAnswer> SendAsync(Notification one, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["type"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(one.Type.ToString()),
            ["recipient"] = new JsonObject { ["id"] = one.Recipient.Id, ["name"] = one.Recipient.Name, ["email"] = one.Recipient.Email, ["phone"] = one.Recipient.Phone },
            ["data"] = JsonNode.Parse(one.Payload),
        }.ToJsonString();
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("webhook-id", one.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", Sign(secret, one.Id, timestamp, body));
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return (int)response.StatusCode switch
            {
                >= 200 and < 300 => new NotificationAnswer.Delivered(one.Id),
                410 => new NotificationAnswer.Refused(one.Id, "WEBHOOK_GONE", "The receiver wants no more of these.", true),
                408 or >= 500 => new NotificationAnswer.NotKnown(one.Id, $"WEBHOOK_HTTP_{(int)response.StatusCode}"),
                var status => new NotificationAnswer.Refused(one.Id, $"WEBHOOK_HTTP_{status}", $"The receiver answered with HTTP {status}.", false),
            };
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.TryAgain })
        {
            return new NotificationAnswer.Refused(one.Id, "WEBHOOK_UNREACHABLE", "The receiver cannot be reached.", false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new NotificationAnswer.NotKnown(one.Id, "WEBHOOK_NOT_ANSWERED");
        }
    }

    private static byte[] Secret(string? text)
    {
        var coded = text?.StartsWith(SecretPrefix, StringComparison.Ordinal) == true ? text[SecretPrefix.Length..] : text ?? "";
        var bytes = new byte[coded.Length];
        return Convert.TryFromBase64String(coded, bytes, out var length) ? bytes[..length] : [];
    }
}
