using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace G2PBridge.PartnerApi;

/// <summary>
/// What every endpoint of the partner API shares: the body is read once, both shapes of the envelope are understood, the
/// answer goes out in the shape the question came in. Business success and business errors are HTTP 200; a malformed
/// request is HTTP 400 with one error per problem (contract, section 1.1).
/// </summary>
internal static class PartnerEndpoint
{
    public const string MalformedCode = "G2P-REQ-102";
    public const string UnknownErrorCode = "G2P-REQ-100";
    public const string TooManyCode = "TOO_MANY_REQUESTS";

    /// <summary>An answer of this size is sent on while the rest is still being written.</summary>
    private const int FlushAt = 64 * 1024;

    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public delegate Task<PartnerAnswer> Handle(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken);

    public static RouteHandlerBuilder MapPartner(this IEndpointRouteBuilder routes, string path, Handle handle) =>
        routes.MapPost(path, (Delegate)((HttpContext http) => AnswerAsync(http, path, handle, isSigned: true))).WithTags(PartnerTags.Of(path));

    /// <summary>The same envelope for somebody who is known by a token, and therefore signs nothing.</summary>
    public static RouteHandlerBuilder MapUnsigned(this IEndpointRouteBuilder routes, string path, Handle handle) =>
        routes.MapPost(path, (Delegate)((HttpContext http) => AnswerAsync(http, path, handle, isSigned: false))).WithTags(PartnerTags.Of(path));

    public static Task WriteMalformedAsync(HttpContext http, IEnumerable<string> problems) =>
        WriteErrorsAsync(http, StatusCodes.Status400BadRequest, problems.Select(problem => (MalformedCode, $"Invalid Input. {problem}")));

    public static async Task WriteErrorsAsync(HttpContext http, int status, IEnumerable<(string Code, string Message)> errors)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(http.Response.BodyWriter, WriterOptions);
        writer.WriteStartObject();
        writer.WriteStartArray("errors"u8);
        foreach (var (code, message) in errors)
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, code);
            writer.WriteString("message"u8, message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static async Task WriteAnswerAsync(HttpContext http, PartnerRequest? request, PartnerAnswer answer, TimeProvider clock)
    {
        await using var parts = answer.Parts?.GetAsyncEnumerator(http.RequestAborted);
        var isMore = parts is not null && await parts.MoveNextAsync();
        http.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(http.Response.BodyWriter, WriterOptions);
        var at = WireText.Timestamp(answer.At ?? clock.GetUtcNow());
        writer.WriteStartObject();
        if (request?.Generation == WireGeneration.First)
        {
            WriteFirstHeader(writer, request, answer, at);
            writer.WritePropertyName("message"u8);
            await WritePayloadAsync();
        }
        else
        {
            WriteNewestHeader(writer, request, answer, at);
            writer.WriteStartObject("response_body"u8);
            WritePagination(writer, answer.Pagination);
            if (answer.HasBatchControlField)
            {
                writer.WriteNull("disbursement_batch_control_id"u8);
            }

            writer.WritePropertyName("response_payload"u8);
            await WritePayloadAsync();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();

        async ValueTask WritePayloadAsync()
        {
            if (parts is null)
            {
                answer.WritePayload(writer);
                return;
            }

            writer.WriteStartArray();
            for (var sent = 0L; isMore; isMore = await parts.MoveNextAsync())
            {
                parts.Current(writer);
                if (writer.BytesCommitted + writer.BytesPending - sent > FlushAt)
                {
                    writer.Flush();
                    sent = writer.BytesCommitted;
                    // Waits while the reader is slower than we are.
                    await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
                }
            }

            writer.WriteEndArray();
        }
    }

    private static Task WriteTooManyAsync(HttpContext http, TimeSpan wait, string what)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.RetryAfter = seconds;
        return WriteErrorsAsync(http, StatusCodes.Status429TooManyRequests, [(TooManyCode, $"{what}; go on in {seconds} seconds.")]);
    }

    private static async Task AnswerAsync(HttpContext http, string path, Handle handle, bool isSigned)
    {
        var options = http.RequestServices.GetRequiredService<IOptions<PartnerApiOptions>>().Value;
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = options.MaxRequestBytes + 1L;
        }

        // A browser may send a body of another type to anywhere without asking; a sender that names none is believed.
        if (http.Request.ContentType is { Length: > 0 } && !http.Request.HasJsonContentType())
        {
            await WriteErrorsAsync(http, StatusCodes.Status400BadRequest, [(MalformedCode, "Invalid Input. Content-Type: the body is not announced as JSON; send it with the header Content-Type: application/json.")]);
            return;
        }

        var errors = new WireErrors();
        PartnerRequest? read;
        try
        {
            read = await PartnerRequest.ReadAsync(http.Request, options, http.RequestServices.GetRequiredService<BodyBudget>(), errors, http.RequestAborted);
        }
        catch (BodyBudgetSpentException)
        {
            await WriteTooManyAsync(http, TimeSpan.FromSeconds(1), "Too many large requests are on their way");
            return;
        }

        using var request = read;
        if (request is null)
        {
            await WriteErrorsAsync(http, StatusCodes.Status413PayloadTooLarge,
                [(MalformedCode, $"Invalid Input. The request is longer than {options.MaxRequestBytes} bytes; send fewer disbursements at a time.")]);
            return;
        }

        if (errors.Any)
        {
            await WriteMalformedAsync(http, errors.Problems);
            return;
        }

        // Before the payload is read: a request that nobody vouches for learns nothing about it.
        if (isSigned && await http.RequestServices.GetRequiredService<IPartnerGate>().AdmitAsync(request, http.Request.Headers["Signature"], http.RequestAborted) is { } refusal)
        {
            await WriteAnswerAsync(http, request, PartnerAnswer.Error(refusal, IsList(path, request.Generation) ? PartnerAnswer.EmptyList : null), clock);
            return;
        }

        if (isSigned && http.RequestServices.GetRequiredService<IPartnerAllowance>().WaitOf(request.Sender) is { } wait)
        {
            await WriteTooManyAsync(http, wait, $"Too many requests of '{request.Sender}'");
            return;
        }

        using var acting = Acting.AsPartner(request.Sender);
        PartnerAnswer answer;
        try
        {
            answer = await handle(request, errors, http.RequestServices, http.RequestAborted);
        }
        catch (JsonException exception)
        {
            errors.Add("request_payload", $"JSON decode error ({exception.Path ?? "$"})");
            answer = PartnerAnswer.Error(MalformedCode, "");
        }

        if (errors.Any)
        {
            await WriteMalformedAsync(http, errors.Problems);
            return;
        }

        await WriteAnswerAsync(http, request, answer, clock);
    }

    /// <summary>Endpoints that speak of one envelope answer a refusal with null, the others with an empty list (contract, section 1.4).</summary>
    private static bool IsList(string path, WireGeneration generation) => path is not ("get_disbursement_batch_control" or "get_disbursement_envelope_status")
        && !(generation == WireGeneration.First && path.Contains("envelope", StringComparison.Ordinal));

    private static void WritePagination(Utf8JsonWriter writer, (int Items, int Pages)? pagination)
    {
        if (pagination is not { } page)
        {
            writer.WriteNull("pagination_response"u8);
            return;
        }

        writer.WriteStartObject("pagination_response"u8);
        writer.WriteNumber("number_of_items"u8, page.Items);
        writer.WriteNumber("number_of_pages"u8, page.Pages);
        writer.WriteEndObject();
    }

    private static void WriteNewestHeader(Utf8JsonWriter writer, PartnerRequest? request, PartnerAnswer answer, string at)
    {
        writer.WriteStartObject("response_header"u8);
        writer.WriteString("request_id"u8, request?.RequestId ?? "");
        writer.WriteString("response_status"u8, answer.Code is null ? "SUCCESS"u8 : "ERROR"u8);
        writer.WriteString("response_error_code"u8, answer.Code);
        writer.WriteString("response_error_message"u8, answer.Code);
        writer.WriteString("response_timestamp"u8, at);
        if (answer.Code is not null)
        {
            writer.WriteString("response_error_detail"u8, answer.Detail);
        }

        writer.WriteEndObject();
    }

    private static void WriteFirstHeader(Utf8JsonWriter writer, PartnerRequest request, PartnerAnswer answer, string at)
    {
        writer.WriteNull("signature"u8);
        writer.WriteStartObject("header"u8);
        writer.WriteString("version"u8, request.Version is null or "string" ? "1.0.0" : request.Version);
        writer.WriteString("message_id"u8, request.RequestId);
        writer.WriteString("message_ts"u8, at);
        writer.WriteString("action"u8, request.Action ?? "");
        writer.WriteString("status"u8, answer.Code is null ? "succ"u8 : "rjct"u8);
        writer.WriteNull("status_reason_code"u8);
        writer.WriteString("status_reason_message"u8, answer.Code ?? "");
        writer.WriteNull("total_count"u8);
        writer.WriteNull("completed_count"u8);
        writer.WriteString("sender_id"u8, request.Sender);
        writer.WriteNull("receiver_id"u8);
        writer.WriteBoolean("is_msg_encrypted"u8, false);
        writer.WriteStartObject("meta"u8);
        if (answer.Detail is { } detail)
        {
            writer.WriteString("detail"u8, detail);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}

/// <summary>The groups under which the contract lists its endpoints (section 1.4).</summary>
internal static class PartnerTags
{
    public const string Envelope = "G2P Bridge Disbursement Envelope";
    public const string Status = "G2P Bridge Disbursement Status";
    public const string EnvelopeStatus = "G2P Bridge Disbursement Envelope Status";
    public const string Statement = "G2P Bridge Account Statement";
    public const string BeneficiaryPortal = "Bridge Bene Portal - Disbursements";

    public static string Of(string path) => path.TrimStart('/') switch
    {
        "get_disbursement_status" or "get_disbursement_batch_control" => Status,
        "get_disbursement_envelope_status" => EnvelopeStatus,
        "upload_mt940" => Statement,
        { } portal when portal.StartsWith("bene-portal/", StringComparison.Ordinal) => BeneficiaryPortal,
        _ => Envelope,
    };
}
