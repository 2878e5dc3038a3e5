using G2PBridge.Connectors;
using G2PBridge.Modules.Reconciliation.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>A second host on the same database, with settings of its own or one that dies at a chosen step.</summary>
internal sealed class OtherHost : IAsyncDisposable
{
    private readonly WebApplication _web;

    private OtherHost(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.First());

    public IServiceProvider Services => _web.Services;

    public static Task<OtherHost> StartAsync(params (string Key, string Value)[] settings) => StartAsync(null, settings);

    public static async Task<OtherHost> StartAsync(IReadObserver? observer, params (string Key, string Value)[] settings)
    {
        var web = TestHost.Build(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(TestHost.Clock);
            services.AddSingleton<IMapperConnector>(TestHost.Mapper);
            TestHost.Bank.Register(services);
            if (observer is not null)
            {
                services.AddSingleton(observer);
            }
        }, settings);
        await web.StartAsync();
        return new OtherHost(web);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}

/// <summary>Throws at the given occurrence of a step, once.</summary>
internal sealed class DyingReader(ReadStep step, int occurrence = 1) : IReadObserver
{
    private int _seen;

    public void Reached(ReadStep reached)
    {
        if (reached == step && Interlocked.Increment(ref _seen) == occurrence)
        {
            throw new IOException($"died at {step}");
        }
    }
}
