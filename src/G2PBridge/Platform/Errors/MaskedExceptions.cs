using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace G2PBridge.Platform.Errors;

/// <summary>
/// Lines of the log. Messages are written by us and hold ids and codes; the text of an exception is somebody else's, a database's or a library's, and may quote what it
/// choked on: numbers and addresses in it are masked.
/// </summary>
internal sealed class MaskedExceptions : ITextFormatter
{
    private readonly MessageTemplateTextFormatter _line = new("{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        _line.Format(logEvent, output);
        if (logEvent.Exception is { } exception)
        {
            output.WriteLine(Masked.Text(exception.ToString()));
        }
    }
}
