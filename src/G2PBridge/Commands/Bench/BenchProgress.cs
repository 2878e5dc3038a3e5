using System.Globalization;
using Spectre.Console;

namespace G2PBridge.Commands.Bench;

/// <summary>How far the measurement is: bars on a terminal, a line at the end of each step elsewhere.</summary>
internal sealed class BenchProgress(IAnsiConsole console, ProgressContext? bars)
{
    public static async Task<T> ShowAsync<T>(IAnsiConsole console, Func<BenchProgress, Task<T>> run)
    {
        if (!console.Profile.Capabilities.Interactive)
        {
            return await run(new BenchProgress(console, null));
        }

        return await console.Progress().AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(context => run(new BenchProgress(console, context)));
    }

    public BenchStep Begin(string name, double total = 1) => new(console, name, bars?.AddTask(Markup.Escape(name), maxValue: Math.Max(1, total)));
}

/// <summary>One bar.</summary>
internal sealed class BenchStep(IAnsiConsole console, string name, ProgressTask? bar)
{
    public void Report(double done)
    {
        if (bar is not null)
        {
            bar.Value = done;
        }
    }

    public void End(string result)
    {
        if (bar is null)
        {
            console.WriteLine($"{name}: {result}");
            return;
        }

        bar.Description = Markup.Escape($"{name}: {result}");
        bar.Value = bar.MaxValue;
        bar.StopTask();
    }

    public void EndWithRate(int rows, double perSecond, string what) => End(string.Create(CultureInfo.InvariantCulture, $"{rows:#,0} {what}, {perSecond:#,0} a second"));
}
