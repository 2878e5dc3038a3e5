using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Identity;

/// <summary>Whether people who are paid may look at what is paid to them, and whose tokens say who they are.</summary>
internal sealed class BeneficiaryPortalOptions
{
    public const string Section = "BeneficiaryPortal";

    /// <summary>In Development, without an issuer, says for whom to ask; nowhere else is it read.</summary>
    public const string DevelopmentHeader = "X-Beneficiary-Id";

    public bool Enabled { get; init; }

    public BeneficiaryTokenOptions Oidc { get; init; } = new();
}

/// <summary>The token server of people who are paid; another one than that of the people who work here, or another realm of it.</summary>
internal sealed class BeneficiaryTokenOptions : TokenServerOptions
{
    /// <summary>The claim that is the <c>beneficiary_id</c> of disbursements; inner names after a dot.</summary>
    public string BeneficiaryClaim { get; init; } = "sub";
}

/// <summary>The person a request of the beneficiary portal speaks for. Set once, by whatever read the token; nothing in the request's own words gets here.</summary>
internal sealed class CurrentBeneficiary
{
    private string? _id;

    /// <summary>The <c>beneficiary_id</c> of disbursements.</summary>
    public string Id
    {
        get => _id ?? throw new InvalidOperationException("Nobody has said for whom this request speaks.");
        set => _id = _id is null ? value : throw new InvalidOperationException("It is settled for whom this request speaks.");
    }
}

/// <summary>Marks a route that speaks for the person in the token.</summary>
internal sealed record SpeaksForBeneficiary;

internal sealed class BeneficiaryPortalValidation(IHostEnvironment environment) : IValidateOptions<BeneficiaryPortalOptions>
{
    public ValidateOptionsResult Validate(string? name, BeneficiaryPortalOptions options)
    {
        var failures = options.Oidc.Problems("BeneficiaryPortal:Oidc").ToList();
        if (options is { Enabled: true, Oidc.Issuer: null } && !environment.IsDevelopment())
        {
            failures.Add("BeneficiaryPortal:Oidc:Issuer: name the token server whose tokens say who a beneficiary is, or leave BeneficiaryPortal:Enabled out.");
        }

        if (string.IsNullOrWhiteSpace(options.Oidc.BeneficiaryClaim))
        {
            failures.Add("BeneficiaryPortal:Oidc:BeneficiaryClaim: name the claim that holds the beneficiary_id.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
