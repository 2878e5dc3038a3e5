using System.Text.Json;

namespace G2PBridge.PartnerApi;

/// <summary>
/// The business answer to a request: success or one code, and how its payload is written. The header is the same for every
/// endpoint and is written by <see cref="PartnerEndpoint"/>.
/// </summary>
internal sealed class PartnerAnswer
{
    private PartnerAnswer(string? code, string? detail, Action<Utf8JsonWriter>? payload)
    {
        Code = code;
        Detail = detail;
        WritePayload = payload ?? (writer => writer.WriteNullValue());
    }

    /// <summary>Null for SUCCESS.</summary>
    public string? Code { get; }

    /// <summary>One sentence for a person; an addition of ours that the contract's clients ignore.</summary>
    public string? Detail { get; }

    /// <summary>Unless it comes in <see cref="Parts"/>.</summary>
    public Action<Utf8JsonWriter> WritePayload { get; }

    /// <summary>Each writes some elements of a list.</summary>
    public IAsyncEnumerable<Action<Utf8JsonWriter>>? Parts { get; private init; }

    public DateTimeOffset? At { get; private init; }

    /// <summary>How many items there are, and how many pages of them; null where the answer is not paged.</summary>
    public (int Items, int Pages)? Pagination { get; private init; }

    /// <summary>Adds <c>disbursement_batch_control_id</c> to the response body, as the contract's schema of create_disbursements does.</summary>
    public bool HasBatchControlField { get; private set; }

    public PartnerAnswer WithBatchControlField()
    {
        HasBatchControlField = true;
        return this;
    }

    /// <param name="at">When the request was answered first; null: now.</param>
    public static PartnerAnswer Success(Action<Utf8JsonWriter> payload, DateTimeOffset? at = null) => new(null, null, payload) { At = at };

    /// <summary>
    /// A list of any length: a part is on its way before the one after the next is asked for, so memory stays flat. A fault in the first part is still answered as one;
    /// a later one breaks the answer off.
    /// </summary>
    /// <param name="remark">Something is wrong with a few elements; the others are answered.</param>
    public static PartnerAnswer List(IAsyncEnumerable<Action<Utf8JsonWriter>> parts, Refusal? remark = null) => new(remark?.Code, remark?.Detail, null) { Parts = parts };

    public static PartnerAnswer Page(int items, int pages, Action<Utf8JsonWriter> payload) => new(null, null, payload) { Pagination = (items, pages) };

    public static PartnerAnswer Error(string code, string detail, Action<Utf8JsonWriter>? payload = null) => new(code, detail, payload);

    public static PartnerAnswer Error(Refusal refusal, Action<Utf8JsonWriter>? payload = null) => new(refusal.Code, refusal.Detail, payload);

    /// <summary>The empty list that the contract's list endpoints answer a refusal with.</summary>
    public static void EmptyList(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        writer.WriteEndArray();
    }
}
