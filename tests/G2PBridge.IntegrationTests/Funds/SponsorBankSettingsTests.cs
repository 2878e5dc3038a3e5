using G2PBridge.Modules.Funds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Funds;

/// <summary>A wrong setting stops the start with one sentence that names the key.</summary>
internal sealed class SponsorBankSettingsTests : IntegrationTest
{
    [TestCase("SponsorBanks:Default:SponsorBankCode", "NO-BANK", "SponsorBanks:Default:SponsorBankCode is 'NO-BANK', which SponsorBanks:Banks does not configure.")]
    [TestCase("SponsorBanks:Banks:EXAMPLE-BANK:Connector", "ftp", "SponsorBanks:Banks:EXAMPLE-BANK:Connector is 'ftp'; known connectors are example-bank.")]
    [TestCase("SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl", "bank", "SponsorBanks:Banks:EXAMPLE-BANK: BaseUrl must be an absolute http or https address.")]
    [TestCase("SponsorBanks:Banks:EXAMPLE-BANK:TimeoutSeconds", "0", "SponsorBanks:Banks:EXAMPLE-BANK: The field TimeoutSeconds must be between 1 and 600.")]
    [TestCase("SponsorBanks:Accounts:0:AccountNumber", "A1", "SponsorBanks:Accounts:0:ProgramId is missing.")]
    [TestCase("Funds:Lease", "00:00:01", "Funds:Lease must be at least twice Funds:CallTimeout.")]
    [TestCase("Disbursement:Lease", "00:00:01", "Disbursement:Lease must be at least twice Disbursement:CallTimeout.")]
    public async Task A_wrong_setting_is_named_at_the_start(string key, string value, string sentence)
    {
        await using var web = TestHost.Build(TestHost.ConnectionString, _ => { }, (key, value));
        Assert.That(() => web.StartAsync(), Throws.InstanceOf<OptionsValidationException>().With.Property("Failures").Contains(sentence)
            .Or.InstanceOf<OptionsValidationException>().With.Message.Contains(sentence));
    }

    [Test]
    public async Task The_account_of_a_programme_comes_before_the_default()
    {
        await using var web = TestHost.Build(TestHost.ConnectionString, _ => { },
            ("SponsorBanks:Accounts:0:ProgramId", "1"), ("SponsorBanks:Accounts:0:SponsorBankCode", "EXAMPLE-BANK"), ("SponsorBanks:Accounts:0:AccountNumber", "ALL"),
            ("SponsorBanks:Accounts:1:ProgramId", "1"), ("SponsorBanks:Accounts:1:BenefitCodeId", "2"), ("SponsorBanks:Accounts:1:SponsorBankCode", "EXAMPLE-BANK"), ("SponsorBanks:Accounts:1:AccountNumber", "ONE"));
        var options = web.Services.GetRequiredService<IOptions<SponsorBanksOptions>>().Value;
        Assert.That(new[] { options.AccountFor(1, 2), options.AccountFor(1, 3), options.AccountFor(2, 2) }.Select(account => account!.AccountNumber), Is.EqualTo(new[] { "ONE", "ALL", "SPONSOR0001" }));
    }
}
