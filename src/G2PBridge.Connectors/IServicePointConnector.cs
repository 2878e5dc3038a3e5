namespace G2PBridge.Connectors;

/// <summary>
/// A directory of warehouses or of agencies: who is authorised for a programme and its benefit, and which zones each of them serves. Warehouses are
/// asked for large zones, agencies for small ones. Reading only. Which of several candidates is taken is the bridge's choice.
/// </summary>
public interface IServicePointConnector
{
    /// <summary>Everybody who may serve any of these zones, in one call. An exception means the same as <see cref="ServicePointAnswer.Failed"/>.</summary>
    Task<ServicePointAnswer> FindAsync(ServicePointQuestion question, CancellationToken cancellationToken);
}

/// <summary>Who is authorised for this programme and benefit code, and serves one of these zones?</summary>
/// <param name="ZoneIds">Each once; the registry's ids.</param>
public sealed record ServicePointQuestion(int? ProgrammeId, int? BenefitCodeId, IReadOnlyList<string> ZoneIds);

/// <summary>The answer of such a directory.</summary>
public abstract record ServicePointAnswer
{
    private ServicePointAnswer() { }

    /// <param name="Points">Each once.</param>
    /// <param name="Services">Which point serves which zone of the question.</param>
    public sealed record Answered(IReadOnlyList<ServicePoint> Points, IReadOnlyList<ServedZone> Services) : ServicePointAnswer;

    /// <summary>The attempt failed as a whole: nothing is said about any zone.</summary>
    public sealed record Failed(string Code, string Why) : ServicePointAnswer;
}

/// <summary>A warehouse or an agency.</summary>
/// <param name="AdditionalInfo">
/// Free text of the directory. For an agency that hands out cash it holds the account to pay, as <c>#BANK#code#BRANCH#code#ACCOUNT#number#TYPE#BANK_ACCOUNT#</c>.
/// </param>
public sealed record ServicePoint(
    string Id, string Mnemonic, string? Name, string? AdditionalInfo, string? AdminName, string? AdminEmail, string? AdminPhone, string? BenefitDescription);

/// <summary>One point serves one zone.</summary>
public sealed record ServedZone(string ZoneId, string PointId);
