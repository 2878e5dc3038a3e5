using G2PBridge.Modules.Resolution;
using Microsoft.Extensions.Configuration;

namespace G2PBridge.UnitTests.Resolution;

internal sealed class ResolutionOptionsTests
{
    [TestCase(1, 30)]
    [TestCase(2, 300)]
    [TestCase(5, 21_600)]
    public void People_without_an_address_are_asked_about_less_and_less_often(int round, int seconds) =>
        Assert.That(new ResolutionOptions().DelayAfterRound(round), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [Test]
    public void The_rounds_come_to_an_end() => Assert.That(new ResolutionOptions().DelayAfterRound(6), Is.Null);

    [TestCase(1, 5)]
    [TestCase(2, 10)]
    [TestCase(4, 40)]
    [TestCase(7, 300)]
    [TestCase(1_000_000, 300)]
    public void Failed_attempts_are_repeated_for_ever_with_a_bounded_pause(int failures, int seconds) =>
        Assert.That(new ResolutionOptions().DelayAfterFailure(failures), Is.EqualTo(TimeSpan.FromSeconds(seconds)));

    [Test]
    public void Configured_pauses_replace_the_defaults()
    {
        var options = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Resolution:RetryDelays:0"] = "00:00:01", ["Resolution:RetryDelays:1"] = "00:00:02" })
            .Build().GetSection(ResolutionOptions.Section).Get<ResolutionOptions>()!;

        Assert.That(options.DelayAfterRound(1), Is.EqualTo(TimeSpan.FromSeconds(1)));
        Assert.That(options.DelayAfterRound(3), Is.Null);
    }
}
