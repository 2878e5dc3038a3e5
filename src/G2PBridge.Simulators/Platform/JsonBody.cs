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
        var body = new PooledBody((int)Math.Clamp((context.Request.ContentLength ?? 4096) + 1, 4096, 1 << 28));
        context.Response.RegisterForDispose(body);
        while (await context.Request.Body.ReadAsync(body.Free(), context.RequestAborted) is var read and > 0)
            body.Advance(read);
        return body.Written;
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

    /// <summary>Borrowed for one request: bodies of megabytes would else be garbage of the costly kind.</summary>
    private sealed class PooledBody(int size) : IDisposable
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);
        private int _length;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

        public void Advance(int read) => _length += read;

        public Memory<byte> Free()
        {
            if (_length == _bytes.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
                _bytes.CopyTo(larger, 0);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }

            return _bytes.AsMemory(_length);
        }

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
