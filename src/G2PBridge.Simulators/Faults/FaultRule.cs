using System.Text.Json.Serialization;

namespace G2PBridge.Simulators.Faults;

[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
internal enum FaultKind
{
    // How a call goes wrong, whatever it asks.
    [JsonStringEnumMemberName("timeout-before")] TimeoutBefore,
    [JsonStringEnumMemberName("timeout-after-accepting")] TimeoutAfterAccepting,
    [JsonStringEnumMemberName("reset-mid-answer")] ResetMidAnswer,
    [JsonStringEnumMemberName("http-5xx")] Http5xx,
    [JsonStringEnumMemberName("garbage-200")] Garbage200,
    [JsonStringEnumMemberName("slow-drip")] SlowDrip,
    [JsonStringEnumMemberName("too-many-requests")] TooManyRequests,
    [JsonStringEnumMemberName("maintenance")] Maintenance,
    [JsonStringEnumMemberName("slow")] Slow,

    // What the bank does with a payment or a block.
    [JsonStringEnumMemberName("refuse-line")] RefuseLine,
    [JsonStringEnumMemberName("pay-different-amount")] PayDifferentAmount,
    [JsonStringEnumMemberName("pay-twice")] PayTwice,
    [JsonStringEnumMemberName("inquiry-not-found-first")] InquiryNotFoundFirst,
    [JsonStringEnumMemberName("block-granted-less")] BlockGrantedLess,
    [JsonStringEnumMemberName("block-expired")] BlockExpired,

    [JsonStringEnumMemberName("refuse-later")] RefuseLater,

    // What the bank calls back; the reference is that of the batch's first payment, or of each.
    [JsonStringEnumMemberName("callback-twice")] CallbackTwice,
    [JsonStringEnumMemberName("callback-late")] CallbackLate,
    [JsonStringEnumMemberName("callback-out-of-order")] CallbackOutOfOrder,
    [JsonStringEnumMemberName("callback-unknown-reference")] CallbackUnknownReference,
    [JsonStringEnumMemberName("callback-different-amount")] CallbackDifferentAmount,
    [JsonStringEnumMemberName("callback-forged")] CallbackForged,

    // What the bank does with a statement; the reference is the account number.
    [JsonStringEnumMemberName("statement-late")] StatementLate,
    [JsonStringEnumMemberName("statement-twice")] StatementTwice,

    // What the mapper does with a request.
    [JsonStringEnumMemberName("header-error")] HeaderError,
    [JsonStringEnumMemberName("partial-answer")] PartialAnswer,
    [JsonStringEnumMemberName("duplicate-answer")] DuplicateAnswer,
}

/// <summary>
/// One way to misbehave, when, and how often. What is not given means: always, everywhere. (Setters, not init: the generated
/// reader would otherwise overwrite the defaults.)
/// </summary>
internal sealed record FaultRule
{
    public required FaultKind Kind { get; init; }

    /// <summary>The last part of the path, such as initiate_payment.</summary>
    public string? Endpoint { get; set; }

    /// <summary>
    /// A regular expression: for payments and persons on their reference or id, for calls on the text of the request.
    /// </summary>
    public string? ReferencePattern { get; set; }

    /// <summary>Of what matches, the share that is hit; drawn from the seed and the reference, or the call's number.</summary>
    public double Share { get; set; } = 1;

    public long Seed { get; set; }

    /// <summary>Let this many pass first.</summary>
    public int Skip { get; set; }

    /// <summary>Fire at most this often.</summary>
    public int? Count { get; set; }

    public int DelayMs { get; set; } = 30_000;

    /// <summary>The HTTP status of http-5xx and too-many-requests.</summary>
    public int? Status { get; set; }

    public int RetryAfterSeconds { get; set; } = 2;

    /// <summary>Whether the work is done although the answer hides it; only for http-5xx and garbage-200.</summary>
    public bool? Perform { get; set; }

    /// <summary>The reason of refuse-line, the code of header-error.</summary>
    public string? Reason { get; set; }

    /// <summary>For pay-different-amount and block-granted-less: the amount, else the factor on what was asked.</summary>
    public decimal? Amount { get; set; }

    public decimal Factor { get; set; } = 0.5m;

    /// <summary>How often inquiry-not-found-first denies each reference; how often callback-twice calls again.</summary>
    public int Times { get; set; } = 1;

    /// <summary>block-granted-less: do not say in the answer that less was granted.</summary>
    public bool Silent { get; set; }

    /// <summary>Filled in the answer.</summary>
    public int Id { get; set; }

    /// <summary>Filled in the answer: how often the rule has fired.</summary>
    public long Fired { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(List<FaultRule>))]
internal sealed partial class FaultJson : JsonSerializerContext;
