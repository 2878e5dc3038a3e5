using System.Text.Json;
using G2PBridge.LocalPostgres;

namespace G2PBridge.ProcessTests.LocalPostgres;

[Parallelizable(ParallelScope.Self)]
internal sealed class NpmPostgresTests : PostgresFolders
{
    [Test]
    public async Task The_PostgreSQL_of_npm_serves_like_an_installed_one()
    {
        var bin = await NpmBinDirectoryAsync();
        await using var cluster = await StartAsync(NewFolder(), bin);

        Assert.That(cluster.ServerVersion.Major, Is.EqualTo(18));
        Assert.That(await QueryAsync<string>(cluster.ConnectionString("postgres"), "select current_setting('data_checksums')"), Is.EqualTo("on"));
    }

    [Test]
    public async Task Data_made_by_version_18_finds_the_programs_of_18_by_itself()
    {
        var folder = NewFolder();
        await using (var made = await StartAsync(folder, await NpmBinDirectoryAsync()))
        {
            Assert.That(made.ServerVersion.Major, Is.EqualTo(18));
        }

        await using var cluster = await StartAsync(folder);

        Assert.That(cluster.ServerVersion.Major, Is.EqualTo(18));
    }

    [Test]
    public async Task A_repository_without_node_modules_installs_them_and_needs_no_install_script()
    {
        var root = NpmPostgres.FindRepositoryRoot(new LocalPostgresOptions { Folder = "" })!;
        var folder = NewFolder();
        var clone = Path.GetDirectoryName(folder)!;
        foreach (var name in new[] { "package.json", "package-lock.json" })
        {
            File.Copy(Path.Combine(root, name), Path.Combine(clone, name));
        }

        var reports = new List<string>();
        await using var cluster = await StartAsync(new LocalPostgresOptions { Folder = folder, SearchDirectories = [], RepositoryRoot = clone }, reports);

        Assert.That(reports[0], Does.Contain("`npm ci`"));
        Assert.That(cluster.BinDirectory, Does.StartWith(clone));
        Assert.That(cluster.ServerVersion.Major, Is.EqualTo(18));
    }

    [Test]
    public void The_lock_file_pins_one_version_for_every_system_from_the_public_registry()
    {
        var root = NpmPostgres.FindRepositoryRoot(new LocalPostgresOptions { Folder = "" })!;
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "package-lock.json")));
        var packages = document.RootElement.GetProperty("packages").EnumerateObject().Where(package => package.Name.Contains("@embedded-postgres/", StringComparison.Ordinal)).ToList();

        Assert.That(packages, Has.Count.EqualTo(5));
        Assert.That(packages.Select(package => package.Value.GetProperty("version").GetString()).Distinct(), Has.Exactly(1).Items);
        Assert.That(packages.Select(package => package.Value.GetProperty("resolved").GetString()), Has.All.StartsWith("https://registry.npmjs.org/"));
    }
}
