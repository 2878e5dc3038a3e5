using G2PBridge.Modules.Funds.Contracts;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds;

/// <summary>Which account pays for what. The banks themselves stand in the same section under <c>Banks</c>.</summary>
internal sealed class SponsorBanksOptions
{
    public const string Section = "SponsorBanks";

    /// <summary>The account of everything that <see cref="Accounts"/> does not name.</summary>
    public AccountOptions? Default { get; init; }

    public IReadOnlyList<ProgrammeAccountOptions> Accounts { get; init; } = [];

    public SponsorAccount? AccountFor(int? programmeId, int? benefitCodeId) =>
        Accounts.FirstOrDefault(account => account.ProgramId == programmeId && account.BenefitCodeId == benefitCodeId)?.ToAccount()
        ?? Accounts.FirstOrDefault(account => account.ProgramId == programmeId && account.BenefitCodeId is null)?.ToAccount()
        ?? Default?.ToAccount();

    internal class AccountOptions
    {
        public string SponsorBankCode { get; init; } = "";

        public string AccountNumber { get; init; } = "";

        public string? AccountType { get; init; }

        public string? BranchCode { get; init; }

        public SponsorAccount ToAccount() => new(SponsorBankCode, AccountNumber, AccountType, BranchCode);
    }

    /// <summary>One programme's account; without a benefit code it serves all of the programme's.</summary>
    internal sealed class ProgrammeAccountOptions : AccountOptions
    {
        public int? ProgramId { get; init; }

        public int? BenefitCodeId { get; init; }
    }
}

/// <summary>Refuses to start with an account at a bank that is not configured: money would be promised that nobody can ask for.</summary>
internal sealed class SponsorBanksValidation(IBankConnectors banks) : IValidateOptions<SponsorBanksOptions>
{
    public ValidateOptionsResult Validate(string? name, SponsorBanksOptions options)
    {
        var faults = new List<string>();
        foreach (var code in banks.Codes)
        {
            try
            {
                banks.Find(code);
            }
            catch (OptionsValidationException fault)
            {
                faults.AddRange(fault.Failures);
            }
        }

        if (faults.Count > 0)
        {
            return ValidateOptionsResult.Fail(faults);
        }

        if (options.Default is { } account)
        {
            Check($"{SponsorBanksOptions.Section}:Default", account, faults);
        }

        for (var i = 0; i < options.Accounts.Count; i++)
        {
            var path = $"{SponsorBanksOptions.Section}:Accounts:{i}";
            Check(path, options.Accounts[i], faults);
            if (options.Accounts[i].ProgramId is null)
            {
                faults.Add($"{path}:ProgramId is missing.");
            }
        }

        var keys = options.Accounts.GroupBy(entry => (entry.ProgramId, entry.BenefitCodeId)).Where(group => group.Count() > 1).Select(group => group.Key);
        faults.AddRange(keys.Select(key => $"{SponsorBanksOptions.Section}:Accounts names programme {key.ProgramId}, benefit code {key.BenefitCodeId} twice."));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private void Check(string path, SponsorBanksOptions.AccountOptions account, List<string> faults)
    {
        if (account.AccountNumber.Length == 0)
        {
            faults.Add($"{path}:AccountNumber is missing.");
        }

        if (banks.Find(account.SponsorBankCode) is null)
        {
            faults.Add($"{path}:SponsorBankCode is '{account.SponsorBankCode}', which {SponsorBanksOptions.Section}:Banks does not configure.");
        }
    }
}
