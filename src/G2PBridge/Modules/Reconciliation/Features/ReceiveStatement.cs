using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>The native intake: the file as the request's body, or as the first file of a form; any format that the reader knows.</summary>
internal static class ReceiveStatement
{
    private const string Unnamed = "application/octet-stream";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("v1/statements", HandleAsync).NeedsRole(Role.StatementSender)
        .WithMetadata(new TakesSignedUpload()).HonoursScope("what is not of the sender's banks is not booked")
        .WithName("receiveStatement")
        .WithTags("Statements")
        .WithSummary("Takes in a bank statement of any supported format; it is read and matched in the background.")
        .Produces<Response>(StatusCodes.Status202Accepted)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <param name="Duplicate">The same bytes were received before; the id is the first file's.</param>
    internal sealed record Response(Guid Id, bool Duplicate);

    private static async Task<IResult> HandleAsync(
        HttpContext http, FileStore store, IOptions<StatementsOptions> options, WorkSignal signal, [FromQuery] string? profile, [FromQuery(Name = "file_name")] string? fileName)
    {
        if (profile is not null && options.Value.FindProfile(profile) is null)
        {
            return new Refusal("UNKNOWN_PROFILE", "No profile of this name is configured or shipped.").ToProblem();
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var (content, type, name) = (http.Request.Body, http.Request.ContentType, fileName);
        if (MediaTypeHeaderValue.TryParse(type, out var parsed) && parsed.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            if (await FindFileAsync(http, HeaderUtilities.RemoveQuotes(parsed.Boundary).Value) is not var (section, sectionName))
            {
                return new Refusal(PartnerCodes.RequestValidationError, "The form holds no file.").ToProblem();
            }

            (content, type, name) = (section.Body, section.ContentType, fileName ?? sectionName);
        }

        // Here the content speaks for itself: a type that says nothing about it is no reason to refuse it.
        var facts = UploadFacts.Of(http, "v1", name, type is null || type.StartsWith(Unnamed, StringComparison.OrdinalIgnoreCase) ? null : type, profile);
        Result<StoredFile> stored;
        try
        {
            stored = await store.StoreAsync(content, facts, http.RequestAborted);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            return new Refusal(PartnerCodes.RequestValidationError, "The form ends before its file does.").ToProblem();
        }

        if (stored.Refusal is { } refusal)
        {
            return refusal.ToProblem();
        }

        await signal.RaiseAsync(Work.ReadStatements, CancellationToken.None);
        return TypedResults.Accepted($"/v1/statements/{stored.Value.Id}", new Response(stored.Value.Id, stored.Value.IsDuplicate));
    }

    private static async Task<(MultipartSection Section, string? Name)?> FindFileAsync(HttpContext http, string? boundary)
    {
        if (string.IsNullOrEmpty(boundary))
        {
            return null;
        }

        try
        {
            var form = new MultipartReader(boundary, http.Request.Body);
            while (await form.ReadNextSectionAsync(http.RequestAborted) is { } section)
            {
                if (section.GetContentDispositionHeader() is { } disposition && disposition.IsFileDisposition())
                {
                    return (section, HeaderUtilities.RemoveQuotes(disposition.FileName).Value);
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is IOException and not BadHttpRequestException))
        {
            // No well-formed form.
        }

        return null;
    }
}
