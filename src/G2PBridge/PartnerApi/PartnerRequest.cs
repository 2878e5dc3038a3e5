using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;

namespace G2PBridge.PartnerApi;

/// <summary>Which of the contract's two shapes a request came in; it is answered in the same.</summary>
internal enum WireGeneration
{
    /// <summary><c>request_header</c> and <c>request_body</c> (contract, section 1.2).</summary>
    Newest,

    /// <summary><c>header</c> and <c>message</c> of version 1.0 (contract, section 1.8).</summary>
    First,
}

/// <summary>
/// A request as it stands in its body: who sends it under which id, and where its payload lies. The payload is not read here;
/// each endpoint reads its own, in one pass.
/// </summary>
internal sealed class PartnerRequest : IDisposable
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 64 };

    private readonly HeldBody _body;

    private PartnerRequest(HeldBody body) => _body = body;

    public WireGeneration Generation { get; private set; }

    /// <summary><c>sender_app_mnemonic</c>, or the 1.0 <c>sender_id</c>.</summary>
    public string Sender { get; private set; } = "";

    /// <summary><c>request_id</c>, or the 1.0 <c>message_id</c>.</summary>
    public string RequestId { get; private set; } = "";

    /// <summary><c>request_timestamp</c>, or the 1.0 <c>message_ts</c>; null when there is none that can be read. Without a zone it is UTC.</summary>
    public DateTimeOffset? Timestamp { get; private set; }

    /// <summary>The programmes that the sender may act for, as the gate found out.</summary>
    public AccessScope Scope { get; set; } = AccessScope.Unlimited;

    /// <summary>The whole body as it was received, valid UTF-8.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>The 1.0 <c>action</c>, echoed in its answer.</summary>
    public string? Action { get; private set; }

    /// <summary>The 1.0 <c>version</c>, echoed in its answer.</summary>
    public string? Version { get; private set; }

    /// <summary><c>disbursement_batch_control_id</c> beside the payload.</summary>
    public string? BatchControlId { get; private set; }

    /// <summary>The raw JSON of <c>request_payload</c> or <c>message</c>; empty when it was left out.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>The raw JSON object of <c>pagination_request</c>; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Pagination { get; private set; }

    /// <summary>SHA-256 over the raw request body or message. The header is left out: a client that repeats a request may date it anew.</summary>
    public byte[] BodyHash { get; private set; } = [];

    /// <summary>
    /// A 1.0 client that writes the placeholder "string" as every id does not name its requests,
    /// so its repetitions cannot be told from new wishes.
    /// </summary>
    public bool NamesItsRequests => RequestId.Length > 0 && !(Generation == WireGeneration.First && RequestId is "string");

    /// <summary>The longest list that is taken.</summary>
    public int MostItems { get; private set; }

    public Utf8JsonReader PayloadReader() => new(Payload.Span, ReaderOptions);

    public bool HasPayload => !Payload.IsEmpty && !Payload.Span.SequenceEqual("null"u8);

    public void Dispose() => _body.Dispose();

    /// <summary>Whether a list may have one element more; if not, that is told.</summary>
    public bool HasRoom(int items, WireErrors errors)
    {
        if (items < MostItems)
        {
            return true;
        }

        errors.Add("request_payload", FormattableString.Invariant($"List should have at most {MostItems} items"));
        return false;
    }

    /// <summary>
    /// Reads a body; null when it is longer than it may be. What is malformed is added to <paramref name="errors"/>.
    /// </summary>
    /// <exception cref="BodyBudgetSpentException">Too many large bodies at once.</exception>
    public static async Task<PartnerRequest?> ReadAsync(HttpRequest http, PartnerApiOptions limits, BodyBudget budget, WireErrors errors, CancellationToken cancellationToken)
    {
        if (await budget.ReadAsync(http, limits.MaxRequestBytes, cancellationToken) is not { } body)
        {
            return null;
        }

        var request = new PartnerRequest(body) { MostItems = limits.MaxItems };
        request.Parse(body.Bytes, errors);
        return request;
    }

    private void Parse(ReadOnlyMemory<byte> body, WireErrors errors)
    {
        if (!Utf8.IsValid(body.Span))
        {
            errors.Add("body", "JSON must be encoded in UTF-8");
            return;
        }

        Body = body;
        try
        {
            var reader = new Utf8JsonReader(body.Span, ReaderOptions);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                errors.Add("body", "Input should be a valid dictionary");
                return;
            }

            var (hasNewestHeader, hasNewestBody, hasFirstHeader, hasMessage) = (false, false, false, false);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                switch (name)
                {
                    case "request_header":
                        hasNewestHeader = true;
                        ReadNewestHeader(ref reader, errors);
                        break;
                    case "request_body":
                        hasNewestBody = true;
                        ReadNewestBody(ref reader, body, errors);
                        break;
                    case "header" when !hasNewestHeader:
                        hasFirstHeader = true;
                        ReadFirstHeader(ref reader, errors);
                        break;
                    case "message":
                        hasMessage = true;
                        var message = Slice(ref reader, body);
                        if (!hasNewestBody)
                        {
                            Payload = message;
                            BodyHash = SHA256.HashData(message.Span);
                        }

                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }

            // What follows the closing brace must be nothing.
            reader.Read();
            Generation = hasNewestHeader || !hasFirstHeader ? WireGeneration.Newest : WireGeneration.First;
            if (Generation == WireGeneration.Newest)
            {
                Require(hasNewestHeader, "request_header", errors);
                Require(hasNewestBody, "request_body", errors);
            }
            else
            {
                Require(hasMessage, "message", errors);
            }
        }
        catch (JsonException exception)
        {
            errors.Add("body", $"JSON decode error at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}");
        }
        catch (InvalidOperationException)
        {
            errors.Add("body", "JSON decode error: a property name is not text");
        }
    }

    private static void Require(bool present, string field, WireErrors errors)
    {
        if (!present)
        {
            errors.Add(field, "Field required");
        }
    }

    private static ReadOnlyMemory<byte> Slice(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return body[start..(int)reader.BytesConsumed];
    }

    private void ReadNewestHeader(ref Utf8JsonReader reader, WireErrors errors)
    {
        if (!IsObject(ref reader, "request_header", errors))
        {
            return;
        }

        string? sender = null, url = null, id = null;
        var isTimed = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "sender_app_mnemonic":
                    sender = WireValue.Text(ref reader, "request_header.sender_app_mnemonic", errors);
                    break;
                case "sender_app_url":
                    url = WireValue.Text(ref reader, "request_header.sender_app_url", errors);
                    break;
                case "request_id":
                    id = WireValue.Text(ref reader, "request_header.request_id", errors);
                    break;
                case "request_timestamp":
                    isTimed = true;
                    Timestamp = WireValue.Timestamp(ref reader, "request_header.request_timestamp", errors);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        Sender = Limited(sender, "request_header.sender_app_mnemonic", errors);
        RequestId = Limited(id, "request_header.request_id", errors);
        Require(url is not null, "request_header.sender_app_url", errors);
        Require(isTimed, "request_header.request_timestamp", errors);
    }

    private void ReadNewestBody(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, WireErrors errors)
    {
        var start = (int)reader.TokenStartIndex;
        if (!IsObject(ref reader, "request_body", errors))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "request_payload":
                    Payload = Slice(ref reader, body);
                    break;
                case "disbursement_batch_control_id":
                    BatchControlId = WireValue.Text(ref reader, "request_body.disbursement_batch_control_id", errors);
                    break;
                case "pagination_request" when reader.TokenType == JsonTokenType.StartObject:
                    Pagination = Slice(ref reader, body);
                    break;
                case "pagination_request" when reader.TokenType != JsonTokenType.Null:
                    errors.Add("request_body.pagination_request", "Input should be a valid dictionary");
                    reader.Skip();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        BodyHash = SHA256.HashData(body.Span[start..(int)reader.BytesConsumed]);
    }

    private void ReadFirstHeader(ref Utf8JsonReader reader, WireErrors errors)
    {
        if (!IsObject(ref reader, "header", errors))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "sender_id":
                    Sender = WireValue.Text(ref reader, "header.sender_id", errors) ?? "";
                    break;
                case "message_id":
                    RequestId = WireValue.Text(ref reader, "header.message_id", errors) ?? "";
                    break;
                case "message_ts":
                    // No 1.0 client was ever held to a form here.
                    Timestamp = WireValue.Timestamp(ref reader, "header.message_ts", new WireErrors());
                    break;
                case "action":
                    Action = WireValue.Text(ref reader, "header.action", errors);
                    break;
                case "version":
                    Version = WireValue.Text(ref reader, "header.version", errors);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private static bool IsObject(ref Utf8JsonReader reader, string field, WireErrors errors)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            return true;
        }

        errors.Add(field, "Input should be a valid dictionary");
        reader.Skip();
        return false;
    }

    private static string Limited(string? value, string field, WireErrors errors)
    {
        Require(value is not null, field, errors);
        if (value is { Length: > 128 })
        {
            errors.Add(field, "String should have at most 128 characters");
        }

        return value ?? "";
    }
}
