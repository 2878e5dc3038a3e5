using System.Text;
using System.Text.Json;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// The contract's <c>upload_mt940</c> (section 1.4.4): a multipart field <c>statement_file</c>, or the JSON form of the newest bank
/// worker. The multipart form goes to the database as it arrives; nothing of it is buffered in a form.
/// </summary>
internal static partial class UploadStatement
{
    private const string Field = "statement_file";

    /// <summary>A JSON text is one string in memory; whoever has more uploads it as a file.</summary>
    private const long MostJson = 128L * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("upload_mt940", (Delegate)HandleAsync).WithName("upload_mt940").WithTags(PartnerTags.Statement).NeedsRole(Role.StatementSender).WithMetadata(new TakesSignedUpload()).HonoursScope("what is not of the sender's banks is not booked");

    private static async Task HandleAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Counted where it is stored; a limit of the server's would break the connection without a word.
            limit.MaxRequestBodySize = null;
        }

        var type = MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var parsed) ? parsed : null;
        var stored = type?.MediaType.Value?.ToUpperInvariant() switch
        {
            "MULTIPART/FORM-DATA" => await StoreFormAsync(http, HeaderUtilities.RemoveQuotes(type.Boundary).Value),
            "APPLICATION/JSON" => await StoreJsonAsync(http),
            _ => null,
        };
        if (stored is not { } result)
        {
            await PartnerEndpoint.WriteMalformedAsync(http, [$"{Field}: Field required"]);
            return;
        }

        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        if (result.Refusal is { } refusal)
        {
            await PartnerEndpoint.WriteAnswerAsync(http, null, PartnerAnswer.Error(refusal), clock);
            return;
        }

        var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(UploadStatement));
        LogStored(log, result.Value.Id, result.Value.IsDuplicate);
        await PartnerEndpoint.WriteAnswerAsync(http, null, PartnerAnswer.Success(writer => Write(writer, result.Value.Id)), clock);
        await http.RequestServices.GetRequiredService<WorkSignal>().RaiseAsync(Work.ReadStatements, CancellationToken.None);
    }

    private static void Write(Utf8JsonWriter writer, Guid id)
    {
        writer.WriteStartObject();
        writer.WriteString("statement_id"u8, id);
        writer.WriteEndObject();
    }

    /// <summary>Null when there is no such file in the form.</summary>
    private static async Task<Result<StoredFile>?> StoreFormAsync(HttpContext http, string? boundary)
    {
        if (string.IsNullOrEmpty(boundary) || boundary.Length > 200)
        {
            return null;
        }

        try
        {
            var form = new MultipartReader(boundary, http.Request.Body);
            while (await form.ReadNextSectionAsync(http.RequestAborted) is { } section)
            {
                if (section.GetContentDispositionHeader() is { } disposition && HeaderUtilities.RemoveQuotes(disposition.Name) == Field && disposition.IsFileDisposition())
                {
                    var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName);
                    return await http.RequestServices.GetRequiredService<FileStore>().StoreAsync(
                        section.Body, UploadFacts.Of(http, "upload_mt940", name.Value, section.ContentType ?? "text/plain"), http.RequestAborted);
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException and not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested))
        {
            // No well-formed form, or one that stops before its closing boundary.
        }

        return null;
    }

    private static async Task<Result<StoredFile>?> StoreJsonAsync(HttpContext http)
    {
        var most = http.RequestServices.GetRequiredService<IOptions<StatementsOptions>>().Value.MaxUploadBytes;
        var mostJson = Math.Min(MostJson, (most * 2) + 4096);
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(buffer, http.RequestAborted) is var read and > 0)
        {
            if (body.Length + read > mostJson)
            {
                return new Refusal(PartnerCodes.FileSizeExceeded, $"The file is longer than {most} bytes, or too long for JSON; send it as multipart/form-data.", RefusalKind.TooLarge);
            }

            body.Write(buffer, 0, read);
        }

        var json = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (http.Features.Get<IUploadProof>()?.Verify(json) is { } unproved)
        {
            return unproved;
        }

        if (TryReadJson(json) is not var (content, facts))
        {
            return null;
        }

        using var stream = new MemoryStream(content);
        return await http.RequestServices.GetRequiredService<FileStore>().StoreAsync(stream, facts with { Banks = http.Scope().Banks }, http.RequestAborted);
    }

    private static (byte[] Content, UploadFacts Facts)? TryReadJson(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(Field, out var file) && file.ValueKind == JsonValueKind.Object
                && Text(file, "content") is { } content)
            {
                return (Decode(content), new UploadFacts("upload_mt940", Text(file, "filename"), Text(file, "content_type") ?? "text/plain", null));
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Malformed, or half of a surrogate pair.
        }

        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Base64, else the text itself. A statement holds colons or angle brackets, which Base64 does not.</summary>
    private static byte[] Decode(string content)
    {
        var buffer = new byte[(content.Length / 4 * 3) + 3];
        return content.Length > 0 && Convert.TryFromBase64String(content, buffer, out var length) ? buffer[..length] : Encoding.UTF8.GetBytes(content);
    }

    [LoggerMessage(4001, LogLevel.Information, "Statement file {File} is stored; the same bytes came before: {IsDuplicate}")]
    private static partial void LogStored(ILogger logger, Guid file, bool isDuplicate);
}
