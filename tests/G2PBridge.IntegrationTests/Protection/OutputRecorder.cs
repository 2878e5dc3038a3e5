using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using G2PBridge.Platform.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace G2PBridge.IntegrationTests.Protection;

/// <summary>Everything that a host says while it runs: its log at the finest level as it is written, what is given to the log beside the text, traces, metrics, the console.</summary>
internal sealed class OutputRecorder : ILogEventSink, IDisposable
{
    private readonly ActivityListener _activities;
    private readonly MeterListener _meters = new();
    private readonly StringWriter _console = new(CultureInfo.InvariantCulture);
    private readonly (TextWriter Out, TextWriter Error) _before = (Console.Out, Console.Error);

    public OutputRecorder()
    {
        _activities = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Take,
        };
        ActivitySource.AddActivityListener(_activities);
        _meters.InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument);
        _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Take(instrument, tags));
        _meters.Start();
        var both = TextWriter.Synchronized(_console);
        Console.SetOut(both);
        Console.SetError(both);
    }

    /// <summary>Traces are taken of everything in this process; for a moment it may be the test that speaks.</summary>
    public bool IsPaused { get; set; }

    public ConcurrentQueue<(string Where, string Text)> Said { get; } = new();

    /// <summary>The host's own way to write a log, with every level on.</summary>
    public void AddTo(IServiceCollection services) => services.AddLogging(logging => logging
        .SetMinimumLevel(LogLevel.Trace)
        .AddSerilog(MaskedLog.Apply(new LoggerConfiguration().MinimumLevel.Verbose()).WriteTo.Sink(this).CreateLogger(), dispose: true));

    public void Emit(LogEvent logEvent)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        new MaskedLog().Format(logEvent, line);
        Said.Enqueue(("log", line.ToString()));
        Said.Enqueue(("log properties", string.Join(' ', logEvent.Properties.Select(property => $"{property.Key}={property.Value}"))));
    }

    public void Dispose()
    {
        Console.SetOut(_before.Out);
        Console.SetError(_before.Error);
        Said.Enqueue(("console", _console.ToString()));
        _activities.Dispose();
        _meters.Dispose();
        _console.Dispose();
    }

    private void Take(Activity activity)
    {
        if (IsPaused)
        {
            return;
        }

        var parts = activity.TagObjects.Concat(activity.Events.SelectMany(one => one.Tags)).Select(tag => $"{tag.Key}={tag.Value}").Concat(activity.Baggage.Select(item => $"{item.Key}={item.Value}"));
        Said.Enqueue(("trace", $"{activity.Source.Name} {activity.OperationName} {activity.DisplayName} {activity.StatusDescription} {string.Join(' ', parts)}"));
    }

    private void Take(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new System.Text.StringBuilder(instrument.Name);
        foreach (var tag in tags)
        {
            text.Append(CultureInfo.InvariantCulture, $" {tag.Key}={tag.Value}");
        }

        Said.Enqueue(("metric", text.ToString()));
    }
}
