using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.UnitTests.Disbursement;

/// <summary>Callbacks in every order and with every repetition lead to the same state.</summary>
internal sealed class CallbacksTests
{
    private static readonly CallbackStatus[] Statuses = Enum.GetValues<CallbackStatus>();

    [Test]
    public void Whatever_is_said_in_whatever_order_and_however_often_the_end_is_the_same()
    {
        foreach (var said in Sequences(4))
        {
            var expected = said.Any(status => status is CallbackStatus.Paid or CallbackStatus.Returned) || !said.Contains(CallbackStatus.Refused) ? LineState.Sent : LineState.Refused;
            foreach (var start in new[] { LineState.Unknown, LineState.Sent })
            {
                Assert.That(After(start, said), Is.EqualTo(expected), $"{start}: {string.Join(", ", said)}");
            }
        }
    }

    [Test]
    public void A_refusal_never_outweighs_a_debit() =>
        Assert.That(
            from status in Statuses from state in Enum.GetValues<LineState>() where Callbacks.Judge(status, state, false, true).To == LineState.Refused select (status, state), Is.Empty);

    [Test]
    public void Nothing_is_done_while_the_order_is_with_the_bank_or_before() =>
        Assert.That(
            from status in Statuses from state in new[] { LineState.Prepared, LineState.Sending } from proved in new[] { true, false } select Callbacks.Judge(status, state, false, proved).State,
            Is.All.EqualTo(CallbackState.Waiting));

    [Test]
    public void What_a_callback_does_is_allowed_by_the_lines_chart() =>
        Assert.That(
            from status in Statuses
            from state in Enum.GetValues<LineState>()
            from hasNext in new[] { true, false }
            from proved in new[] { true, false }
            let to = Callbacks.Judge(status, state, hasNext, proved).To
            where to is not null && !LineTransitions.Allows(state, to.Value)
            select (status, state, to),
            Is.Empty);

    [Test]
    public void What_was_paid_again_is_left_alone() =>
        Assert.That(from status in Statuses select Callbacks.Judge(status, LineState.Refused, true, false).To, Is.All.Null);

    private static LineState After(LineState state, CallbackStatus[] said)
    {
        var isProvedPaid = false;
        foreach (var status in said)
        {
            state = Callbacks.Judge(status, state, false, isProvedPaid).To ?? state;
            isProvedPaid |= status is CallbackStatus.Paid or CallbackStatus.Returned;
        }

        return state;
    }

    private static IEnumerable<CallbackStatus[]> Sequences(int longest) => Enumerable.Range(1, longest).SelectMany(OfLength);

    private static IEnumerable<CallbackStatus[]> OfLength(int length) => length == 0
        ? [[]]
        : OfLength(length - 1).SelectMany(shorter => Statuses.Select(status => (CallbackStatus[])[.. shorter, status]));
}
