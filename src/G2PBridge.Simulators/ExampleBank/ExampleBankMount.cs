using G2PBridge.Simulators.ExampleBank.Booking;
using G2PBridge.Simulators.ExampleBank.Callbacks;
using G2PBridge.Simulators.ExampleBank.Statements;
using G2PBridge.Simulators.Faults;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>The Example Bank as one thing to register and to mount.</summary>
internal static class ExampleBankMount
{
    public const string PartyKey = "example-bank";

    public static IServiceCollection AddExampleBank(this IServiceCollection services)
    {
        services.AddKeyedSingleton<FaultBook>(PartyKey);
        services.AddSingleton<BankSignals>();
        services.AddSingleton<PaymentIntake>();
        services.AddSingleton<Bookkeeper>();
        services.AddSingleton<StatementCutter>();
        services.AddSingleton<StatementWriter>();
        services.AddHttpClient(StatementDelivery.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        services.AddHostedService<BookingService>();
        services.AddHostedService<StatementService>();
        services.AddHostedService<StatementDelivery>();
        services.AddHttpClient(CallbackDelivery.ClientName, client => client.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        services.AddHostedService<CallbackDelivery>();
        return services;
    }

    public static void MapExampleBank(this IEndpointRouteBuilder routes)
    {
        var book = routes.ServiceProvider.GetRequiredKeyedService<FaultBook>(PartyKey);
        var gate = new FaultGate(book, routes.ServiceProvider.GetRequiredService<TimeProvider>());

        CheckFunds.Map(routes, gate);
        BlockFunds.Map(routes, gate);
        ReleaseBlock.Map(routes, gate);
        InitiatePayment.Map(routes, gate);
        InquirePayments.Map(routes, gate);
        GenerateAccountStatement.Map(routes, gate);
        Ussd.Map(routes, gate);
        Ping.Map(routes, gate);

        // The judge, the operator's levers and the page stay honest whatever the rules say.
        routes.MapFaults(book);
        ReturnPayments.Map(routes);
        GetAccount.Map(routes);
        GetStatement.Map(routes);
        LedgerPayments.Map(routes);
        LedgerSummary.Map(routes);
        Overview.Map(routes);
    }
}
