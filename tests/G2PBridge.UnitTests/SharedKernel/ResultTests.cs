using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.SharedKernel;

internal sealed class ResultTests
{
    [Test]
    public void A_value_is_a_result()
    {
        Result<int> result = 7;
        Assert.Multiple(() =>
        {
            Assert.That(result.IsRefused, Is.False);
            Assert.That(result.Refusal, Is.Null);
            Assert.That(result.Value, Is.EqualTo(7));
        });
    }

    [Test]
    public void A_refusal_is_a_result_without_a_value()
    {
        Result<int> result = new Refusal("NO", "Not today.", RefusalKind.Conflict);
        Assert.Multiple(() =>
        {
            Assert.That(result.IsRefused, Is.True);
            Assert.That(result.Refusal!.Kind, Is.EqualTo(RefusalKind.Conflict));
            Assert.That(() => result.Value, Throws.InvalidOperationException.With.Message.Contains("NO"));
        });
    }

    [Test]
    public void A_refusal_is_invalid_input_unless_it_says_otherwise() =>
        Assert.That(new Refusal("NO", "").Kind, Is.EqualTo(RefusalKind.Invalid));

    [Test]
    public void A_run_of_lines_holds_both_its_ends()
    {
        var range = new SeqRange(5, 9);
        Assert.Multiple(() =>
        {
            Assert.That(range.Length, Is.EqualTo(5));
            Assert.That(new long[] { 4, 5, 9, 10 }.Where(range.Contains), Is.EqualTo(new long[] { 5, 9 }));
        });
    }
}
