using System.Text.RegularExpressions;
using G2PBridge.Platform.Hosting;
using Mono.Cecil;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>Log messages: one number each, in the band of its place, and nothing about a person.</summary>
internal sealed partial class LoggingTests
{
    private static readonly (string Place, int From, int To)[] Bands =
    [
        ("Platform", 100, 199), ("PartnerApi", 200, 299), ("Views", 300, 399), ("Commands", 400, 499), ("Connectors", 500, 699), ("Statements", 700, 799),
        ("Modules.Access", 900, 999), ("Modules.Envelopes", 1000, 1999), ("Modules.Resolution", 2000, 2499), ("Modules.Funds", 2500, 2999), ("Modules.Disbursement", 3000, 3999),
        ("Modules.Reconciliation", 4000, 4999), ("Modules.InKind", 5000, 5999), ("Modules.Notifications", 6000, 6999), ("Simulators", 8000, 8999),
    ];

    private static readonly List<LogMessage> Messages =
    [
        .. Find(typeof(BridgeHost), type => HostAssembly.Outermost(type).Namespace["G2PBridge.".Length..]),
        .. Find(typeof(G2PBridge.Simulators.SimulatorsHosting), _ => "Simulators"),
    ];

    [Test]
    public void Every_number_is_given_once()
    {
        Assert.That(Messages, Has.Count.GreaterThan(10));
        Assert.That(Messages.GroupBy(message => message.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(message => message.Where))}"), Is.Empty);
    }

    [Test]
    public void Every_number_lies_in_the_band_of_its_place() =>
        Assert.That(Messages.Where(message => !Bands.Any(band => IsIn(message, band.Place) && message.Id >= band.From && message.Id <= band.To)).Select(message => $"{message.Where}: {message.Id}"), Is.Empty);

    [Test]
    public void Bands_do_not_overlap() =>
        Assert.That(Bands.Where(band => Bands.Any(other => other.Place != band.Place && other.From <= band.To && band.From <= other.To)), Is.Empty);

    [Test]
    public void No_message_names_a_person_or_an_account() =>
        Assert.That(
            from message in Messages
            from name in Placeholder().Matches(message.Text).Select(match => match.Groups[1].Value).Concat(message.Parameters)
            where Personal().IsMatch(name)
            select $"{message.Where}: {name}",
            Is.Empty);

    [TestCase("BeneficiaryName", true)]
    [TestCase("accountNumber", true)]
    [TestCase("Phone", true)]
    [TestCase("narrative", true)]
    [TestCase("EnvelopeId", false)]
    [TestCase("Job", false)]
    public void Personal_fields_are_recognised(string name, bool expected) => Assert.That(Personal().IsMatch(name), Is.EqualTo(expected));

    private static bool IsIn(LogMessage message, string place) => message.Place == place || message.Place.StartsWith(place + ".", StringComparison.Ordinal);

    private static IEnumerable<LogMessage> Find(Type inAssembly, Func<TypeDefinition, string> placeOf) =>
        from type in HostAssembly.Read(inAssembly.Assembly.Location).MainModule.Types.SelectMany(HostAssembly.WithNested)
        from method in type.Methods
        from attribute in method.CustomAttributes
        where attribute.AttributeType.Name == "LoggerMessageAttribute"
        select new LogMessage(placeOf(type), method.FullName, IdOf(attribute), TextOf(attribute), [.. method.Parameters.Select(parameter => parameter.Name)]);

    private static int IdOf(CustomAttribute attribute) =>
        attribute.ConstructorArguments.Concat(attribute.Properties.Where(property => property.Name == "EventId").Select(property => property.Argument))
            .Select(argument => argument.Value).OfType<int>().FirstOrDefault();

    private static string TextOf(CustomAttribute attribute) =>
        attribute.ConstructorArguments.Concat(attribute.Properties.Where(property => property.Name == "Message").Select(property => property.Argument))
            .Select(argument => argument.Value).OfType<string>().FirstOrDefault() ?? "";

    [GeneratedRegex(@"\{@?\$?(\w+)")]
    private static partial Regex Placeholder();

    [GeneratedRegex("name|account|phone|mobile|mail|narrative|beneficiary|person|iban|wallet", RegexOptions.IgnoreCase)]
    private static partial Regex Personal();

    private sealed record LogMessage(string Place, string Where, int Id, string Text, string[] Parameters);
}
