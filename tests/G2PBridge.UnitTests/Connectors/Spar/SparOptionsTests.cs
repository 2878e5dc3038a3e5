using System.ComponentModel.DataAnnotations;
using G2PBridge.Connectors.Spar;

namespace G2PBridge.UnitTests.Connectors.Spar;

internal sealed class SparOptionsTests
{
    [Test]
    public void An_absolute_address_is_all_it_takes() => Assert.That(Faults(new SparOptions { Url = "http://mapper/resolve" }), Is.Empty);

    [TestCase(null, "Spar:Url is missing")]
    [TestCase("mapper/resolve", "Spar:Url is 'mapper/resolve'")]
    [TestCase("ftp://mapper", "Spar:Url is 'ftp://mapper'")]
    public void A_wrong_address_is_named(string? url, string message) => Assert.That(Faults(new SparOptions { Url = url }), Has.One.Contains(message));

    [Test]
    public void A_broken_expression_is_named() =>
        Assert.That(Faults(new SparOptions { Url = "http://mapper/resolve", BankStrategy = "(" }), Has.One.Contains("Spar:BankStrategy"));

    [Test]
    public void An_unknown_generation_is_named() =>
        Assert.That(Faults(new SparOptions { Url = "http://mapper/resolve", Generation = "2.0" }), Has.One.Contains("Spar:Generation"));

    private static string?[] Faults(SparOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return [.. results.Concat(options.Validate(new ValidationContext(options))).Select(result => result.ErrorMessage).Distinct()];
    }
}
