using System.Globalization;
using System.Text.Json;

namespace G2PBridge.Commands.Demo;

/// <summary>
/// What a demonstration has begun, kept beside the database while it lasts, so that the same command carries on after Ctrl-C or a
/// power cut instead of beginning another.
/// </summary>
internal sealed record DemoRun(string Source, string EnvelopeId, string Cycle, DateOnly ScheduleDate)
{
    /// <summary>The unfinished demonstration of the same people, else a new one.</summary>
    public static (DemoRun Run, bool IsCarriedOn) Begin(string path, DemoPeople people, DateTimeOffset now)
    {
        try
        {
            if (File.Exists(path) && JsonSerializer.Deserialize<DemoRun>(File.ReadAllText(path)) is { } unfinished && unfinished.Source == people.Source)
            {
                return (unfinished, true);
            }
        }
        catch (JsonException)
        {
            // A note that was being written when the power went says nothing; a new demonstration is begun.
        }

        var cycle = now.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture);
        var run = new DemoRun(people.Source, $"DEMO-{cycle}", $"DEMO-{cycle}", DateOnly.FromDateTime(now.UtcDateTime));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, JsonSerializer.Serialize(run));
        return (run, false);
    }

    public static void End(string path) => File.Delete(path);
}
