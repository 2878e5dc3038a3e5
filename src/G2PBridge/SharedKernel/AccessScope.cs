namespace G2PBridge.SharedKernel;

/// <summary>What somebody may see and change: programmes by their mnemonic, sponsor banks by their code.</summary>
/// <param name="Programmes">Null: all of them.</param>
/// <param name="Banks">Null: all of them.</param>
internal sealed record AccessScope(IReadOnlySet<string>? Programmes, IReadOnlySet<string>? Banks)
{
    public const string ProgrammeNotPermitted = "PROGRAM_NOT_PERMITTED";

    public static readonly AccessScope Unlimited = new(null, null);

    public bool IsLimited => Programmes is not null || Banks is not null;

    /// <summary>Empty lists limit nothing; that is how settings say "all".</summary>
    public static AccessScope Of(IReadOnlyCollection<string>? programmes, IReadOnlyCollection<string>? banks) => new(
        programmes is { Count: > 0 } ? programmes.ToHashSet(StringComparer.Ordinal) : null,
        banks is { Count: > 0 } ? banks.ToHashSet(StringComparer.OrdinalIgnoreCase) : null);

    /// <summary>What has no programme belongs to nobody who is limited.</summary>
    public bool AllowsProgramme(string? mnemonic) => Programmes is null || (mnemonic is not null && Programmes.Contains(mnemonic));

    public bool AllowsBank(string? code) => Banks is null || (code is not null && Banks.Contains(code));

    /// <summary>Null when somebody may touch what belongs to this programme.</summary>
    public Refusal? Refuse(string? programme) => AllowsProgramme(programme)
        ? null
        : new(ProgrammeNotPermitted, "The sender may not act for this programme; an administrator says for which it may (PartnerSignatures:Programmes).", RefusalKind.NotFound);
}
