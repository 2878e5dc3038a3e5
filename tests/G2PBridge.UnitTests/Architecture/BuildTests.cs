using System.Xml.Linq;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>What the build believes about its own projects.</summary>
internal sealed class BuildTests
{
    /// <summary>A project that is not named there could change its packages, and <c>dotnet run</c> would not fetch them.</summary>
    [Test]
    public void NuGet_is_asked_again_when_any_project_that_the_host_is_built_from_has_changed()
    {
        var deciding = File.ReadAllText(Path.Combine(SourceText.Root, "build", "RestoreOnce.targets"));
        var projects = new HashSet<string>(StringComparer.Ordinal);
        Collect(Path.Combine(SourceText.Host, "G2PBridge.csproj"), projects);
        projects.Remove("G2PBridge");
        Assert.That(projects, Is.Not.Empty);
        Assert.That(projects.Where(name => !deciding.Contains($"{name}/{name}.csproj", StringComparison.Ordinal) || !deciding.Contains($"{name}/packages.lock.json", StringComparison.Ordinal) || !deciding.Contains($"{name}/obj/project.assets.json", StringComparison.Ordinal)), Is.Empty);
    }

    private static void Collect(string project, HashSet<string> found)
    {
        if (!found.Add(Path.GetFileNameWithoutExtension(project)))
        {
            return;
        }

        foreach (var reference in XDocument.Load(project).Descendants("ProjectReference"))
        {
            Collect(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value)), found);
        }
    }
}
