using System.Text.Json.Serialization;

namespace G2PBridge.Connectors.Spar;

/// <summary>What we write to SPAR; what it writes back is read by <see cref="SparAnswers"/>.</summary>
internal sealed record SparRequest(SparRequestHeader RequestHeader, SparRequestBody RequestBody);

internal sealed record SparRequestHeader(string SenderAppMnemonic, string SenderAppUrl, string RequestId, string RequestTimestamp, string? InstanceId);

internal sealed record SparRequestBody(object? PaginationRequest, SparResolve RequestPayload);

internal sealed record SparResolve(string TransactionId, IReadOnlyList<SparQuestion> ResolveRequest);

/// <param name="Fa">Always empty: we ask for the address.</param>
/// <param name="Scope"><c>details</c>; <c>yes_no</c> would bring no address.</param>
internal sealed record SparQuestion(string ReferenceId, string Timestamp, string Fa, string Id, string? Name, string Scope, object? AdditionalInfo, string Locale);

/// <summary>The 1.0 generation (G2P Connect mapper, version 1).</summary>
internal sealed record SparFirstRequest(string Signature, SparFirstHeader Header, SparResolve Message);

internal sealed record SparFirstHeader(
    string Version, string MessageId, string MessageTs, string Action, string SenderId, string SenderUri, string ReceiverId, int TotalCount, bool IsMsgEncrypted, object? Meta);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SparRequest))]
[JsonSerializable(typeof(SparFirstRequest))]
internal sealed partial class SparJson : JsonSerializerContext;
