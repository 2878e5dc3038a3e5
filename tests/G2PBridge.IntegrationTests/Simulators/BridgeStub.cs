using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>Stands where the bridge takes statements: keeps each upload and answers what the test wants.</summary>
internal sealed class BridgeStub : IAsyncDisposable
{
    private const string Success = """{"response_header":{"request_id":"","response_status":"SUCCESS"},"response_body":{"response_payload":{"statement_id":"s"}}}""";
    private const string Error = """{"response_header":{"request_id":"","response_status":"ERROR","response_error_code":"STATEMENT_UPLOAD_ERROR"},"response_body":{}}""";

    private readonly WebApplication _app;
    private volatile bool _isRefusing;

    private BridgeStub(WebApplication app) => _app = app;

    public ConcurrentQueue<Upload> Uploads { get; } = new();

    public string Url { get; private set; } = "";

    public bool IsRefusing
    {
        get => _isRefusing;
        set => _isRefusing = value;
    }

    internal sealed record Upload(string Field, string FileName, string? ContentType, string Text, string ApiKey, bool IsRefused);

    public static async Task<BridgeStub> StartAsync(string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var stub = new BridgeStub(app);
        app.MapPost("/upload_mt940", stub.TakeAsync);
        await app.StartAsync();
        stub.Url = app.Urls.Single();
        return stub;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var file = (await context.Request.ReadFormAsync(new Microsoft.AspNetCore.Http.Features.FormOptions { MultipartBodyLengthLimit = long.MaxValue })).Files.Single();
        using var reader = new StreamReader(file.OpenReadStream());
        var refused = IsRefusing;
        Uploads.Enqueue(new Upload(
            file.Name, file.FileName, file.ContentType, await reader.ReadToEndAsync(), context.Request.Headers["X-Api-Key"].ToString(), refused));
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(refused ? Error : Success);
    }
}
