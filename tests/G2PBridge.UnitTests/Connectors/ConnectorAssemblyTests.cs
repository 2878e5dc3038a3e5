using G2PBridge.Connectors;
using Mono.Cecil;

namespace G2PBridge.UnitTests.Connectors;

/// <summary>What may be dropped into the connectors' folder, and the sentence for what may not.</summary>
internal sealed class ConnectorAssemblyTests
{
    private const string Sample = "G2PBridge.SampleBankConnector";

    private string _folder = "";

    private static string SampleFile => Path.Combine(AppContext.BaseDirectory, "sample-connector", $"{Sample}.dll");

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("connectors-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("")]
    [TestCase(Sample)]
    public void A_connector_is_found_in_the_folder_or_in_one_of_its_own_and_shares_the_contract(string place)
    {
        Directory.CreateDirectory(Path.Combine(_folder, place));
        File.Copy(SampleFile, Path.Combine(_folder, place, $"{Sample}.dll"));

        var connector = ConnectorAssembly.Create<IBankConnector>(_folder, Sample, Settings(("Folder", _folder)));

        Assert.That(connector.GetType().FullName, Is.EqualTo($"{Sample}.FolderBank"));
        Assert.That(connector.Capabilities.MostPaymentsPerOrder, Is.EqualTo(1_000));
    }

    [Test]
    public void One_that_is_not_there_is_named_with_its_place() => IsRefused("Nile.BankConnector", "There is no connector 'Nile.BankConnector': put Nile.BankConnector.dll into");

    [Test]
    public void A_path_is_not_a_name() => IsRefused("../Nile", "is not the name of an assembly");

    [Test]
    public void What_is_no_assembly_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "Text.dll"), "text");
        IsRefused("Text", "is not a .NET assembly");
    }

    [Test]
    public void An_assembly_that_knows_nothing_of_the_contract_holds_no_connector()
    {
        File.Copy(typeof(TestAttribute).Assembly.Location, Path.Combine(_folder, "nunit.framework.dll"));
        IsRefused("nunit.framework", "holds no connector: it does not use G2PBridge.Connectors");
    }

    [Test]
    public void A_connector_that_is_not_public_is_none()
    {
        Change(assembly => assembly.MainModule.GetType($"{Sample}.FolderBank").IsPublic = false);
        IsRefused(Sample, "no public class in it implements IBankConnector");
    }

    [Test]
    public void Several_connectors_are_named()
    {
        Change(assembly =>
        {
            var first = assembly.MainModule.GetType($"{Sample}.FolderBank");
            first.IsSealed = false;
            assembly.MainModule.Types.Add(new TypeDefinition(Sample, "OtherBank", TypeAttributes.Public | TypeAttributes.Class, first));
        });
        IsRefused(Sample, "several connectors (G2PBridge.SampleBankConnector.FolderBank, G2PBridge.SampleBankConnector.OtherBank)");
    }

    [TestCase("2.0.0.0")]
    [TestCase("1.1.0.0")]
    public void Another_version_of_the_contract_is_refused_with_both(string version)
    {
        Change(assembly => assembly.MainModule.AssemblyReferences.Single(reference => reference.Name == "G2PBridge.Connectors").Version = Version.Parse(version));
        IsRefused(Sample, $"compiled against version {version[..3]} of the connector contract, and this bridge has 1.0");
    }

    [Test]
    public void What_a_connector_misses_is_told_in_its_own_words()
    {
        File.Copy(SampleFile, Path.Combine(_folder, $"{Sample}.dll"));
        IsRefused(Sample, "Folder is missing.");
        IsRefused(Sample, "Folder is '/nowhere', which does not exist.", ("Folder", "/nowhere"));
    }

    private void Change(Action<AssemblyDefinition> change)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(SampleFile);
        change(assembly);
        assembly.Write(Path.Combine(_folder, $"{Sample}.dll"));
    }

    private void IsRefused(string name, string sentence, params (string Key, string Value)[] settings) =>
        Assert.That(() => ConnectorAssembly.Create<IBankConnector>(_folder, name, Settings(settings)), Throws.TypeOf<BankSettingsException>().With.Message.Contains(sentence));

    private static BankSettings Settings(params (string Key, string Value)[] values) =>
        new("NILE", values.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase), TimeProvider.System);
}
