using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace G2PBridge.Connectors.Spar;

/// <summary>The SPAR mapper (contract, section 5).</summary>
internal sealed class SparOptions : IValidatableObject
{
    public const string Section = "Spar";
    public const string Newest = "newest";
    public const string First = "1.0";

    /// <summary>The resolve endpoint, whole: <c>…/mapper/resolve</c> of the newest generation, <c>…/sync/resolve</c> of 1.0. The default is upstream's.</summary>
    public string? Url { get; init; } = "http://localhost:8080/mapper/resolve";

    /// <summary><c>newest</c> (request_header, request_body) or <c>1.0</c> (header, message).</summary>
    [RegularExpression("newest|1\\.0", ErrorMessage = "Spar:Generation is neither 'newest' nor '1.0'.")]
    public string Generation { get; init; } = Newest;

    /// <summary>How we call ourselves: sender_app_mnemonic, or sender_id in 1.0.</summary>
    [Required]
    public string Sender { get; init; } = "g2p_bridge";

    /// <summary>For one call. Up to two more follow when it fails.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Before the first repetition; the second waits about twice as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the mapper is left alone after most of its calls have failed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Refuses an answer that names another id than was asked about. Off only for a mapper that answers with an alias of the id.</summary>
    public bool CheckId { get; init; } = true;

    /// <summary>
    /// How an address that comes as one text is taken apart: a regular expression with the groups account_number, bank_code, branch_code.
    /// Upstream's spelling of groups, <c>(?P&lt;name&gt;…)</c>, is understood. The default reads SPAR's strategies 5 (for the bridge) and 2 (bank).
    /// </summary>
    [Required]
    public string BankStrategy { get; init; } =
        @"^account_number:(?<account_number>.*?)(\.branch_name:.*?)?\.branch_code:(?<branch_code>.*?)(\.bank_name:.*?)?\.bank_code:(?<bank_code>.*?)"
        + @"(\.mobile_number:(?<mobile_number>.*?))?(\.email_address:(?<email_address>.*?))?\.fa_type:(?<fa_type>.*)$";

    /// <summary>Groups mobile_number and mobile_wallet_provider, or wallet_provider_name and wallet_provider_code.</summary>
    [Required]
    public string MobileWalletStrategy { get; init; } =
        @"^mobile_number:(?<mobile_number>.*)\.wallet_provider_name:(?<wallet_provider_name>.*)\.wallet_provider_code:(?<wallet_provider_code>.*)\.fa_type:(?<fa_type>.*)$";

    /// <summary>Groups email_address and email_wallet_provider, or wallet_provider_name and wallet_provider_code.</summary>
    [Required]
    public string EmailWalletStrategy { get; init; } =
        @"^email_address:(?<email_address>.*)\.wallet_provider_name:(?<wallet_provider_name>.*)\.wallet_provider_code:(?<wallet_provider_code>.*)\.fa_type:(?<fa_type>.*)$";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(Url))
        {
            yield return new ValidationResult("Spar:Url is missing: give the address of the mapper's resolve endpoint.", [nameof(Url)]);
        }
        else if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return new ValidationResult($"Spar:Url is '{Url}', which is no absolute http or https address.", [nameof(Url)]);
        }

        foreach (var (name, pattern) in new[] { (nameof(BankStrategy), BankStrategy), (nameof(MobileWalletStrategy), MobileWalletStrategy), (nameof(EmailWalletStrategy), EmailWalletStrategy) })
        {
            if (Fault(pattern) is { } fault)
            {
                yield return new ValidationResult($"Spar:{name} is no regular expression: {fault}", [name]);
            }
        }
    }

    private static string? Fault(string? pattern)
    {
        try
        {
            _ = AddressStrategies.Compile(pattern ?? "");
            return null;
        }
        catch (RegexParseException exception)
        {
            return exception.Message;
        }
    }
}
