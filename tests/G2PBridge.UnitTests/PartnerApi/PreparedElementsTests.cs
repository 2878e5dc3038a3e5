using System.Buffers;
using System.Text;
using System.Text.Json;
using G2PBridge.PartnerApi;

namespace G2PBridge.UnitTests.PartnerApi;

internal sealed class PreparedElementsTests
{
    [TestCase(1, TestName = "Elements_that_need_more_room_than_was_said_are_written_whole")]
    [TestCase(100_000, TestName = "Elements_that_have_room_are_written_whole")]
    public void Elements_are_written_whole(int bytes)
    {
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => new string('é', i))];
        using var elements = PreparedElements.Write(texts, bytes, (writer, text) =>
        {
            writer.WriteStartObject();
            writer.WriteString("text"u8, text);
            writer.WriteEndObject();
        });

        Assert.That(Into(elements.CopyTo), Is.EqualTo(texts));
    }

    [Test]
    public void Sets_of_elements_follow_each_other_and_others_in_one_list()
    {
        using var first = PreparedElements.Write(["a", "b"], 1, (writer, text) => writer.WriteStringValue(text));
        using var none = PreparedElements.Write(Array.Empty<string>(), 1, (writer, text) => writer.WriteStringValue(text));
        using var second = PreparedElements.Write(["d"], 1, (writer, text) => writer.WriteStringValue(text));

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            first.CopyTo(writer);
            none.CopyTo(writer);
            writer.WriteStringValue("c");
            second.CopyTo(writer);
            writer.WriteEndArray();
        }

        Assert.That(Encoding.UTF8.GetString(buffer.WrittenSpan), Is.EqualTo("""["a","b","c","d"]"""));
    }

    private static string?[] Into(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            write(writer);
            writer.WriteEndArray();
        }

        return [.. JsonDocument.Parse(buffer.WrittenMemory).RootElement.EnumerateArray().Select(element => element.GetProperty("text").GetString())];
    }
}
