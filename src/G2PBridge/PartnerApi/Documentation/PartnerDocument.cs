using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace G2PBridge.PartnerApi.Documentation;

/// <summary>
/// Describes the partner API. Its endpoints read their bodies by hand, so nothing can be read off their signatures; what they
/// take and give is said here, by path.
/// </summary>
internal static class PartnerDocument
{
    /// <summary>The extension that lists every code with its meaning and its remedy.</summary>
    public const string Codes = "x-codes";

    private const string Json = "application/json";

    private const string Introduction =
        """
        For programme systems. Every call is a `POST` of a header and a payload. A call that was understood is answered with HTTP 200,
        whether it was carried out (`response_status` is `SUCCESS`) or refused (`ERROR`, with a code to act on and, as an addition,
        `response_error_detail` for a person). A call that was not understood is answered with HTTP 400 and a list of problems.

        Repeating a call (same `sender_app_mnemonic`, `request_id` and body) is safe: it gives the first answer. Money is written as a
        JSON number and read exactly; a quantity that would have to be rounded is refused.

        Every path also takes the form of version 1.0 (`header` and `message` in place of `request_header` and `request_body`) and then
        answers in it.
        """;

    /// <summary>Attaches to every endpoint of the contract under <paramref name="routes"/> what it takes and gives.</summary>
    public static TBuilder WithPartnerDocumentation<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder
    {
        routes.Add(builder =>
        {
            if (builder is not RouteEndpointBuilder endpoint || !PartnerOperations.All.TryGetValue(endpoint.RoutePattern.RawText?.Trim('/') ?? "", out var operation))
            {
                return;
            }

            endpoint.Metadata.Add(new EndpointSummaryAttribute(operation.Summary));
            endpoint.Metadata.Add(new EndpointDescriptionAttribute(operation.Description));
            endpoint.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, operation.Response, [Json]));
            if (operation.Request is not null)
            {
                // Any content type is read as JSON, as the contract's server does; only the document names one.
                endpoint.Metadata.Add(new AcceptsMetadata([Json, "*/*"], operation.Request));
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ErrorList), [Json]));
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status413PayloadTooLarge, typeof(ErrorList), [Json]));
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status500InternalServerError, typeof(ErrorList), [Json]));
            }
        });
        return routes;
    }

    public static Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (!PartnerOperations.All.TryGetValue(context.Description.RelativePath?.Trim('/') ?? "", out var known))
        {
            return Task.CompletedTask;
        }

        if (operation.RequestBody?.Content is { } content && known.Request is not null)
        {
            content.Remove("*/*");
            content[Json].Examples = ToExamples(known.Requests);
        }
        else if (known.Path == PartnerOperations.Upload)
        {
            operation.RequestBody = Form();
        }

        foreach (var (status, examples) in new[]
        {
            ("200", known.Responses), ("400", One("Malformed", PartnerExamples.Malformed)), ("413", One("Too large", PartnerExamples.TooLarge)), ("500", One("A fault of ours", PartnerExamples.Faulty)),
        })
        {
            if (operation.Responses?.TryGetValue(status, out var response) == true && response.Content?.TryGetValue(Json, out var media) == true)
            {
                media.Examples = ToExamples(examples);
            }
        }

        return Task.CompletedTask;
    }

    public static Task Describe(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(Introduction).AppendLine();
        List(text, "Codes of the contract", PartnerCodeCatalogue.All.Where(code => !code.IsOurs));
        List(text, "Codes of this bridge, which are not in the contract", PartnerCodeCatalogue.All.Where(code => code.IsOurs));
        document.Info = new OpenApiInfo { Title = "G2P Bridge: partner API", Version = "2.1", Description = text.ToString() };
        document.Servers = [];
        document.Tags = new[] { PartnerTags.Envelope, PartnerTags.Status, PartnerTags.EnvelopeStatus, PartnerTags.Statement, PartnerTags.BeneficiaryPortal, "Health" }.Select(name => new OpenApiTag { Name = name }).ToHashSet();
        document.Extensions ??= new Dictionary<string, IOpenApiExtension>(StringComparer.Ordinal);
        document.Extensions[Codes] = new JsonNodeExtension(new JsonArray([.. PartnerCodeCatalogue.All.Select(code => new JsonObject
        {
            ["code"] = code.Code,
            ["origin"] = code.IsOurs ? "bridge" : "contract",
            ["meaning"] = code.Meaning,
            ["remedy"] = code.Remedy,
        })]));
        return Task.CompletedTask;
    }

    /// <summary>Folded, so that the endpoints come first; a list, so that it is read on a narrow screen too.</summary>
    private static void List(StringBuilder text, string title, IEnumerable<DocumentedCode> codes)
    {
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"<details><summary>{title}</summary>").AppendLine();
        foreach (var code in codes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- `{code.Code}` {code.Meaning} *{code.Remedy}*");
        }

        text.AppendLine().AppendLine("</details>");
    }

    private static OpenApiRequestBody Form() => new()
    {
        Required = true,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["multipart/form-data"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string>(StringComparer.Ordinal) { "statement_file" },
                    Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                    {
                        ["statement_file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "The statement as the bank wrote it." },
                    },
                },
            },
        },
    };

    private static Dictionary<string, string> One(string name, string json) => new(StringComparer.Ordinal) { [name] = json };

    private static Dictionary<string, IOpenApiExample> ToExamples(IReadOnlyDictionary<string, string> examples) =>
        examples.ToDictionary(example => example.Key, IOpenApiExample (example) => new OpenApiExample { Summary = example.Key, Value = JsonNode.Parse(example.Value) }, StringComparer.Ordinal);
}
