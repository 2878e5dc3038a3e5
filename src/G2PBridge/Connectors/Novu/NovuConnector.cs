using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors.Novu;

/// <summary>
/// Tells through Novu (contract, section 6.3): one notification by <c>/v1/events/trigger</c>, several by its bulk form. Our id is the transaction id, so a repetition is one
/// message; Novu's complaint about a repeated id means that it has it.
/// </summary>
internal sealed class NovuConnector(HttpClient http, Uri url, NovuSettings settings) : INotificationConnector
{
    public const string Kind = "novu";
    private const int MostEvents = 100;

    public NotificationCapabilities Capabilities { get; } = new(Idempotent: true, settings.MostPerCall is > 0 and < MostEvents ? settings.MostPerCall : MostEvents);

    public static INotificationConnector Create(IServiceProvider provider, IConfigurationSection section)
    {
        var settings = section.Get<NovuSettings>() ?? new NovuSettings();
        if (!Uri.TryCreate(settings.Url.TrimEnd('/') + "/", UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new OptionsValidationException(section.Path, typeof(NovuSettings), [$"{section.Path}:Url '{settings.Url}' is not a web address; write it like http://localhost:3000."]);
        }

        if (string.IsNullOrEmpty(settings.ApiKey))
        {
            throw new OptionsValidationException(section.Path, typeof(NovuSettings), [$"{section.Path}:ApiKey is missing; give the key of the Novu environment."]);
        }

        var http = new HttpClient(CallSecurity.Read(provider, section, $"channel {section.Key}").Secure(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2) })) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", settings.ApiKey);
        return new NovuConnector(http, url, settings);
    }

    public async Task<IReadOnlyList<NotificationAnswer>> SendAsync(IReadOnlyList<Notification> notifications, CancellationToken cancellationToken)
    {
        var answers = notifications.Where(one => AddressOf(one) is null).Select(one => (NotificationAnswer)new NotificationAnswer.Refused(one.Id, "NO_CONTACT", "No e-mail address and no telephone number.", true)).ToList();
        var sendable = notifications.Where(one => AddressOf(one) is not null).ToList();
        if (sendable.Count > 0)
        {
            answers.AddRange(await CallAsync(sendable, cancellationToken));
        }

        return answers;
    }

    private async Task<IEnumerable<NotificationAnswer>> CallAsync(List<Notification> notifications, CancellationToken cancellationToken)
    {
        var isBulk = notifications.Count > 1;
        var body = isBulk ? new JsonObject { ["events"] = new JsonArray([.. notifications.Select(Event)]) } : Event(notifications[0]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, isBulk ? "v1/events/trigger/bulk" : "v1/events/trigger"));
        request.Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode ? Read(notifications, text) : Failed(notifications, (int)response.StatusCode, text);
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.TryAgain })
        {
            return notifications.Select(one => new NotificationAnswer.Refused(one.Id, "NOVU_UNREACHABLE", "Novu cannot be reached.", false));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return notifications.Select(one => new NotificationAnswer.NotKnown(one.Id, "NOVU_NOT_ANSWERED"));
        }
    }

    private static IEnumerable<NotificationAnswer> Failed(List<Notification> notifications, int status, string text)
    {
        if (notifications.Count == 1 && IsRepetition(text))
        {
            return [new NotificationAnswer.Delivered(notifications[0].Id)];
        }

        // A 4xx is a documented refusal that a person mends (key, workflow); what a 5xx did is not known.
        return notifications.Select(one => status >= 500 || status == 408
            ? (NotificationAnswer)new NotificationAnswer.NotKnown(one.Id, $"NOVU_HTTP_{status}")
            : new NotificationAnswer.Refused(one.Id, $"NOVU_HTTP_{status}", $"Novu answered with HTTP {status}.", false));
    }

    private static List<NotificationAnswer> Read(List<Notification> notifications, string text)
    {
        using var document = JsonDocument.Parse(text);
        var data = document.RootElement.TryGetProperty("data", out var inner) ? inner : document.RootElement;
        var results = data.ValueKind == JsonValueKind.Array ? data.EnumerateArray().ToList() : [data];
        // The answer follows the order of the events; a transaction id in it is believed more.
        var byId = results.Where(one => one.TryGetProperty("transactionId", out var id) && id.ValueKind == JsonValueKind.String)
            .GroupBy(one => one.GetProperty("transactionId").GetString()!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        return [.. notifications.Select((one, i) =>
            byId.TryGetValue(one.Id, out var named) ? Judge(one.Id, named)
            : byId.Count == 0 && results.Count == notifications.Count ? Judge(one.Id, results[i])
            : new NotificationAnswer.NotKnown(one.Id, "NOVU_DID_NOT_NAME_IT"))];
    }

    private static NotificationAnswer Judge(string id, JsonElement result)
    {
        var status = result.TryGetProperty("status", out var text) ? text.GetString() : null;
        var error = result.TryGetProperty("error", out var errors) ? errors.GetRawText() : "";
        return status switch
        {
            "processed" => new NotificationAnswer.Delivered(id),
            _ when IsRepetition(error) => new NotificationAnswer.Delivered(id),
            "subscriber_id_missing" => new NotificationAnswer.Refused(id, "NOVU_SUBSCRIBER_MISSING", "Novu has no subscriber to tell.", true),
            _ => new NotificationAnswer.Refused(id, $"NOVU_{(status ?? "NO_STATUS").ToUpperInvariant()}", "Novu did not process the event.", false),
        };
    }

    private static bool IsRepetition(string text) =>
        text.Contains("transactionId", StringComparison.OrdinalIgnoreCase) && text.Contains("not unique", StringComparison.OrdinalIgnoreCase);

    private JsonObject Event(Notification one) => new()
    {
        ["name"] = settings.WorkflowOf(one.Type),
        ["payload"] = JsonNode.Parse(one.Payload),
        ["overrides"] = new JsonObject(),
        ["to"] = To(one.Recipient),
        ["transactionId"] = one.Id,
    };

    /// <summary>As upstream, the e-mail address is the subscriber; who has only a telephone is a subscriber under our id.</summary>
    private static JsonNode To(NotificationRecipient recipient) => !string.IsNullOrEmpty(recipient.Email)
        ? JsonValue.Create(recipient.Email)
        : new JsonObject { ["subscriberId"] = recipient.Id, ["phone"] = recipient.Phone, ["firstName"] = recipient.Name };

    private static string? AddressOf(Notification one) => (one.Recipient.Email, one.Recipient.Phone) switch
    {
        ({ Length: > 0 } email, _) => email,
        (_, { Length: > 0 } phone) => phone,
        _ => null,
    };
}

/// <summary>Settings of one Novu channel.</summary>
internal sealed class NovuSettings
{
    public string Url { get; init; } = "http://localhost:3000";

    /// <summary>Never logged.</summary>
    public string ApiKey { get; init; } = "";

    public int MostPerCall { get; init; }

    public string WarehouseWorkflow { get; init; } = "warehouse-notification";

    public string AgencyWorkflow { get; init; } = "agency-notification";

    public string BeneficiaryWorkflow { get; init; } = "beneficiary-notification";

    public string PaidWorkflow { get; init; } = "payment-paid-notification";

    public string ReturnedWorkflow { get; init; } = "payment-returned-notification";

    public string WorkflowOf(NotificationType type) => type switch
    {
        NotificationType.Warehouse => WarehouseWorkflow,
        NotificationType.Agency => AgencyWorkflow,
        NotificationType.Beneficiary => BeneficiaryWorkflow,
        NotificationType.PaymentPaid => PaidWorkflow,
        NotificationType.PaymentReturned => ReturnedWorkflow,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };
}
