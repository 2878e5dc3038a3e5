using System.Text.Json;
using System.Text.Json.Serialization;

namespace G2PBridge.Simulators.Platform;

internal sealed record ErrorList(IReadOnlyList<ErrorList.Entry> Errors)
{
    internal sealed record Entry(string Code, string Message);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorList))]
internal sealed partial class PlatformJson : JsonSerializerContext;

/// <summary>Writes 1000.0000 as 1000.0: exact, and as short as the upstream bank writes it.</summary>
internal sealed class MoneyConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Number ? reader.GetDecimal() : throw new JsonException("An amount must be a number.");

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
    {
        var shortest = value / 1.0000000000000000000000000000m;
        writer.WriteNumberValue(shortest.Scale == 0 ? decimal.Parse($"{shortest}.0", System.Globalization.CultureInfo.InvariantCulture) : shortest);
    }
}
