using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>Makes good JSON and good files bad, in ways that a program, a person or an attacker would.</summary>
internal static class Mutation
{
    private const string Mark = "@@HERE@@";

    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 64 };

    private static readonly string[] Values =
    [
        "null", "true", "false", "[]", "{}", "\"\"", "0", "-0", "-1", "1.5", "1e400", "-1e-400", "99999999999999999999999999999999999", "9223372036854775808", "2147483648", "0.1000000000000000000000000001",
        "1E3", "\" \"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udfff\\ud800\"", "\"\\u202Eabc\"", "\"\\ufeff\"", "\"\\u0007\"", "\"'; drop table x; --\"", "\"<script>alert(1)</script>\"", "\"${jndi:ldap://x}\"",
        "\"=1+1\"", "\"../../etc/passwd\"", "\"%s%n%x\"", "\"NaN\"", "\"Infinity\"", "\"1e5\"", "\"0001-01-01\"", "\"9999-12-31\"", "\"2026-02-30\"", "\"9999-12-31T23:59:59.9999999+14:00\"", "\"0001-01-01T00:00:00-14:00\"",
        "[null]", "[[]]", "[{}]", "{\"a\":{\"a\":{\"a\":{}}}}", "\"𝔘𝔫𝔦\"", "\"İı\"", "\"\\n\\r\\t\"",
        // Not JSON at all.
        "NaN", "Infinity", "01", "1.", ".5", "+1", "'x'", "undefined", "\"unclosed", "tru", "\"\\x\"", "\"\t\"", "/* */ 1", "",
    ];

    public static string Json(string text, Random random)
    {
        var times = random.Next(1, 4);
        for (var i = 0; i < times; i++)
        {
            try
            {
                text = Once(text, random);
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
            {
                // So bad already that it cannot be taken apart any more.
            }
        }

        return text;
    }

    /// <summary>What hurts below the level of text.</summary>
    public static byte[] Bytes(byte[] bytes, Random random)
    {
        var list = new List<byte>(bytes);
        for (var i = random.Next(1, 4); i > 0 && list.Count > 0; i--)
        {
            var at = random.Next(list.Count);
            switch (random.Next(8))
            {
                case 0:
                    list[at] = (byte)random.Next(256);
                    break;
                case 1:
                    list.RemoveRange(at, list.Count - at);
                    break;
                case 2:
                    list.InsertRange(at, [0xFF, 0xFE, 0xC0, 0xAF]);
                    break;
                case 3:
                    // Half of a character, and a surrogate in bytes.
                    list.InsertRange(at, [0xE2, 0x82, 0xED, 0xA0, 0x80]);
                    break;
                case 4:
                    list.InsertRange(0, [0xEF, 0xBB, 0xBF]);
                    break;
                case 5:
                    list.Insert(at, 0);
                    break;
                case 6:
                    list.AddRange(list.ToArray());
                    break;
                default:
                    var length = random.Next(1, 1 + Math.Min(64, list.Count - at));
                    list.InsertRange(at, list.GetRange(at, length));
                    break;
            }
        }

        return [.. list];
    }

    private static string Once(string text, Random random)
    {
        var root = JsonNode.Parse(text, documentOptions: Reading);
        var places = Places(root).ToList();
        if (places.Count == 0)
        {
            return Value(random);
        }

        var (parent, key) = places[random.Next(places.Count)];
        switch (random.Next(10))
        {
            case 0 when parent is JsonObject map:
                map.Remove((string)key);
                return root!.ToJsonString();
            case 1 when parent is JsonObject map:
                return Twice(root!, map, (string)key, random);
            case 2 when parent is JsonObject map:
                map[random.Next(2) == 0 ? "" : "unknown_" + random.Next(10).ToString(CultureInfo.InvariantCulture)] = map[(string)key]?.DeepClone();
                return root!.ToJsonString();
            case 3 when parent is JsonArray list && list.Count < 1_000:
                for (var copies = random.Next(1, 200); copies > 0; copies--)
                {
                    list.Add(list[(int)key]?.DeepClone());
                }

                return root!.ToJsonString();
            default:
                Put(parent, key, Mark);
                return root!.ToJsonString().Replace($"\"{Mark}\"", Value(random), StringComparison.Ordinal);
        }
    }

    /// <summary>Which of two members with one name counts is what two programs disagree about.</summary>
    private static string Twice(JsonNode root, JsonObject map, string key, Random random)
    {
        var first = map[key]?.ToJsonString() ?? "null";
        map[key] = Mark;
        return root.ToJsonString().Replace($"\"{Mark}\"", $"{first},{JsonSerializer.Serialize(key)}:{(random.Next(2) == 0 ? first : Value(random))}", StringComparison.Ordinal);
    }

    private static string Value(Random random) => random.Next(40) switch
    {
        0 => Nested('[', ']', random.Next(2, 300)),
        1 => string.Concat(Enumerable.Repeat("{\"a\":", random.Next(2, 300))) + "1" + new string('}', 20),
        2 => Nested('[', ']', 100_000),
        3 => $"\"{new string('x', random.Next(1, 5_000))}\"",
        4 => $"\"{new string('é', 300_000)}\"",
        5 => new string('9', random.Next(20, 5_000)),
        6 => "1e" + random.Next(-100_000, 100_000).ToString(CultureInfo.InvariantCulture),
        _ => Values[random.Next(Values.Length)],
    };

    private static string Nested(char open, char close, int depth) => new string(open, depth) + new string(close, depth);

    private static IEnumerable<(JsonNode Parent, object Key)> Places(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                {
                    yield return (map, name);
                    foreach (var inner in Places(value))
                    {
                        yield return inner;
                    }
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    yield return (list, i);
                    foreach (var inner in Places(list[i]))
                    {
                        yield return inner;
                    }
                }

                break;
            default:
                break;
        }
    }

    private static void Put(JsonNode parent, object key, string value)
    {
        if (parent is JsonObject map)
        {
            map[(string)key] = value;
        }
        else
        {
            parent.AsArray()[(int)key] = value;
        }
    }
}
