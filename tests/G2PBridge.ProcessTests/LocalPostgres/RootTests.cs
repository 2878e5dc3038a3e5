using System.Diagnostics;
using System.Runtime.Versioning;

namespace G2PBridge.ProcessTests.LocalPostgres;

/// <summary>
/// What only concerns root, as whom containers and clean-room checks often run: the folder of these tests is one that only root may enter.
/// </summary>
[Parallelizable(ParallelScope.Self)]
[Platform(Include = "Linux")]
[SupportedOSPlatform("linux")]
internal sealed class RootTests : PostgresFolders
{
    private const UnixFileMode OpenToAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    [SetUp]
    public void Only_for_root()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("This is about root; the tests run as another user.");
        }
    }

    [Test]
    public async Task A_folder_that_only_root_may_enter_works()
    {
        var folder = NewFolder();
        await using var cluster = await StartAsync(folder);

        Assert.That(await QueryAsync<int>(cluster.ConnectionString("postgres"), "select 1"), Is.EqualTo(1));
        Assert.That(await EffectiveUserAsync(cluster.ServerProcessId), Is.Not.Empty);
    }

    [Test]
    public async Task Without_user_namespaces_the_cluster_goes_where_nobody_can_reach_it_and_is_found_again()
    {
        var folder = NewFolder();
        var reports = new List<string>();
        await using var first = await StartAsync(folder, reports: reports, allowUserNamespace: false);
        await QueryAsync<int>(first.ConnectionString("postgres"), "create table kept (id int); insert into kept values (7) returning id");
        Assert.That(await EffectiveUserAsync(first.ServerProcessId), Is.EqualTo("nobody"));
        Assert.That(await first.StopAsync(), Is.True);

        await using var second = await StartAsync(folder, allowUserNamespace: false);

        Assert.Multiple(async () =>
        {
            Assert.That(first.DataDirectory, Does.Not.StartWith(folder));
            Assert.That(reports, Has.Some.Contain($"the cluster is in {Path.GetDirectoryName(first.DataDirectory)}"));
            Assert.That(second.DataDirectory, Is.EqualTo(first.DataDirectory));
            Assert.That(await QueryAsync<int>(second.ConnectionString("postgres"), "select id from kept"), Is.EqualTo(7));
        });
    }

    [Test]
    public async Task Without_user_namespaces_a_folder_that_is_open_to_others_is_used_as_it_is()
    {
        var folder = NewFolder();
        File.SetUnixFileMode(Path.GetDirectoryName(folder)!, OpenToAll);

        await using var cluster = await StartAsync(folder, allowUserNamespace: false);

        Assert.That(cluster.DataDirectory, Is.EqualTo(Path.Combine(folder, "data")));
        Assert.That(await EffectiveUserAsync(cluster.ServerProcessId), Is.EqualTo("nobody"));
    }

    [Test]
    public async Task Without_user_namespaces_programs_in_a_closed_folder_are_copied()
    {
        var bin = await NpmBinDirectoryAsync();
        var folder = NewFolder();
        var closed = Path.Combine(Path.GetDirectoryName(folder)!, "native");
        using (var copy = Process.Start("cp", ["-R", "-P", Path.GetDirectoryName(bin)!, closed]))
        {
            await copy.WaitForExitAsync();
        }

        var cluster = await StartAsync(folder, Path.Combine(closed, "bin"), allowUserNamespace: false);
        await cluster.StopAsync();

        Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(cluster.BinDirectory))!, recursive: true);

        Assert.That(cluster.BinDirectory, Does.Not.StartWith(closed));
        Assert.That(cluster.ServerVersion.Major, Is.EqualTo(18));
    }

    private static async Task<string> EffectiveUserAsync(int processId)
    {
        using var process = Process.Start(new ProcessStartInfo("stat", ["-c", "%U", $"/proc/{processId}"]) { RedirectStandardOutput = true })!;
        return (await process.StandardOutput.ReadToEndAsync()).Trim();
    }
}
