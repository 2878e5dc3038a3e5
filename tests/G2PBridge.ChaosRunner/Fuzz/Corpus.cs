using System.Globalization;
using System.Text.Json.Nodes;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>One route with a request that it understands.</summary>
/// <param name="Path">With its parameters in braces, without a slash before it.</param>
/// <param name="Bodies">Good bodies in JSON; empty where none is taken.</param>
/// <param name="Query">Names of the query's parameters.</param>
internal sealed record Operation(string Method, string Path, IReadOnlyList<string> Bodies, IReadOnlyList<string> Query)
{
    public bool IsNative => Path.StartsWith("v1/", StringComparison.Ordinal);

    public bool IsPortal => Path.StartsWith("bene-portal/", StringComparison.Ordinal);

    public bool IsUpload => Path is "upload_mt940" or "v1/statements" && Method == "POST";

    public bool IsCallback => Path.EndsWith("/callbacks", StringComparison.Ordinal) && Method == "POST";
}

/// <summary>Every route of the two documents with good examples: the partner document's own, and for the native API what its schemas describe.</summary>
internal static class Corpus
{
    private const int Deepest = 6;

    public static async Task<IReadOnlyList<Operation>> ReadAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var operations = new List<Operation>
        {
            new("GET", "docs/index.html", [], []), new("GET", "openapi/partner.json", [], []), new("GET", "openapi/v1.json", [], []), new("GET", ".well-known/jwks.json", [], []), new("GET", "", [], []),
        };
        foreach (var name in new[] { "partner", "v1" })
        {
            var document = JsonNode.Parse(await http.GetStringAsync(new Uri($"openapi/{name}.json", UriKind.Relative), cancellationToken))!.AsObject();
            foreach (var (path, methods) in document["paths"]!.AsObject())
            {
                foreach (var (method, operation) in methods!.AsObject())
                {
                    var content = operation!["requestBody"]?["content"]?["application/json"];
                    operations.Add(new Operation(
                        method.ToUpperInvariant(), path.TrimStart('/'), [.. Bodies(document, content).Concat(Planted.Of(path.TrimStart('/')))],
                        [.. (operation["parameters"]?.AsArray() ?? []).Where(parameter => (string?)parameter!["in"] == "query").Select(parameter => (string)parameter!["name"]!)]));
                }
            }
        }

        return operations;
    }

    private static IEnumerable<string> Bodies(JsonObject document, JsonNode? content)
    {
        if (content is null)
        {
            return [];
        }

        return content["examples"] is JsonObject examples
            ? examples.Select(example => example.Value!["value"]!.ToJsonString())
            : [Sample(document, content["schema"]!, "", 0)?.ToJsonString() ?? "null"];
    }

    private static JsonNode? Sample(JsonObject document, JsonNode schema, string name, int depth)
    {
        while ((string?)schema["$ref"] is { } reference)
        {
            schema = document["components"]!["schemas"]![reference.Split('/')[^1]]!;
        }

        if (depth > Deepest)
        {
            return null;
        }

        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
        {
            return Sample(document, choices[^1]!, name, depth + 1);
        }

        if (schema["enum"] is JsonArray { Count: > 0 } values)
        {
            return values[0]!.DeepClone();
        }

        var type = schema["type"] is JsonArray kinds ? kinds.Select(kind => (string)kind!).First(kind => kind != "null") : (string?)schema["type"];
        return type switch
        {
            "object" => schema["properties"] is JsonObject properties
                ? new JsonObject(properties.Select(property => KeyValuePair.Create(property.Key, Sample(document, property.Value!, property.Key, depth + 1))))
                : [],
            "array" => new JsonArray(Sample(document, schema["items"] ?? new JsonObject(), name, depth + 1)),
            "integer" => 1,
            "number" => 1.5,
            "boolean" => true,
            _ => (string?)schema["format"] switch
            {
                "uuid" => "0198a000-0000-7000-8000-000000000001",
                "date" => "2026-06-19",
                "date-time" => "2026-06-19T10:00:00Z",
                _ => Planted.Text(name),
            },
        };
    }
}

/// <summary>What is in the database before anything is sent, and texts that must never be in a log.</summary>
internal static class Planted
{
    public const string Envelope = "FUZZ-E1";
    public const string Name = "CANARYNAME Nabila";
    public const string Narrative = "CANARYTEXT rent";
    public const string Account = "CANARYACCOUNT771";
    public const string Canary = "CANARY";

    public static string Text(string field) => field switch
    {
        "disbursement_id" or "id" => "FUZZ-D1",
        "envelope_id" or "disbursement_envelope_id" => Envelope,
        "beneficiary_id" => FuzzHost.Beneficiary,
        "beneficiary_name" or "delivered_by" or "received_by" => Name,
        "narrative" or "evidence" or "reason" => Narrative,
        "account" or "account_number" => Account,
        "scope" => "ENVELOPE",
        "value" => Envelope,
        "payment_reference_number" => "G2P0000000000001",
        "status" => "ACCEPTED",
        "currency" => "USD",
        _ => "text",
    };

    public static IEnumerable<string> Of(string path) => path switch
    {
        "create_disbursement_envelopes" or "amend_disbursement_envelope" or "cancel_disbursement_envelope" => [Request(new JsonArray(NewEnvelope("FUZZ-E9", 3)))],
        "create_disbursements" => [Request(Lines("FUZZ-E2", "FUZZ-D", 2), "FUZZ-B9")],
        "cancel_disbursements" => [Request(Lines(Envelope, "FUZZ-D", 1))],
        "get_disbursement_status" => [Request(new JsonArray("FUZZ-D1", "FUZZ-D2"))],
        "get_disbursement_envelope_status" => [Request(Envelope)],
        "get_disbursement_batch_control" => [Request("FUZZ-B1")],
        _ => [],
    };

    public static JsonObject NewEnvelope(string id, int lines) => new()
    {
        ["id"] = id,
        ["benefit_program_id"] = 1,
        ["benefit_program_mnemonic"] = "FUZZ",
        ["target_registry"] = "FARMER",
        ["benefit_code_id"] = 1,
        ["benefit_code_mnemonic"] = "FUZZ_USD",
        ["benefit_type"] = "CASH_DIGITAL",
        ["disbursement_cycle_id"] = 1,
        ["disbursement_frequency"] = "Monthly",
        ["cycle_code_mnemonic"] = id,
        ["number_of_beneficiaries"] = lines,
        ["number_of_disbursements"] = lines,
        ["total_disbursement_quantity"] = 10m * lines,
        ["measurement_unit"] = "USD",
        // Far ahead, so that everything may be changed and nothing is due.
        ["disbursement_schedule_date"] = "2099-01-31",
    };

    public static JsonArray Lines(string envelope, string prefix, int count) => [.. Enumerable.Range(1, count).Select(number => (JsonNode)new JsonObject
    {
        ["disbursement_id"] = string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}"),
        ["disbursement_envelope_id"] = envelope,
        ["beneficiary_id"] = string.Create(CultureInfo.InvariantCulture, $"CANARY-PERSON-{number}"),
        ["beneficiary_name"] = Name,
        ["disbursement_quantity"] = 10m,
        ["narrative"] = Narrative,
        ["disbursement_cycle_id"] = 1,
        ["compute_elements"] = new JsonObject { ["hectares"] = 1.5, ["note"] = Narrative },
    })];

    public static string Request(JsonNode? payload, string? batch = null)
    {
        var body = new JsonObject { ["pagination_request"] = null, ["request_payload"] = payload };
        if (batch is not null)
        {
            body["disbursement_batch_control_id"] = batch;
        }

        return new JsonObject
        {
            ["request_header"] = new JsonObject
            {
                ["sender_app_mnemonic"] = "FUZZ_PBMS",
                ["sender_app_url"] = "",
                ["request_id"] = Guid.CreateVersion7().ToString("N"),
                ["request_timestamp"] = "2026-06-19T10:00:00Z",
                ["instance_id"] = null,
            },
            ["request_body"] = body,
        }.ToJsonString();
    }

    /// <summary>A statement in each format that is read.</summary>
    public static IReadOnlyList<(string Type, string Text)> Statements { get; } =
    [
        ("text/plain", ":20:FUZZ\n:25:SPONSOR0001\n:28C:1/1\n:60F:C260619USD1000,00\n:61:2606190619D10,00NTRFG2P0000000000001//X1\n:86:CANARYTEXT\nCANARYNAME\n:62F:C260619USD990,00"),
        ("application/vnd.swift.mt940", "{1:F01AAAABB99AXXX0000000000}{2:I940AAAABB99AXXXN}{4:\r\n:20:FUZZ2\r\n:25:SPONSOR0001\r\n:28C:2/1\r\n:60F:C260619USD990,00\r\n:62F:C260619USD990,00\r\n-}"),
        ("application/xml",
            """
            <?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>F</MsgId><CreDtTm>2026-06-19T00:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-06-19T00:00:00</CreDtTm><Acct><Id><Othr><Id>SPONSOR0001</Id></Othr></Id><Ccy>USD</Ccy></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-19</Dt></Dt></Bal><Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">90.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-19</Dt></Dt></Bal><Ntry><Amt Ccy="USD">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-06-19</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>G2P0000000000001</EndToEndId></Refs><RltdPties><Cdtr><Nm>CANARYNAME</Nm></Cdtr></RltdPties></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>
            """),
        ("application/xml",
            """
            <?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>P</MsgId><CreDtTm>2026-06-19T00:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>O</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>G2P0000000000001</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>
            """),
        ("text/csv", "account,currency,booking_date,amount,debit_credit,reference,narrative\nSPONSOR0001,USD,2026-06-19,10.00,D,G2P0000000000001,CANARYTEXT\n"),
        ("application/octet-stream", "%PDF-1.7 not a statement"),
    ];
}
