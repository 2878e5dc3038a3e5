using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class ReferenceScanTests
{
    private const string Prefix = "7KQ2";

    private static readonly PaymentReference Reference = new(123_456, 2);
    private static readonly string Text = Reference.Format(Prefix);
    private static readonly ReferenceScan Scan = new(Prefix);

    [Test]
    public void It_is_found_between_other_letters_blanks_and_lines() => Assert.Multiple(() =>
    {
        Assert.That(Scan.FindWithin($"abc{Text}def"), Is.EqualTo(Reference));
        Assert.That(Scan.FindWithin($"7KQ2 7KQ 2{Text[4..9].ToLowerInvariant()}\n{Text[9..]}"), Is.EqualTo(Reference));
    });

    [Test]
    public void One_wrong_character_is_nobodys_reference()
    {
        for (var at = Prefix.Length; at < Text.Length; at++)
        {
            var wrong = Text[..at] + (Text[at] == 'A' ? 'B' : 'A') + Text[(at + 1)..];
            Assert.That(Scan.FindWithin(wrong), Is.Null, wrong);
        }
    }

    [Test]
    public void A_cut_reference_is_nobodys_reference() => Assert.That(Scan.FindWithin(Text[..15]), Is.Null);
}
