using System.Globalization;
using Spectre.Console;

namespace G2PBridge.Commands.Demo;

/// <summary>How far each stage is; drawn as bars on a terminal and as lines elsewhere.</summary>
internal sealed record DemoStages(int Total, int Linked, int LinkedTotal, int Received, int Asked, bool Funded, int Handled, int OnStatement, int Sendable);

internal static class DemoProgress
{
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(1);

    /// <summary>Calls <paramref name="look"/> until it says that it is over.</summary>
    public static async Task WatchAsync(IAnsiConsole console, TimeProvider clock, TimeSpan every, Func<Task<(DemoStages Stages, bool Over)>> look, CancellationToken cancellationToken)
    {
        if (console.Profile.Capabilities.Interactive)
        {
            await console.Progress().AutoClear(false)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
                .StartAsync(context => DrawAsync(context, every, look, cancellationToken));
            return;
        }

        var (last, lastAt) = ("", DateTimeOffset.MinValue);
        while (true)
        {
            var (stages, over) = await look();
            var line = string.Create(CultureInfo.InvariantCulture,
                $"in the mapper {stages.Linked}, received {stages.Received}, asked about {stages.Asked}, funds {(stages.Funded ? "blocked" : "open")}, answered by the bank {stages.Handled}, on the statement {stages.OnStatement} of {stages.Total}");
            if (line != last && (over || clock.GetUtcNow() - lastAt >= BetweenLines))
            {
                console.WriteLine(line);
                (last, lastAt) = (line, clock.GetUtcNow());
            }

            if (over)
            {
                return;
            }

            await Task.Delay(every, cancellationToken);
        }
    }

    private static async Task DrawAsync(ProgressContext context, TimeSpan every, Func<Task<(DemoStages Stages, bool Over)>> look, CancellationToken cancellationToken)
    {
        var linked = context.AddTask("Known to the mapper");
        var received = context.AddTask("Received over HTTP");
        var asked = context.AddTask("Addresses asked for");
        var funded = context.AddTask("Funds blocked");
        var handled = context.AddTask("Answered by the bank");
        var statement = context.AddTask("On the statement");
        while (true)
        {
            var (stages, over) = await look();
            linked.Value = Percent(stages.Linked, stages.LinkedTotal);
            received.Value = Percent(stages.Received, stages.Total);
            asked.Value = Percent(stages.Asked, stages.Total);
            funded.Value = stages.Funded ? 100 : 0;
            handled.Value = Percent(stages.Handled, stages.Sendable);
            statement.Value = Percent(stages.OnStatement, stages.Sendable);
            if (over)
            {
                return;
            }

            await Task.Delay(every, cancellationToken);
        }
    }

    private static double Percent(int part, int whole) => whole == 0 ? 0 : Math.Min(100, 100.0 * part / whole);
}
