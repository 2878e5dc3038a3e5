using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.PartnerApi;
using Microsoft.AspNetCore.Http;

namespace G2PBridge.UnitTests.PartnerApi;

internal sealed class PartnerRequestTests
{
    private const string Newest =
        """
        {"request_header": {"sender_app_mnemonic": "PBMS", "sender_app_url": "", "request_id": "r1", "request_timestamp": "2026-06-19T10:15:00Z", "instance_id": null},
         "request_body": {"pagination_request": null, "disbursement_batch_control_id": "B-1", "request_payload": [{"id": "E1"}, "x", 1.50]}}
        """;

    private const string First =
        """{"signature": "string", "header": {"version": "1.0.0", "message_id": "m1", "message_ts": "now", "action": "create", "sender_id": "PBMS", "total_count": 1}, "message": {"id": "E1"}}""";

    [Test]
    public async Task The_newest_form_is_read()
    {
        var (request, problems) = await ReadAsync(Newest);
        Assert.Multiple(() =>
        {
            Assert.That(problems, Is.Empty);
            Assert.That(request!.Generation, Is.EqualTo(WireGeneration.Newest));
            Assert.That((request.Sender, request.RequestId, request.BatchControlId), Is.EqualTo(("PBMS", "r1", "B-1")));
            Assert.That(Encoding.UTF8.GetString(request.Payload.Span), Is.EqualTo("""[{"id": "E1"}, "x", 1.50]"""));
            Assert.That(request.NamesItsRequests, Is.True);
        });
    }

    [Test]
    public async Task The_form_of_version_1_is_read()
    {
        var (request, problems) = await ReadAsync(First);
        Assert.Multiple(() =>
        {
            Assert.That(problems, Is.Empty);
            Assert.That(request!.Generation, Is.EqualTo(WireGeneration.First));
            Assert.That((request.Sender, request.RequestId, request.Action, request.Version), Is.EqualTo(("PBMS", "m1", "create", "1.0.0")));
            Assert.That(Encoding.UTF8.GetString(request.Payload.Span), Is.EqualTo("""{"id": "E1"}"""));
        });
    }

    [Test]
    public async Task A_placeholder_names_no_request()
    {
        var (request, _) = await ReadAsync(First.Replace("\"m1\"", "\"string\"", StringComparison.Ordinal));
        Assert.That(request!.NamesItsRequests, Is.False);
    }

    [Test]
    public async Task The_order_of_the_parts_does_not_matter()
    {
        var parts = JsonNode.Parse(Newest)!.AsObject();
        var turned = new JsonObject(parts.Reverse().Select(part => KeyValuePair.Create(part.Key, part.Value?.DeepClone())));
        var (request, problems) = await ReadAsync(turned.ToJsonString());
        Assert.That(problems, Is.Empty);
        Assert.That((request!.RequestId, request.BatchControlId), Is.EqualTo(("r1", "B-1")));
    }

    [Test]
    public async Task A_repetition_may_be_dated_anew_and_is_the_same_request()
    {
        var (one, _) = await ReadAsync(Newest);
        var (later, _) = await ReadAsync(Newest.Replace("10:15", "11:15", StringComparison.Ordinal));
        var (other, _) = await ReadAsync(Newest.Replace("1.50", "1.51", StringComparison.Ordinal));
        Assert.Multiple(() =>
        {
            Assert.That(later!.BodyHash, Is.EqualTo(one!.BodyHash));
            Assert.That(other!.BodyHash, Is.Not.EqualTo(one.BodyHash));
        });
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{")]
    [TestCase("{} {}")]
    [TestCase("{}x")]
    [TestCase("{}")]
    [TestCase("""{"request_header": {}}""")]
    [TestCase("""{"request_header": [], "request_body": []}""")]
    [TestCase("""{"header": {}}""")]
    [TestCase("""{"\ud800": 1}""")]
    [TestCase("""{"request_header": {"\udc00": 1}, "request_body": {}}""")]
    public async Task What_is_malformed_is_told(string body) => Assert.That((await ReadAsync(body)).Problems, Is.Not.Empty);

    [Test]
    public async Task Every_missing_field_is_told_at_once()
    {
        var (_, problems) = await ReadAsync("""{"request_header": {}, "request_body": {}}""");
        Assert.That(problems.Select(problem => problem.Split(':')[0]), Is.EquivalentTo(new[]
        {
            "request_header.sender_app_mnemonic", "request_header.sender_app_url", "request_header.request_id", "request_header.request_timestamp",
        }));
    }

    [Test]
    public async Task A_body_that_is_no_utf_8_is_told()
    {
        var bytes = Encoding.UTF8.GetBytes(Newest);
        bytes[^10] = 0xff;
        Assert.That((await ReadAsync(bytes)).Problems, Is.EqualTo(new[] { "body: JSON must be encoded in UTF-8" }));
    }

    [Test]
    public async Task A_body_that_is_nested_too_deeply_is_told() =>
        Assert.That((await ReadAsync(new string('[', 100_000))).Problems, Is.Not.Empty);

    [Test]
    public async Task A_body_of_the_largest_size_is_read_and_a_larger_one_is_not([Values] bool lengthIsTold)
    {
        var size = Encoding.UTF8.GetByteCount(Newest);
        Assert.Multiple(async () =>
        {
            Assert.That((await ReadAsync(Encoding.UTF8.GetBytes(Newest), size, lengthIsTold)).Request, Is.Not.Null);
            Assert.That((await ReadAsync(Encoding.UTF8.GetBytes(Newest), size - 1, lengthIsTold)).Request, Is.Null);
        });
    }

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public Property Any_bytes_are_read_without_a_fault() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Survives(bytes));

    [FsCheck.NUnit.Property(MaxTest = 5000)]
    public Property A_request_that_was_damaged_is_read_without_a_fault() => Prop.ForAll(Damaged(Newest), bytes => Survives(bytes));

    [FsCheck.NUnit.Property(MaxTest = 2000)]
    public Property A_request_of_version_1_that_was_damaged_is_read_without_a_fault() => Prop.ForAll(Damaged(First), bytes => Survives(bytes));

    /// <summary>Either something is told, or what was read can be walked through to its end.</summary>
    private static bool Survives(byte[] bytes)
    {
        var (request, problems) = ReadAsync(bytes).GetAwaiter().GetResult();
        if (problems.Count > 0 || !request!.HasPayload)
        {
            return true;
        }

        var reader = request.PayloadReader();
        while (reader.Read())
        {
        }

        return reader.TokenType is not JsonTokenType.None && request.Sender.Length <= 128;
    }

    private static Arbitrary<byte[]> Damaged(string request) =>
        (from changes in Gen.Choose(1, 6).SelectMany(count => Gen.ArrayOf(Change(), count))
         select changes.Aggregate(Encoding.UTF8.GetBytes(request), (bytes, change) => change(bytes))).ToArbitrary();

    private static Gen<Func<byte[], byte[]>> Change() =>
        from at in Gen.Choose(0, 10_000)
        from length in Gen.Choose(0, 20)
        from kind in Gen.Choose(0, 4)
        from value in Gen.OneOf(Gen.Choose(0, 255).Select(value => (byte)value), Gen.Elements("{}[]\",:\\0eE.-+u \n"u8.ToArray()))
        select (Func<byte[], byte[]>)(bytes =>
        {
            if (bytes.Length == 0)
            {
                return [value];
            }

            var start = at % bytes.Length;
            var end = Math.Min(bytes.Length, start + length);
            return kind switch
            {
                0 => [.. bytes[..start], value, .. bytes[Math.Min(bytes.Length, start + 1)..]],
                1 => [.. bytes[..start], .. bytes[end..]],
                2 => [.. bytes[..end], .. bytes[start..end], .. bytes[end..]],
                3 => bytes[..start],
                _ => [.. bytes[..start], value, .. bytes[start..]],
            };
        });

    private static Task<(PartnerRequest? Request, IReadOnlyList<string> Problems)> ReadAsync(string body) => ReadAsync(Encoding.UTF8.GetBytes(body));

    private static async Task<(PartnerRequest? Request, IReadOnlyList<string> Problems)> ReadAsync(byte[] body, int mostBytes = 1_000_000, bool lengthIsTold = true)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = lengthIsTold ? body.Length : null;
        var errors = new WireErrors();
        var limits = new PartnerApiOptions { MaxRequestBytes = mostBytes };
        var request = await PartnerRequest.ReadAsync(http.Request, limits, new BodyBudget(Microsoft.Extensions.Options.Options.Create(limits)), errors, CancellationToken.None);
        return (request, errors.Problems);
    }
}
