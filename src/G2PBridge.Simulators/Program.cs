using System.Net.Sockets;
using G2PBridge.LocalPostgres;
using G2PBridge.Simulators;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;

const string DefaultUrl = "http://127.0.0.1:8100";

if (args.Any(a => a is "--help" or "-h" or "-?"))
{
    Console.WriteLine(
        $"""
        The Example Bank and the SPAR mapper, simulated. For development and tests only.

          dotnet run --project src/G2PBridge.Simulators [-- options]

          --urls URL                                    where to listen (default {DefaultUrl})
          --Simulators:ConnectionString TEXT            a PostgreSQL database; without it a private server is started in .data/simulators
          --Simulators:ExampleBank:StatementCallbackUrl URL
                                                        where statements are sent (default http://127.0.0.1:8000/upload_mt940)
          --Simulators:ExampleBank:ReturnShare 0.3      share of payments to other banks that come back
          --Simulators:InKind:Farmers 10000             plants a registry and a PBMS of so many farmers (SmallZones, LargeZones likewise)
          --help                                        this text

        Every option can also be an environment variable, for example Simulators__ConnectionString.
        """);
    return 0;
}

IAsyncDisposable? localServer = null;
var url = DefaultUrl;
try
{
    // ASP.NET Core calls itself Production when nobody says otherwise; a simulator never is.
    var environment = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT");
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, EnvironmentName = environment ?? Environments.Development });
    url = builder.Configuration["urls"] ?? DefaultUrl;
    builder.WebHost.UseUrls(url);
    // A failed start is explained below in one sentence; the host would add its stack traces.
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
    var section = builder.Configuration.GetSection(SimulatorsOptions.Section);
    if (string.IsNullOrEmpty(section[nameof(SimulatorsOptions.ConnectionString)]) && !builder.Environment.IsProduction())
    {
        (localServer, var connectionString) = await LocalDatabase.StartAsync(CancellationToken.None);
        section[nameof(SimulatorsOptions.ConnectionString)] = connectionString;
    }

    builder.Services.AddSimulators(section);
    await using var app = builder.Build();
    app.MapSimulators();
    app.MapGet("/", () => Results.Content(
        $"""<!doctype html><title>Simulators</title><p><a href="{SimulatorsHosting.BankPath}">Example Bank</a></p><p><a href="{SimulatorsHosting.SparPath}">SPAR mapper</a></p><p><a href="{SimulatorsHosting.NovuPath}">Novu sink</a></p>""",
        "text/html"));
    await app.Services.PrepareSimulatorsAsync(CancellationToken.None);
    await app.StartAsync();
    Console.WriteLine($"Example Bank: {url}{SimulatorsHosting.BankPath}");
    Console.WriteLine($"SPAR mapper:  {url}{SimulatorsHosting.SparPath}");
    Console.WriteLine($"Novu sink:    {url}{SimulatorsHosting.NovuPath}");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (Explain(e, url) is { } sentence)
{
    Console.Error.WriteLine(sentence);
    return 1;
}
finally
{
    if (localServer is not null)
        await localServer.DisposeAsync();
}

static string? Explain(Exception e, string url) => e switch
{
    IOException { InnerException: AddressInUseException } =>
        $"{url} is in use by another program: stop that one, or choose another address with --urls http://127.0.0.1:8101.",
    PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } p =>
        $"PostgreSQL answers, but: {p.MessageText}. Create the database, or name an existing one in Simulators:ConnectionString.",
    PostgresException p => $"PostgreSQL refuses: {p.MessageText}. Check Simulators:ConnectionString.",
    NpgsqlException { InnerException: SocketException s } =>
        $"PostgreSQL cannot be reached ({s.Message}): start it, or correct Simulators:ConnectionString.",
    NpgsqlException n => $"PostgreSQL cannot be used: {n.Message}. Check Simulators:ConnectionString.",
    OptionsValidationException o => string.Join(' ', o.Failures),
    LocalPostgresException or InvalidOperationException or ArgumentException or FormatException => e.Message,
    _ => null,
};
