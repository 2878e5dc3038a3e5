using G2PBridge.Connectors;
using G2PBridge.Connectors.Spar;
using Microsoft.Extensions.Options;

namespace G2PBridge.UnitTests.Connectors.Spar;

internal sealed class AddressStrategiesTests
{
    [Test]
    public void A_bank_account_is_taken_apart() =>
        Assert.That(TakeApart("account_number:ACC1.branch_code:0001.bank_code:EXAMPLE-BANK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT"),
            Is.EqualTo(new ResolvedAddress("BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, null)));

    [Test]
    public void SPARs_own_word_for_a_bank_account_is_understood() =>
        Assert.That(TakeApart("account_number:ACC1.branch_code:1.bank_code:B.mobile_number:.email_address:.fa_type:BANK")!.Kind, Is.EqualTo("BANK_ACCOUNT"));

    [Test]
    public void SPARs_strategy_for_banks_is_read_too() =>
        Assert.That(TakeApart("account_number:AC.C1.branch_name:Main St.branch_code:0001.bank_name:Example Bank.bank_code:EXAMPLE-BANK.fa_type:BANK"),
            Is.EqualTo(new ResolvedAddress("BANK_ACCOUNT", "AC.C1", "EXAMPLE-BANK", "0001", null, null, null, null, null)));

    [Test]
    public void A_mobile_wallet_keeps_its_provider() =>
        Assert.That(TakeApart("mobile_number:+260971.wallet_provider_name:MPESA.wallet_provider_code:M1.fa_type:MOBILE_WALLET"),
            Is.EqualTo(new ResolvedAddress("MOBILE_WALLET", null, null, null, "+260971", "MPESA", null, null, null)));

    [Test]
    public void A_provider_without_a_name_is_known_by_its_code() =>
        Assert.That(TakeApart("mobile_number:1.wallet_provider_name:.wallet_provider_code:M1.fa_type:MOBILE_WALLET")!.MobileWalletProvider, Is.EqualTo("M1"));

    [Test]
    public void An_email_wallet_keeps_its_provider_and_the_dots_of_its_address() =>
        Assert.That(TakeApart("email_address:a.b@c.example.wallet_provider_name:PayMail.wallet_provider_code:P.fa_type:EMAIL_WALLET"),
            Is.EqualTo(new ResolvedAddress("EMAIL_WALLET", null, null, null, null, null, "a.b@c.example", "PayMail", null)));

    [Test]
    public void An_older_strategy_is_configured_as_upstream_spells_it()
    {
        var options = new SparOptions { MobileWalletStrategy = @"^mobile_(?P<mobile_number>\d+)_(?P<mobile_wallet_provider>\w+)$" };

        Assert.That(TakeApart("mobile_0971_MPESA", options), Is.EqualTo(new ResolvedAddress("MOBILE_WALLET", null, null, null, "0971", "MPESA", null, null, null)));
    }

    [TestCase("")]
    [TestCase("what is this")]
    [TestCase("fa_type:BANK_ACCOUNT")]
    public void What_fits_no_strategy_is_not_taken_apart(string address) => Assert.That(TakeApart(address), Is.Null);

    [Test]
    [CancelAfter(20_000)]
    public void A_careless_expression_costs_a_bounded_time() =>
        Assert.That(TakeApart(new string('a', 1_900) + "!", new SparOptions { BankStrategy = "^(?<account_number>(a+)+)$" }), Is.Null);

    private static ResolvedAddress? TakeApart(string address, SparOptions? options = null) =>
        new AddressStrategies(Options.Create(options ?? new SparOptions())).TakeApart(address)?.ToAddress();
}
