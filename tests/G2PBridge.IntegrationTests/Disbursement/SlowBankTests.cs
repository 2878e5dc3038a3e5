using G2PBridge.Connectors;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Two banks, one of which answers nothing: its own envelopes wait, nobody else's.</summary>
internal sealed class SlowBankTests : IntegrationTest
{
    private const int SlowEnvelopes = 6;

    /// <param name="from">What the slow bank does not answer: from the funds check on, or from the order on.</param>
    [TestCase("funds")]
    [TestCase("order")]
    public async Task A_bank_that_hangs_does_not_starve_another(string from)
    {
        var slow = new HangingBank { AnswersAboutFunds = from == "order" };
        await using var host = await WorkingHost.StartAsync(
            services => services.AddSingleton(new BankConnectorKind("hanging", (_, _, _) => slow)),
            [("SponsorBanks:Banks:SLOW:Connector", "hanging"), .. Enumerable.Range(0, SlowEnvelopes).SelectMany(AccountAtSlowBank)]);
        try
        {
            for (var i = 0; i < SlowEnvelopes; i++)
            {
                await Journey.ReceiveAsync($"SLOW{i}", 2, change: envelope =>
                {
                    envelope["benefit_program_id"] = i;
                    envelope["benefit_program_mnemonic"] = $"SLOW{i}";
                });
            }

            if (from == "order")
            {
                await WorkingHost.UntilAsync(async () => await ScalarAsync<long>("select count(*) from disbursement.chunk where state = 'Sending'") == 2, "The slow bank has as many orders as it gets at once");
            }

            await Journey.ReceiveAsync("QUICK", 2);

            await WorkingHost.UntilAsync(async () => await ScalarAsync<string>("select state from disbursement.chunk where envelope_id = 'QUICK'") == "Sent", "The quick bank has paid");
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.chunk where envelope_id like 'SLOW%' and state = 'Sent'"), Is.Zero);
        }
        finally
        {
            slow.LetGo();
        }
    }

    /// <summary>A programme for each envelope, so that nobody is paid twice by one.</summary>
    private static IEnumerable<(string, string)> AccountAtSlowBank(int programme) =>
    [
        ($"SponsorBanks:Accounts:{programme}:ProgramId", $"{programme}"),
        ($"SponsorBanks:Accounts:{programme}:SponsorBankCode", "SLOW"),
        ($"SponsorBanks:Accounts:{programme}:AccountNumber", "S"),
    ];
}
