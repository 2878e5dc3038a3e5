using G2PBridge.Connectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests;

/// <summary>
/// A further host on the tests' database whose background work runs, as in production. Its polls are an hour apart unless a setting says
/// otherwise, so that what it does it was told to do.
/// </summary>
internal sealed class WorkingHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly WebApplication _web;

    private WorkingHost(WebApplication web) => _web = web;

    public IServiceProvider Services => _web.Services;

    public static async Task<WorkingHost> StartAsync(Action<IServiceCollection> configure, params (string Key, string Value)[] settings)
    {
        (string, string)[] rare =
        [
            .. new[] { "Resolution:Interval", "Funds:PollInterval", "Disbursement:PollInterval", "Disbursement:RecoveryInterval", "Disbursement:FinishInterval", "Statements:Interval" }
                .Select(key => (key, "01:00:00")),
            .. settings,
        ];
        var web = TestHost.BuildWorking(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(TestHost.Clock);
            services.AddSingleton<IMapperConnector>(TestHost.Mapper);
            TestHost.Bank.Register(services);
            configure(services);
        }, rare);
        await web.StartAsync();
        return new WorkingHost(web);
    }

    /// <summary>Looks until it is so; fails when it never is.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
            {
                Assert.Fail($"{what} within {Patience}.");
            }

            await Task.Delay(Glance);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
    }
}
