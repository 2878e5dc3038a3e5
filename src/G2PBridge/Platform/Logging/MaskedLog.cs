using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace G2PBridge.Platform.Logging;

/// <summary>
/// The log holds nothing of a person. Our own messages hold ids and codes (a test sees to it); what others write, a framework about a request or a library in its exception,
/// may quote what it was given: numbers and addresses in it are masked.
/// </summary>
internal sealed class MaskedLog : ILogEventEnricher, ITextFormatter
{
    private const string Ours = "G2PBridge.";

    private readonly MessageTemplateTextFormatter _line = new("{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}", CultureInfo.InvariantCulture);

    /// <summary>Before anything is written, wherever to.</summary>
    public static LoggerConfiguration Apply(LoggerConfiguration log) => log.Enrich.FromLogContext().Enrich.With(new MaskedLog());

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: string name } && name.StartsWith(Ours, StringComparison.Ordinal))
        {
            return;
        }

        foreach (var property in logEvent.Properties.Where(property => property.Key != Constants.SourceContextPropertyName).ToList())
        {
            if (Masking(property.Value) is { } masked)
            {
                logEvent.AddOrUpdateProperty(new LogEventProperty(property.Key, masked));
            }
        }
    }

    public void Format(LogEvent logEvent, TextWriter output)
    {
        _line.Format(logEvent, output);
        if (logEvent.Exception is { } exception)
        {
            output.WriteLine(Masked.Text(exception.ToString()));
        }
    }

    /// <summary>Null where nothing has to be changed.</summary>
    private static LogEventPropertyValue? Masking(LogEventPropertyValue value) => value switch
    {
        ScalarValue { Value: null or bool or int or short or byte or decimal or double or float or TimeSpan or DateTime or DateTimeOffset or Guid or Enum } => null,
        ScalarValue { Value: var scalar } => Convert.ToString(scalar, CultureInfo.InvariantCulture) is { } text && Masked.Text(text) is var masked && masked != text ? new ScalarValue(masked) : null,
        SequenceValue sequence => new SequenceValue(sequence.Elements.Select(element => Masking(element) ?? element)),
        DictionaryValue dictionary => new DictionaryValue(dictionary.Elements.Select(element => KeyValuePair.Create(element.Key, Masking(element.Value) ?? element.Value))),
        StructureValue structure => new StructureValue(structure.Properties.Select(property => new LogEventProperty(property.Name, Masking(property.Value) ?? property.Value)), structure.TypeTag),
        _ => null,
    };
}
