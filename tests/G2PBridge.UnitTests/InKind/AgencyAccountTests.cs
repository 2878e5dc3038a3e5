using G2PBridge.Modules.InKind.Domain;

namespace G2PBridge.UnitTests.InKind;

/// <summary>The tags of an agency's additional_info (contract, section 6.2).</summary>
internal sealed class AgencyAccountTests
{
    [TestCase("#BANK#B1#BRANCH#0001#ACCOUNT#A1#TYPE#BANK_ACCOUNT#", "B1", "0001", "A1", "BANK_ACCOUNT")]
    [TestCase("#ACCOUNT#A1#BANK#B1#", "B1", null, "A1", "BANK_ACCOUNT")]
    [TestCase(" #BANK# B1 #BRANCH##ACCOUNT#A 1#TYPE##NOTE#x# ", "B1", null, "A 1", "BANK_ACCOUNT")]
    [TestCase("#BANK#ACCOUNT#ACCOUNT#BANK#", "ACCOUNT", null, "BANK", "BANK_ACCOUNT")]
    [TestCase("#BANK#MPESA#ACCOUNT#2547#TYPE#MOBILE_WALLET#", "MPESA", null, "2547", "MOBILE_WALLET")]
    public void Tags_are_read_in_pairs(string text, string bank, string? branch, string account, string type) =>
        Assert.That(AgencyAccount.Parse(text), Is.EqualTo(new AgencyAccount(bank, branch, account, type)));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("#")]
    [TestCase("##")]
    [TestCase("call me")]
    [TestCase("#BANK#B1#")]
    [TestCase("#ACCOUNT#A1#")]
    [TestCase("#BANK##ACCOUNT#A1#")]
    [TestCase("#BANK#B1#ACCOUNT#")]
    [TestCase("#BANK#B1#ACCOUNT#A1")]
    [TestCase("BANK#B1#ACCOUNT#A1#")]
    [TestCase("#BANK#B1#ACCOUNT#A1#ACCOUNT#A2#")]
    [TestCase("#BANK#B1#ACCOUNT#A1#ODD#")]
    public void What_is_not_exactly_an_account_is_none(string? text) => Assert.That(AgencyAccount.Parse(text), Is.Null);
}
