namespace G2PBridge.Connectors;

/// <summary>
/// A registry that knows where a programme's people live, and how to reach them where it has that. Reading only, so it may be asked again at any
/// time. A ministry's own implementation is named in appsettings for its target registry (<c>InKind:Registries:NAME:Connector</c>).
/// </summary>
public interface IRegistryConnector
{
    /// <summary>
    /// Finds people by the ids under which the programme system names them; each id stands in the question once. Whoever is left out of the answer
    /// is not in the registry. An exception means the same as <see cref="RegistryAnswer.Failed"/>.
    /// </summary>
    Task<RegistryAnswer> FindAsync(IReadOnlyList<string> beneficiaryIds, CancellationToken cancellationToken);
}

/// <summary>The answer of a registry.</summary>
public abstract record RegistryAnswer
{
    private RegistryAnswer() { }

    public sealed record Answered(IReadOnlyList<RegisteredPerson> People) : RegistryAnswer;

    /// <summary>The attempt failed as a whole: nothing is said about any person.</summary>
    /// <param name="Why">Without personal data; it is shown and logged.</param>
    public sealed record Failed(string Code, string Why) : RegistryAnswer;
}

/// <summary>A person as the registry knows him.</summary>
/// <param name="Large">The large administrative zone, which warehouses serve; null when the registry has none for this person.</param>
/// <param name="Small">The small administrative zone, which agencies serve.</param>
public sealed record RegisteredPerson(string BeneficiaryId, AdministrativeZone? Large, AdministrativeZone? Small, string? Name, string? Email, string? Phone);

/// <summary>An administrative zone under the registry's own id and its short name.</summary>
public sealed record AdministrativeZone(string Id, string? Mnemonic);
