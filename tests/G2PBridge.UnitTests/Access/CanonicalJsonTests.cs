using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.Modules.Access.Domain;

namespace G2PBridge.UnitTests.Access;

internal sealed class CanonicalJsonTests
{
    [TestCase("{}", "{}")]
    [TestCase(" { \"b\" : 1 , \"a\" : [ ] } ", "{\"a\":[],\"b\":1}")]
    [TestCase("{\"b\":{\"d\":[{\"z\":1,\"y\":2}],\"c\":null},\"a\":true}", "{\"a\":true,\"b\":{\"c\":null,\"d\":[{\"y\":2,\"z\":1}]}}")]
    [TestCase("{\"n\":[1000.0,1000,1E3,-0.0,0.10]}", "{\"n\":[1000.0,1000,1E3,-0.0,0.10]}")]
    [TestCase("{\"\\u0061\":\"\\u00e4\\/\\u20ac\\n\\u0001\\\"\\\\\"}", "{\"a\":\"ä/€\\n\\u0001\\\"\\\\\"}")]
    [TestCase("{\"ä\":1,\"z\":2,\"Z\":3,\"\":4,\"aa\":5,\"a\":6}", "{\"\":4,\"Z\":3,\"a\":6,\"aa\":5,\"z\":2,\"ä\":1}")]
    [TestCase("{\"\\ud83d\\ude00\":1,\"\\uffee\":2}", "{\"\uffee\":2,\"\U0001f600\":1}", TestName = "Names are ordered by their UTF-8 bytes, not by UTF-16")]
    [TestCase("\"x\"", "\"x\"")]
    public void A_body_has_one_form(string json, string canonical) => Assert.That(Hash(json), Is.EqualTo(Expected(canonical)));

    [TestCase("{\"a\":1,\"a\":1}")]
    [TestCase("{\"a\":1,\"\\u0061\":2}")]
    [TestCase("{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}")]
    [TestCase("{\"a\":\"\\ud800\"}")]
    [TestCase("{\"a\":1")]
    [TestCase("{} {}")]
    [TestCase("")]
    public void What_can_be_read_in_two_ways_or_in_none_has_no_form(string json) => Assert.That(Hash(json), Is.Null);

    [Test]
    public void Nesting_has_an_end()
    {
        Assert.That(Hash(new string('[', 64) + new string(']', 64)), Is.Not.Null);
        Assert.That(Hash(new string('[', 65) + new string(']', 65)), Is.Null);
    }

    [Test]
    public void A_hostile_object_is_sorted_in_reasonable_time()
    {
        var names = Enumerable.Range(0, 200_000).Select(i => $"\"{200_000 - i:D6}\":0").ToArray();
        var sorted = names.Order(StringComparer.Ordinal);
        Assert.That(Hash($"{{{string.Join(',', names)}}}"), Is.EqualTo(Expected($"{{{string.Join(',', sorted)}}}")));
    }

    [FsCheck.NUnit.Property]
    public Property Order_and_white_space_do_not_matter(NonNull<string>[] names, int seed)
    {
        var distinct = names.Select(name => new string([.. name.Get.Where(character => !char.IsSurrogate(character))])).Distinct().ToList();
        var shuffled = distinct.ToArray();
        new Random(seed).Shuffle(shuffled);
        string Write(IEnumerable<string> order, bool spaced) => new JsonObject(order.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonArray(name, name.Length))))
            .ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = spaced });
        return (Hash(Write(distinct, false)) is { } hash && hash == Hash(Write(shuffled, true))).ToProperty();
    }

    private static string? Hash(string json)
    {
        using var input = new SigningInput(HashAlgorithmName.SHA256, [], "h"u8);
        return CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(json), input) ? Convert.ToHexString(input.Finish()) : null;
    }

    private static string Expected(string canonical) =>
        Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes("h." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(canonical)))));
}
