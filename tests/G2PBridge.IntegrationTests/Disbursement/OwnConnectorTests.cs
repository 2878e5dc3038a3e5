using System.Text.Json;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>A ministry's own connector: an assembly in a folder and a name in the settings.</summary>
internal sealed class OwnConnectorTests : IntegrationTest
{
    private const string Sample = "G2PBridge.SampleBankConnector";

    [Test]
    public async Task A_connector_that_was_dropped_into_the_folder_pays_by_configuration_alone()
    {
        var connectors = Directory.CreateTempSubdirectory("connectors-").FullName;
        var orders = Directory.CreateTempSubdirectory("orders-").FullName;
        try
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "sample-connector", $"{Sample}.dll"), Path.Combine(connectors, $"{Sample}.dll"));
            await using var host = TestHost.Build(
                TestHost.ConnectionString,
                services =>
                {
                    services.AddSingleton<TimeProvider>(Clock);
                    services.AddSingleton<IMapperConnector>(Mapper);
                },
                ("Connectors:Folder", connectors), ("SponsorBanks:Default:SponsorBankCode", "CARRIED"), ("SponsorBanks:Banks:CARRIED:Assembly", Sample), ("SponsorBanks:Banks:CARRIED:Folder", orders));
            await Journey.ReceiveAsync("E", 3);

            await TestHost.WorkAsync(host.Services);

            var order = JsonSerializer.Deserialize<PaymentOrder>(await File.ReadAllTextAsync(Directory.GetFiles(orders, "*.json").Single()))!;
            Assert.That((order.Payments.Count, order.Total), Is.EqualTo((3, 3000m)));
            var progress = (await SendAsync(new ReadDispatchProgress(["E"]))).Single();
            Assert.That((progress.BankCode, progress.Sent, progress.SentAmount), Is.EqualTo(("CARRIED", 3, 3000m)));
        }
        finally
        {
            Directory.Delete(connectors, recursive: true);
            Directory.Delete(orders, recursive: true);
        }
    }
}
