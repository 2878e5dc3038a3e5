using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using G2PBridge.PartnerApi.Documentation;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.PartnerApi;

internal sealed class PartnerCodeCatalogueTests
{
    private static readonly string[] Codes =
        [.. typeof(PartnerCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

    [Test]
    public void Every_code_is_described_once()
    {
        Assert.That(Codes, Has.Length.GreaterThan(40));
        Assert.That(PartnerCodeCatalogue.All.Select(code => code.Code), Is.EquivalentTo(Codes));
    }

    [Test]
    public void Every_description_says_what_it_means_and_what_to_do() =>
        Assert.That(PartnerCodeCatalogue.All, Has.All.Matches<DocumentedCode>(code => code.Meaning.EndsWith('.') || code.Meaning.EndsWith(')')).And.All.Matches<DocumentedCode>(code => code.Remedy.EndsWith('.')));

    [Test]
    public void A_code_of_ours_never_stands_in_the_closed_list()
    {
        var closed = Enum.GetValues<BridgeErrorCode>().Select(code => JsonSerializer.SerializeToElement(code, Options).GetString());
        Assert.That(closed.Intersect(PartnerCodeCatalogue.All.Where(code => code.IsOurs).Select(code => code.Code)), Is.Empty);
    }

    [TestCaseSource(nameof(Examples))]
    public void An_example_is_json_and_fits_what_it_is_an_example_of(string path, string name, Type? type, string json)
    {
        var node = JsonNode.Parse(json);
        Assert.That(node, Is.Not.Null, $"{path}: {name}");
        if (type is not null && node is JsonObject example && !example.ContainsKey("header"))
        {
            Assert.That(() => example.Deserialize(type, Options), Throws.Nothing);
        }
    }

    private static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter() },
    };

    private static IEnumerable<object?[]> Examples() =>
        from operation in PartnerOperations.All.Values
        from example in operation.Requests.Select(example => (example.Key, Type: operation.Request, example.Value)).Concat(operation.Responses.Select(example => (example.Key, Type: (Type?)operation.Response, example.Value)))
        select new object?[] { operation.Path, example.Key, example.Type, example.Value };
}
