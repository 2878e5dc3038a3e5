using G2PBridge.PartnerApi.Documentation;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace G2PBridge.Platform.OpenApi;

/// <summary>
/// The two documents, one for each API, and the page that shows both. A document is put together when it is first asked for,
/// so that starting costs nothing; the page's files come with the package and nothing is fetched from anywhere.
/// </summary>
internal static class ApiDocuments
{
    public const string Partner = "partner";
    public const string Native = "v1";
    public const string Page = "docs";

    private const string NativePrefix = "v1/";

    private const string NativeDescription =
        """
        What screens, the command line and reports are built on. Success is a 2xx status; everything else is a problem document
        (RFC 9457, `application/problem+json`) whose `title` is a code to act on and whose `detail` is one sentence for a person.
        Lists are paged by a cursor: give `next` of one page to get the one after it.
        """;

    public static IServiceCollection AddApiDocuments(this IServiceCollection services)
    {
        services.AddOpenApi(Partner, options =>
        {
            options.ShouldInclude = description => !IsNative(description);
            DescribeSchemas(options);
            options.AddOperationTransformer(PartnerDocument.DescribeOperation);
            options.AddDocumentTransformer(PartnerDocument.Describe);
        });
        services.AddOpenApi(Native, options =>
        {
            options.ShouldInclude = IsNative;
            DescribeSchemas(options);
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = "G2P Bridge: native API", Version = "v1", Description = NativeDescription };
                document.Servers = [];
                return Task.CompletedTask;
            });
        });
        return services;
    }

    public static void UseApiDocuments(this WebApplication web)
    {
        web.MapOpenApi("openapi/{documentName}.json");
        web.UseSwaggerUI(page =>
        {
            page.RoutePrefix = Page;
            page.DocumentTitle = "G2P Bridge: APIs";
            // Relative, so that the page also works behind a gateway that takes a prefix off the path.
            page.SwaggerEndpoint($"../openapi/{Partner}.json", "Partner API");
            page.SwaggerEndpoint($"../openapi/{Native}.json", "Native API (/v1)");
            page.DefaultModelsExpandDepth(0);
            page.DisplayRequestDuration();
        });
    }

    private static bool IsNative(ApiDescription description) => description.RelativePath?.StartsWith(NativePrefix, StringComparison.Ordinal) == true;

    private static void DescribeSchemas(OpenApiOptions options)
    {
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } name ? Qualify(type.Type, name) : null;
        options.AddSchemaTransformer(WriteNumbersAsNumbers);
        options.AddSchemaTransformer(CloseLists);
        options.AddSchemaTransformer(XmlDescriptions.Describe);
    }

    /// <summary>Where a value may be null its field says so; the list itself holds the contract's values only.</summary>
    private static Task CloseLists(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (schema.Enum is { Count: > 0 } values)
        {
            schema.Enum = [.. values.Where(value => value is not null && !value.IsJsonNullSentinel())];
            schema.Type ??= JsonSchemaType.String;
        }

        return Task.CompletedTask;
    }

    /// <summary>Every slice has its Response; with the slice's name each is told from the others.</summary>
    private static string Qualify(Type type, string name) => type is { IsNested: true, IsGenericType: false } ? type.DeclaringType!.Name + name : name;

    /// <summary>The serializer also reads numbers from text; nobody should be told to write them so.</summary>
    private static Task WriteNumbersAsNumbers(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (schema.Type is { } type && (type & (JsonSchemaType.Integer | JsonSchemaType.Number)) != 0)
        {
            schema.Type = type & ~JsonSchemaType.String;
            schema.Pattern = null;
        }

        return Task.CompletedTask;
    }
}
