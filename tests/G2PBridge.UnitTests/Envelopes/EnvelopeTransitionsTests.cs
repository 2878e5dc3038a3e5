using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using static G2PBridge.Modules.Envelopes.Contracts.EnvelopeStatus;

namespace G2PBridge.UnitTests.Envelopes;

internal sealed class EnvelopeTransitionsTests
{
    private static readonly DateTimeOffset At = new(2026, 6, 19, 10, 15, 0, TimeSpan.Zero);

    private static readonly (EnvelopeStatus From, EnvelopeStatus To)[] Arrows = [(Open, Sealed), (Open, Cancelled), (Sealed, Cancelled)];

    [Test]
    public void Only_the_arrows_of_the_chart_are_allowed([Values] EnvelopeStatus from, [Values] EnvelopeStatus to) =>
        Assert.That(EnvelopeTransitions.Allows(from, to), Is.EqualTo(Arrows.Contains((from, to))));

    [Test]
    public void A_cancelled_envelope_is_never_paid() =>
        Assert.That(Enum.GetValues<EnvelopeStatus>().Where(to => EnvelopeTransitions.Allows(Cancelled, to)), Is.Empty);

    [Test]
    public void A_move_is_dated()
    {
        var envelope = New();
        envelope.MoveTo(Sealed, At);
        envelope.MoveTo(Cancelled, At.AddHours(1));
        Assert.That((envelope.Status, envelope.SealedAt, envelope.CancelledAt), Is.EqualTo((Cancelled, (DateTimeOffset?)At, (DateTimeOffset?)At.AddHours(1))));
    }

    [Test]
    public void An_illegal_move_throws_and_changes_nothing()
    {
        var envelope = New();
        envelope.MoveTo(Cancelled, At);
        Assert.That(() => envelope.MoveTo(Sealed, At.AddHours(1)), Throws.InvalidOperationException.With.Message.Contains("Cancelled"));
        Assert.That((envelope.Status, envelope.SealedAt), Is.EqualTo((Cancelled, (DateTimeOffset?)null)));
    }

    [TestCase(2, 10, true)]
    [TestCase(1, 10, false)]
    [TestCase(2, 9, false)]
    public void An_envelope_is_complete_when_number_and_sum_have_arrived(int lines, int quantity, bool expected)
    {
        var envelope = New();
        envelope.DisbursementsReceived = lines;
        envelope.QuantityReceived = quantity;
        Assert.That(envelope.IsComplete, Is.EqualTo(expected));
    }

    private static Envelope New() => new()
    {
        Id = "E1",
        BenefitType = BenefitType.CashDigital,
        Unit = "USD",
        NumberOfBeneficiaries = 2,
        NumberOfDisbursements = 2,
        TotalQuantity = 10,
        ScheduleDate = new DateOnly(2026, 6, 19),
        ReceivedAt = At,
        Sender = "TEST",
    };
}
