using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class StatusMeaningTests
{
    [TestCase(StatusMeaning.UnderWay, "RCVD", "PDNG", "PATC", "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", " accp ")]
    [TestCase(StatusMeaning.Settled, "ACSC", "ACCC", "CPUC")]
    [TestCase(StatusMeaning.Rejected, "RJCT", "CANC", "rjct")]
    [TestCase(StatusMeaning.Blocked, "BLCK")]
    [TestCase(StatusMeaning.Mixed, "PART")]
    [TestCase(StatusMeaning.NotKnown, null, "", "RVNM", "DONE")]
    public void Every_status_of_the_code_set_has_its_meaning(StatusMeaning meaning, params string?[] statuses) =>
        Assert.That(statuses.Select(StatusMeanings.Of), Is.All.EqualTo(meaning));
}
