using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// Compares a measurement with a recorded one. Only ratios to the COPY ceiling of the same run are compared: they say what the program
/// does with a machine, whichever machine it is and whoever else works on it.
/// </summary>
internal static class BenchBaseline
{
    /// <summary>Below this part of the recorded ratio it is worth a word; a busy machine alone moves ratios by a third.</summary>
    private const double WorthAWord = 0.6;

    private static readonly string[] Stages = ["intake", "resolution", "dispatch", "reconciliation", "all_at_once"];

    /// <summary>One sentence for each stage that has become slower.</summary>
    public static IReadOnlyList<string> Compare(string path, string measured)
    {
        JsonNode recorded;
        try
        {
            recorded = JsonNode.Parse(File.ReadAllText(path)) ?? throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StartupRefusedException($"The recorded measurement '{path}' cannot be read ({exception.Message.TrimEnd('.')}); record one with --json.", exception);
        }

        var now = JsonNode.Parse(measured)!;
        return
        [
            .. from stage in Stages
               let before = Ratio(recorded, stage)
               let today = Ratio(now, stage)
               where before is not null && today is not null && today < before * WorthAWord
               select string.Create(CultureInfo.InvariantCulture, $"{stage} reached {today:0.0 %} of the COPY ceiling; recorded are {before:0.0 %}."),
        ];
    }

    private static double? Ratio(JsonNode result, string stage) => (double?)result["stages"]?[stage]?["ratio_to_copy_ceiling"];
}
