using System.Buffers;
using System.Net.Mime;

namespace G2PBridge.Platform.Exports;

/// <summary>
/// An export that is written while it is read: page by page, each handed to the connection before the next is asked for, so that neither the size of the file
/// nor a slow reader holds memory or a connection to the database. If a page fails the connection breaks, and the file is seen to be incomplete.
/// </summary>
internal static class CsvFile
{
    private const string Type = "text/csv; charset=utf-8; header=present";
    private const int LongestName = 100;

    /// <param name="name">What the file is to be called, without its ending.</param>
    /// <param name="pages">Writes one page each time it is asked; false when there is none left.</param>
    public static async Task WriteAsync(HttpContext http, string name, string[] columns, Func<CsvText, CancellationToken, Task<bool>> pages)
    {
        // A page is put together apart: one that fails, the first above all, leaves nothing of itself in the answer.
        var page = new ArrayBufferWriter<byte>();
        var csv = new CsvText(page);
        csv.Header(columns);
        bool more;
        do
        {
            more = await pages(csv, http.RequestAborted);
            if (!http.Response.HasStarted)
            {
                http.Response.ContentType = Type;
                http.Response.Headers.ContentDisposition = new ContentDisposition { FileName = Safe(name) + ".csv" }.ToString();
            }

            await http.Response.BodyWriter.WriteAsync(page.WrittenMemory, http.RequestAborted);
            page.ResetWrittenCount();
        }
        while (more);
    }

    /// <summary>A route that gives one; it takes as long as it is read.</summary>
    public static RouteHandlerBuilder GivesCsv(this RouteHandlerBuilder route)
    {
        route.DisableRequestTimeout();
        return route.Produces<string>(StatusCodes.Status200OK, MediaTypeNames.Text.Csv);
    }

    private static string Safe(string name) =>
        string.Concat(name.Take(LongestName).Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' ? character : '_'));
}
