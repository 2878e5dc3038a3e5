using System.Text.Json;
using System.Text.Json.Serialization;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>A request of either generation: <c>request_header</c>/<c>request_body</c>, or <c>header</c>/<c>message</c>.</summary>
internal sealed record MapperMessage(
    MapperMessage.NewHeader? RequestHeader, MapperMessage.NewBody? RequestBody, MapperMessage.OldHeader? Header, MapperMessage.Payload? Message)
{
    public bool IsOldWire => Header is not null || Message is not null;

    public Payload? Content => IsOldWire ? Message : RequestBody?.RequestPayload;

    internal sealed record NewHeader(string? RequestId);

    internal sealed record NewBody(Payload? RequestPayload);

    internal sealed record OldHeader(
        string? Version, string? MessageId, string? Action, string? SenderId, string? ReceiverId, bool? IsMsgEncrypted);

    internal sealed record Payload(
        string? TransactionId,
        List<MapperItem?>? ResolveRequest,
        List<MapperItem?>? LinkRequest,
        List<MapperItem?>? UpdateRequest,
        List<MapperItem?>? UnlinkRequest);
}

/// <summary>
/// One person of a request; <c>fa</c> is an object in the newest wire and a string in the old one. Filled through setters, which is twice
/// as fast to read as a constructor's parameters.
/// </summary>
internal sealed class MapperItem
{
    public string? ReferenceId { get; set; }

    public string? Id { get; set; }

    public JsonElement? Fa { get; set; }

    public string? Name { get; set; }

    public string? PhoneNumber { get; set; }

    public string? Scope { get; set; }

    public JsonElement? AdditionalInfo { get; set; }

    public string? Locale { get; set; }
}

/// <summary>What the mapper says to one person of a request.</summary>
internal sealed record MapperAnswer(MapperItem Item, string Status, string? Code = null, string? Reason = null)
{
    public const string Succeeded = "succ";
    public const string Rejected = "rjct";

    public string? Id { get; init; }

    public string? Fa { get; init; }

    public string? AdditionalInfo { get; init; }

    public static MapperAnswer Reject(MapperItem item, string code, string reason) => new(item, Rejected, code, reason);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MapperMessage))]
internal sealed partial class MapperJson : JsonSerializerContext;
