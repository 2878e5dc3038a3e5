using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests;

/// <summary>Keeps warnings and errors of the host, and shows them with the test that caused them.</summary>
internal sealed class TestLog : ILoggerProvider
{
    private static readonly ConcurrentQueue<string> Entries = new();

    public static IReadOnlyCollection<string> Lines => Entries;

    public static void Clear() => Entries.Clear();

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && !category.StartsWith("Microsoft.", StringComparison.Ordinal))
            {
                var line = $"{logLevel} {category}: {formatter(state, exception)}{(exception is null ? "" : Environment.NewLine + exception)}";
                Entries.Enqueue(line);
                TestContext.Out.WriteLine(line);
            }
        }
    }
}
