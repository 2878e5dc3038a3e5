using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>One request, made from its number.</summary>
internal sealed partial record FuzzRequest(int Number, Operation Operation, string Target, byte[]? Body, string? ContentType, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    private static readonly string[] Odd =
    [
        "..", "%2e%2e%2f", "%00", "%ff", "%0d%0aX-Injected:1", "-1", "0", "9223372036854775807", "9223372036854775808", "999999999999999999999999", "NaN", "'", "a%20b", "%E2%80%AE", "x;y", "*", "null",
        "00000000-0000-0000-0000-000000000000", "0198a000-0000-7000-8000-000000000001", "1-1", "1.1", "true", "%F0%9F%98%80", "2026-02-30", "{id}", "",
    ];

    private static readonly string[] Known = [Planted.Envelope, "FUZZ-E2", "FUZZ-D1", "FUZZ-B1", FuzzHost.Bank, "SPONSOR0001", "1"];

    private static readonly string[] Types =
        ["application/json", "application/json; charset=utf-16", "text/plain", "application/xml", "multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded", "x", "application/json;;;"];

    public static FuzzRequest Make(int number, int seed, IReadOnlyList<Operation> operations, FuzzHost host)
    {
        var random = new Random(HashCode(seed, number));
        // Every route has its turn; the first round is as it should be.
        var operation = operations[number % operations.Count];
        var isGood = number < operations.Count || random.Next(6) == 0;
        var headers = new List<KeyValuePair<string, string>>();
        AddHeaders(headers, operation, host, isGood, random);
        var (body, type) = BodyOf(operation, isGood, random);
        if (operation.IsCallback && body is not null && random.Next(5) != 0)
        {
            headers.Add(new("X-Signature", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(FuzzHost.CallbackSecret), body))));
        }

        var method = !isGood && random.Next(50) == 0 ? new[] { "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND" }[random.Next(8)] : operation.Method;
        return new FuzzRequest(number, operation with { Method = method }, TargetOf(operation, isGood, random), body, type, headers);
    }

    public HttpRequestMessage ToMessage(Uri address)
    {
        var message = new HttpRequestMessage(new HttpMethod(Operation.Method), new Uri(address, Target));
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            if (ContentType is not null)
            {
                message.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
            }
        }

        foreach (var (name, value) in Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    public override string ToString() => $"#{Number.ToString(CultureInfo.InvariantCulture)} {Operation.Method} {Target[..Math.Min(200, Target.Length)]}";

    private static void AddHeaders(List<KeyValuePair<string, string>> headers, Operation operation, FuzzHost host, bool isGood, Random random)
    {
        if (operation.IsPortal && (isGood || random.Next(8) != 0))
        {
            headers.Add(new("Authorization", "Bearer " + (isGood || random.Next(6) != 0 ? host.Token : Garbled(host.Token, random))));
        }
        else if (isGood || random.Next(15) != 0)
        {
            headers.Add(new("X-Api-Key", host.OperatorKey));
        }

        if (isGood || random.Next(4) != 0)
        {
            return;
        }

        string[] values = ["", "x", "\u00e9", new string('a', random.Next(1, 6_000)), "a, b", "..", "Bearer x.y.z", "Bearer " + Garbled(host.Token, random), "text/csv", "*/*;q=2", "eyJhbGciOiJub25lIn0..", "gzip", "bytes=0-1"];
        string[] names = ["X-Actor", "Signature", "Accept", "Authorization", "X-Api-Key", "Accept-Encoding", "Range", "If-None-Match", "Cookie", "X-Forwarded-For", "X-HTTP-Method-Override", "Content-Encoding", "Traceparent", "Host"];
        headers.Add(new(names[random.Next(names.Length)], values[random.Next(values.Length)]));
    }

    private static (byte[]? Body, string? Type) BodyOf(Operation operation, bool isGood, Random random)
    {
        if (operation.Method == "GET")
        {
            return !isGood && random.Next(30) == 0 ? ("{}"u8.ToArray(), "application/json") : (null, null);
        }

        if (operation.IsUpload)
        {
            return Upload(operation, isGood, random);
        }

        var good = operation.Bodies.Count > 0 ? operation.Bodies[random.Next(operation.Bodies.Count)] : "{}";
        // Another request of the same client, or a repetition of an earlier one.
        var text = random.Next(4) == 0 ? good : RequestId().Replace(good, $"\"request_id\":\"{random.Next().ToString(CultureInfo.InvariantCulture)}\"");
        text = text.Replace("FUZZ-E9", "FUZZ-E" + random.Next(100, 100_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        text = text.Replace("FUZZ-B9", "FUZZ-B" + random.Next(100, 100_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        if (operation.Path == "create_disbursements")
        {
            // Other people each time; a person is in an envelope once.
            var drawn = random.Next(100_000).ToString(CultureInfo.InvariantCulture);
            text = text.Replace("FUZZ-D", $"FUZZ-D{drawn}-", StringComparison.Ordinal).Replace(FuzzHost.Beneficiary[..^1], $"{FuzzHost.Beneficiary[..^1]}{drawn}-", StringComparison.Ordinal);
        }

        if (isGood)
        {
            return (Encoding.UTF8.GetBytes(text), "application/json");
        }

        var body = Encoding.UTF8.GetBytes(random.Next(10) == 0 ? text : Mutation.Json(text, random));
        if (random.Next(4) == 0)
        {
            body = Mutation.Bytes(body, random);
        }

        return (random.Next(100) == 0 ? [] : body, random.Next(8) == 0 ? Types[random.Next(Types.Length)] : random.Next(40) == 0 ? null : "application/json");
    }

    private static (byte[] Body, string? Type) Upload(Operation operation, bool isGood, Random random)
    {
        var (type, text) = Planted.Statements[random.Next(Planted.Statements.Count)];
        var content = Encoding.UTF8.GetBytes(text.Replace("FUZZ", "F" + random.Next(1_000_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        if (!isGood && random.Next(4) != 0)
        {
            content = Mutation.Bytes(content, random);
        }

        if (!isGood && random.Next(60) == 0)
        {
            content = [.. content, .. new byte[random.Next(1_000_000, 12_000_000)]];
        }

        if (operation.IsNative && random.Next(2) == 0)
        {
            return (content, type);
        }

        var part = isGood || random.Next(6) != 0 ? $"name=\"statement_file\"; filename=\"a.sta\"" : new[] { "name=\"other\"", "name=statement_file", "filename*=UTF-8''%ff%00; name=\"statement_file\"", "name=\"statement_file\"; filename=\"../../x\0y\"" }[random.Next(4)];
        byte[] form = [.. Encoding.Latin1.GetBytes($"--x\r\nContent-Disposition: form-data; {part}\r\nContent-Type: {type}\r\n\r\n"), .. content, .. "\r\n--x--\r\n"u8];
        return (isGood || random.Next(4) != 0 ? form : Mutation.Bytes(form, random), isGood || random.Next(10) != 0 ? "multipart/form-data; boundary=x" : Types[random.Next(Types.Length)]);
    }

    private static string TargetOf(Operation operation, bool isGood, Random random)
    {
        string Piece() => isGood || random.Next(3) != 0 ? Known[random.Next(Known.Length)] : random.Next(60) == 0 ? new string('z', random.Next(100, 9_000)) : Odd[random.Next(Odd.Length)];
        var path = Parameter().Replace(operation.Path, parameter => isGood && parameter.Value.Contains("code", StringComparison.Ordinal) ? FuzzHost.Bank
            : isGood && operation.Path.StartsWith("v1/envelopes/", StringComparison.Ordinal) ? Planted.Envelope
            : Piece());
        if (isGood || operation.Query.Count == 0 || random.Next(3) == 0)
        {
            return path.Length == 0 ? "/" : "/" + path;
        }

        var query = string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{operation.Query[random.Next(operation.Query.Count)]}={Piece()}"));
        return $"/{path}?{query}";
    }

    private static string Garbled(string token, Random random)
    {
        var at = random.Next(token.Length);
        return random.Next(3) switch
        {
            0 => token[..at],
            1 => token[..at] + "A" + token[at..],
            _ => token.Replace('.', '-'),
        };
    }

    /// <summary>The same in every process, which HashCode.Combine is not.</summary>
    private static int HashCode(int seed, int number) => unchecked((seed * 486_187_739) + (number * 16_777_619) ^ 0x5bd1e995);

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex("\"request_id\":\"[^\"]*\"")]
    private static partial Regex RequestId();
}
