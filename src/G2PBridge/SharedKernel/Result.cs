namespace G2PBridge.SharedKernel;

/// <summary>
/// An expected "no": a code that a caller can act on and one sentence for a person.
/// Codes that reach a partner are spelled as the wire contract spells them (see <see cref="PartnerCodes"/>).
/// </summary>
internal sealed record Refusal(string Code, string Detail, RefusalKind Kind = RefusalKind.Invalid);

/// <summary>What kind of "no" it is; one table maps it to HTTP (<c>Platform/Errors/ProblemMapping.cs</c>).</summary>
internal enum RefusalKind
{
    Invalid,
    NotFound,
    Conflict,
    TooLarge,
}

/// <summary>Either a value or a refusal. Faults (a broken database, a bug) are exceptions and never travel in here.</summary>
internal readonly record struct Result<T>
{
    private readonly T? _value;

    private Result(T? value, Refusal? refusal)
    {
        _value = value;
        Refusal = refusal;
    }

    public Refusal? Refusal { get; }

    public bool IsRefused => Refusal is not null;

    public T Value => Refusal is null
        ? _value!
        : throw new InvalidOperationException($"A refusal ({Refusal.Code}) has no value.");

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);
}
