using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace G2PBridge.Platform.OpenApi;

/// <summary>
/// Carries the documentation comments of records into the documents, so that a field is described once, where it is declared.
/// The framework does this for public types only, and ours are internal.
/// </summary>
internal static partial class XmlDescriptions
{
    private static readonly Lazy<FrozenDictionary<string, string>> Texts = new(Read);

    public static Task Describe(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (context.JsonPropertyInfo is null && Texts.Value.TryGetValue("T:" + NameOf(type), out var summary))
        {
            schema.Description ??= summary;
        }

        foreach (var property in context.JsonTypeInfo.Properties)
        {
            if (property.AttributeProvider is System.Reflection.PropertyInfo declared
                && schema.Properties?.TryGetValue(property.Name, out var described) == true
                && Texts.Value.TryGetValue($"P:{NameOf(declared.DeclaringType!)}.{declared.Name}", out var text))
            {
                // A field of a named type keeps the type's own description unless it has one itself.
                described.Description = text;
            }
        }

        return Task.CompletedTask;
    }

    private static string NameOf(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName?.Replace('+', '.') ?? type.Name;

    private static FrozenDictionary<string, string> Read()
    {
        var path = Path.ChangeExtension(typeof(XmlDescriptions).Assembly.Location, ".xml");
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(path))
        {
            return texts.ToFrozenDictionary(StringComparer.Ordinal);
        }

        foreach (var member in XDocument.Load(path).Descendants("member"))
        {
            if (member.Attribute("name")?.Value is not { } name)
            {
                continue;
            }

            if (member.Element("summary") is { } summary)
            {
                texts.TryAdd(name, Plain(summary));
            }

            // A parameter of a record is described on the record, or on its constructor.
            var owner = name.StartsWith("M:", StringComparison.Ordinal) ? name.IndexOf(".#ctor", StringComparison.Ordinal) is var end and > 0 ? name[2..end] : null : name[2..];
            foreach (var parameter in member.Elements("param"))
            {
                if (owner is not null && parameter.Attribute("name")?.Value is { } parameterName)
                {
                    texts.TryAdd($"P:{owner}.{parameterName}", Plain(parameter));
                }
            }
        }

        return texts.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string Plain(XElement element)
    {
        var text = new StringBuilder();
        foreach (var node in element.Nodes())
        {
            text.Append(node is XElement { IsEmpty: true } reference ? (reference.Attribute("name") ?? reference.Attribute("cref"))?.Value.Split('.', ':')[^1] : node is XElement inner ? inner.Value : node.ToString());
        }

        return Blanks().Replace(System.Net.WebUtility.HtmlDecode(text.ToString()), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
