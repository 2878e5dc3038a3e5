using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace G2PBridge.Simulators.Platform;

/// <summary>One request body, read whole: arrays of many thousand payments are hashed and parsed from the same bytes.</summary>
internal static class JsonBody
{
    /// <summary>The server's usual limit of 30 MB is lifted: a batch may hold 100,000 payments.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var buffer = new ArrayBufferWriter<byte>((int)Math.Clamp(context.Request.ContentLength ?? 4096, 256, 1 << 28));
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer.GetMemory(4096), context.RequestAborted)) > 0)
            buffer.Advance(read);
        return buffer.WrittenMemory;
    }

    public static bool TryParse<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value, out string problem)
        where T : class
    {
        try
        {
            value = JsonSerializer.Deserialize(body, type);
            problem = value is null ? "The body is null." : "";
            return value is not null;
        }
        catch (JsonException e)
        {
            value = null;
            problem = e.Message;
            return false;
        }
    }

    public static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        WriteAsync(context, JsonSerializer.SerializeToUtf8Bytes(value, type), status);

    public static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }

    /// <summary>The answer of the upstream services to a body they cannot read.</summary>
    public static Task WriteInvalidAsync(HttpContext context, string problem) =>
        WriteAsync(
            context,
            new ErrorList([new ErrorList.Entry("G2P-REQ-102", "Invalid Input. " + problem)]),
            PlatformJson.Default.ErrorList,
            StatusCodes.Status400BadRequest);
}
