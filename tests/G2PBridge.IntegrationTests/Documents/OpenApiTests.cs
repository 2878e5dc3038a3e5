using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using G2PBridge.SharedKernel;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Documents;

/// <summary>The two OpenAPI documents and their page, as the running host gives them.</summary>
internal sealed partial class OpenApiTests : IntegrationTest
{
    private static readonly string[] Contract =
    [
        "create_disbursement_envelopes", "cancel_disbursement_envelope", "amend_disbursement_envelope", "create_disbursements", "cancel_disbursements",
        "get_disbursement_status", "get_disbursement_batch_control", "get_disbursement_envelope_status", "create_disbursement_envelope", "ping",
    ];

    /// <summary>The closed lists, copied from the contract by hand.</summary>
    private static readonly Dictionary<string, string> ClosedLists = new(StringComparer.Ordinal)
    {
        ["BenefitType"] = "COMMODITY SERVICE CASH_DIGITAL CASH_PHYSICAL COMBINATION",
        ["DisbursementFrequency"] = "Daily Weekly Fortnightly Monthly BiMonthly Quarterly SemiAnnually Annually OnDemand",
        ["EnvelopeCancellation"] = "Not_Cancelled Cancelled",
        ["DisbursementCancellation"] = "NOT_CANCELLED CANCELLED",
        ["FundsAvailability"] = "NOT_APPLICABLE PENDING_CHECK CHECK_IN_PROGRESS FUNDS_AVAILABLE FUNDS_NOT_AVAILABLE ERROR",
        ["FundsBlocking"] = "NOT_APPLICABLE PENDING_CHECK CHECK_IN_PROGRESS FUNDS_BLOCK_SUCCESS FUNDS_BLOCK_FAILURE ERROR",
        ["TaskProgress"] = "PENDING PROCESSING PROCESSED ERROR NOT_APPLICABLE",
        ["ResponseStatus"] = "SUCCESS ERROR",
        ["BridgeErrorCode"] =
            """
            REQUEST_VALIDATION_ERROR INVALID_PROGRAM_ID INVALID_PROGRAM_MNEMONIC INVALID_DISBURSEMENT_FREQUENCY INVALID_CYCLE_CODE_MNEMONIC INVALID_NO_OF_BENEFICIARIES
            INVALID_NO_OF_DISBURSEMENTS INVALID_TOTAL_DISBURSEMENT_QUANTITY INVALID_DISBURSEMENT_CURRENCY_CODE INVALID_DISBURSEMENT_SCHEDULE_DATE DISBURSEMENT_ENVELOPE_NOT_FOUND
            DISBURSEMENT_ENVELOPE_ALREADY_CANCELED INVALID_DISBURSEMENT_ENVELOPE_ID INVALID_DISBURSEMENT_QUANTITY INVALID_BENEFICIARY_ID INVALID_BENEFICIARY_NAME INVALID_NARRATIVE
            INVALID_RECEIPT_TIME_STAMP INVALID_TARGET_REGISTRY INVALID_BENEFIT_CODE_ID INVALID_BENEFIT_CODE_MNEMONIC DISBURSEMENT_ENVELOPE_DATE_PASSED INVALID_DISBURSEMENT_ID
            INVALID_RECONCILIATION_ID INVALID_DISBURSEMENT_PAYLOAD ENVELOPE_ALREADY_CANCELLED NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED NO_OF_DISBURSEMENTS_LESS_THAN_ZERO
            TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED TOTAL_DISBURSEMENT_QUANTITY_LESS_THAN_ZERO MULTIPLE_ENVELOPES_FOUND DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED
            DISBURSEMENT_ALREADY_CANCELED STATEMENT_UPLOAD_ERROR DUPLICATE_DISBURSEMENT INVALID_REVERSAL INVALID_ACCOUNT_NUMBER DATABASE_CONNECTION_ERROR DATABASE_QUERY_ERROR DATABASE_TRANSACTION_ERROR
            """,
    };

    [TestCase("partner")]
    [TestCase("v1")]
    public async Task A_document_is_complete_in_itself(string name)
    {
        var document = await DocumentAsync(name);
        var references = Reference().Matches(document.ToJsonString()).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Multiple(() =>
        {
            Assert.That((string?)document["openapi"], Does.StartWith("3."));
            Assert.That((string?)document["info"]!["description"], Is.Not.Empty);
            Assert.That(references, Is.Not.Empty);
            Assert.That(references.Except(document["components"]!["schemas"]!.AsObject().Select(schema => schema.Key)), Is.Empty);
            Assert.That(Operations(document).Where(operation => (string?)operation.Node["summary"] is null or "").Select(operation => operation.Path), Is.Empty);
        });
    }

    [Test]
    public async Task Every_route_of_ours_stands_in_one_of_the_documents()
    {
        var documented = (await Task.WhenAll(DocumentAsync("partner"), DocumentAsync("v1"))).SelectMany(Operations).Select(operation => $"{operation.Method} {operation.Path}").ToList();
        var mapped = TestHost.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => !Plain(endpoint.RoutePattern).StartsWith("/openapi/", StringComparison.Ordinal) && endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null)
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Select(method => $"{method} {Plain(endpoint.RoutePattern)}") ?? []).ToList();
        Assert.That(mapped, Has.Count.GreaterThan(10));
        Assert.That(documented, Is.EquivalentTo(mapped));
    }

    [Test]
    public async Task The_partner_document_has_every_endpoint_of_the_contract_and_the_native_one_only_its_own()
    {
        var partner = Operations(await DocumentAsync("partner")).ToDictionary(operation => operation.Path.Trim('/'), operation => operation.Node, StringComparer.Ordinal);
        Assert.Multiple(async () =>
        {
            Assert.That(Contract.Except(partner.Keys), Is.Empty);
            Assert.That(partner.Keys.Where(path => path.Contains("simulators", StringComparison.Ordinal) || path.StartsWith("v1", StringComparison.Ordinal)), Is.Empty);
            Assert.That(Operations(await DocumentAsync("v1")).Select(operation => operation.Path), Has.All.StartsWith("/v1/"));
            foreach (var (path, operation) in partner.Where(entry => entry.Key is not "ping" and not "upload_mt940"))
            {
                Assert.That(operation["requestBody"]?["content"]?.AsObject().Select(media => media.Key), Is.EqualTo(new[] { "application/json" }), path);
                Assert.That(operation["responses"]!.AsObject().Select(response => response.Key), Is.SupersetOf(new[] { "200", "400" }), path);
            }
        });
    }

    [Test]
    public async Task Closed_lists_are_the_contracts()
    {
        var schemas = (await DocumentAsync("partner"))["components"]!["schemas"]!.AsObject();
        Assert.Multiple(() =>
        {
            Assert.That(schemas.Where(schema => schema.Value!["enum"] is not null).Select(schema => schema.Key), Is.EquivalentTo(ClosedLists.Keys));
            foreach (var (name, values) in ClosedLists)
            {
                Assert.That(schemas[name]?["enum"]?.AsArray().Select(value => (string)value!), Is.EquivalentTo(values.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)), name);
            }
        });
    }

    [Test]
    public async Task Every_code_that_can_be_answered_is_explained()
    {
        var document = await DocumentAsync("partner");
        var codes = typeof(PartnerCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToList();
        var listed = document["x-codes"]!.AsArray();
        Assert.Multiple(() =>
        {
            Assert.That(listed.Select(code => (string)code!["code"]!), Is.EquivalentTo(codes));
            Assert.That(listed, Has.All.Matches<JsonNode>(code => ((string?)code["meaning"])?.Length > 0 && ((string?)code["remedy"])?.Length > 0));
            Assert.That(codes.Where(code => !((string)document["info"]!["description"]!).Contains($"`{code}`", StringComparison.Ordinal)), Is.Empty);
        });
    }

    [Test]
    public async Task Every_example_has_only_fields_and_values_that_its_schema_knows()
    {
        var document = await DocumentAsync("partner");
        var examples = (from operation in Operations(document)
                        from content in Contents(operation.Node)
                        from example in content["examples"]?.AsObject().Select(example => (example.Key, Value: example.Value!["value"])) ?? []
                        select (Where: $"{operation.Path}: {example.Key}", content, example.Value)).ToList();
        Assert.That(examples, Has.Count.GreaterThan(20));
        Assert.That(examples.Where(example => (example.Value as JsonObject)?["header"] is null).SelectMany(example => Misfits(document, example.content["schema"]!, example.Value, example.Where)), Is.Empty);
    }

    [Test]
    public async Task The_examples_are_answered_as_the_document_says()
    {
        var document = await DocumentAsync("partner");
        var request = document["paths"]!["/create_disbursement_envelopes"]!["post"]!["requestBody"]!["content"]!["application/json"]!["examples"]!.AsObject().First().Value!["value"]!;
        var answer = await PostAsync("create_disbursement_envelopes", request.DeepClone());
        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
        Assert.That(Misfits(document, document["components"]!["schemas"]!["EnvelopesResponse"]!, answer, "answer"), Is.Empty);
    }

    [TestCase("get_disbursement_envelope_status", "EnvelopeStatusResponse")]
    [TestCase("get_disbursement_batch_control", "BatchControlResponse")]
    public async Task Answers_have_the_fields_of_the_document(string path, string schema)
    {
        await Journey.ReceiveAsync("E1", 2);
        var document = await DocumentAsync("partner");
        var answer = await PostAsync(path, Wire.Request(path.EndsWith("control", StringComparison.Ordinal) ? "E1-BATCH" : "E1"));
        Assert.That(answer.Payload(), Is.Not.Null);
        Assert.That(Misfits(document, document["components"]!["schemas"]![schema]!, answer, path), Is.Empty);
    }

    [Test]
    public async Task The_page_is_served_with_everything_that_it_needs()
    {
        using var page = await Http.GetAsync(new Uri(TestHost.Address, "docs"));
        var html = await page.Content.ReadAsStringAsync();
        Assert.Multiple(() =>
        {
            Assert.That(page.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(page.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/html"));
            Assert.That(page.RequestMessage!.RequestUri!.AbsolutePath, Is.EqualTo("/docs/index.html"));
            Assert.That(Asset().Matches(html).Select(match => match.Groups[1].Value).Where(asset => asset.Contains("//", StringComparison.Ordinal)), Is.Empty, "nothing comes from elsewhere");
        });
        foreach (var asset in Asset().Matches(html).Select(match => match.Groups[1].Value).Where(asset => asset.Length > 0))
        {
            using var found = await Http.GetAsync(new Uri(page.RequestMessage!.RequestUri!, asset));
            Assert.That(found.StatusCode, Is.EqualTo(HttpStatusCode.OK), asset);
        }
    }

    private static async Task<JsonObject> DocumentAsync(string name) => (await Http.GetFromJsonAsync<JsonObject>(new Uri(TestHost.Address, $"openapi/{name}.json")))!;

    private static IEnumerable<(string Method, string Path, JsonNode Node)> Operations(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!);

    private static IEnumerable<JsonNode> Contents(JsonNode operation) =>
        (operation["requestBody"]?["content"]?.AsObject().Select(content => content.Value!) ?? [])
            .Concat(operation["responses"]!.AsObject().SelectMany(response => response.Value!["content"]?.AsObject().Select(content => content.Value!) ?? []));

    private static string Plain(RoutePattern pattern) => "/" + Constraint().Replace(pattern.RawText!.TrimStart('/'), "{$1}");

    /// <summary>The smallest check that finds a misspelled field, a value outside a closed list and a wrong kind of value.</summary>
    private static IEnumerable<string> Misfits(JsonObject document, JsonNode schema, JsonNode? value, string at)
    {
        while ((string?)schema["$ref"] is { } reference)
        {
            schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            return choices.Any(choice => !Misfits(document, choice!, value, at).Any()) ? [] : Misfits(document, choices[^1]!, value, at);
        }

        var kinds = schema["type"] switch { null => [], JsonArray many => many.Select(kind => (string)kind!).ToList(), var one => [(string)one!] };
        if (kinds.Count > 0 && !kinds.Contains(KindOf(value)) && !(KindOf(value) == "integer" && kinds.Contains("number")))
        {
            return [$"{at} is {KindOf(value)}, not {string.Join(" or ", kinds)}"];
        }

        return value switch
        {
            JsonArray list when schema["items"] is { } items => list.SelectMany((item, index) => Misfits(document, items, item, $"{at}[{index}]")),
            JsonObject map when schema["properties"] is JsonObject properties =>
            [
                .. map.Where(field => !properties.ContainsKey(field.Key)).Select(field => $"{at}.{field.Key} is not described"),
                .. (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).Where(name => !map.ContainsKey(name)).Select(name => $"{at}.{name} is missing"),
                .. map.Where(field => properties.ContainsKey(field.Key)).SelectMany(field => Misfits(document, properties[field.Key]!, field.Value, $"{at}.{field.Key}")),
            ],
            _ when schema["enum"] is JsonArray values && !values.Any(known => (string?)known == (string?)value) => [$"{at} is {value}, which is not in the list"],
            _ => [],
        };
    }

    private static string KindOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        JsonValueKind.Number => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
        _ => throw new UnreachableException(),
    };

    [GeneratedRegex("#/components/schemas/([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\{(\w+)[^}]*\}")]
    private static partial Regex Constraint();

    [GeneratedRegex("(?:src|href)=\"([^\"]*)\"")]
    private static partial Regex Asset();
}
