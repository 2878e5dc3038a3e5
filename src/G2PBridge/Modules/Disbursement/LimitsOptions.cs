using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.Modules.Disbursement;

/// <summary>Limits that pause a bank or a programme by themselves. What is not set does not limit.</summary>
internal sealed class LimitsOptions : IValidatableObject
{
    public const string Section = "Limits";

    /// <summary>For every bank; what a bank sets itself outweighs it.</summary>
    public BankLimits Default { get; init; } = new();

    /// <summary>By sponsor bank code.</summary>
    public IReadOnlyDictionary<string, BankLimits> Banks { get; init; } = new Dictionary<string, BankLimits>();

    /// <summary>By programme mnemonic.</summary>
    public IReadOnlyDictionary<string, ProgrammeLimits> Programmes { get; init; } = new Dictionary<string, ProgrammeLimits>();

    /// <summary>The shares that pause this bank; null when none is set.</summary>
    public ShareLimits? SharesOf(string bankCode)
    {
        var own = Find(Banks, bankCode);
        var (refused, unknown) = (own?.MostRefusedPercent ?? Default.MostRefusedPercent, own?.MostUnknownPercent ?? Default.MostUnknownPercent);
        return refused is null && unknown is null
            ? null
            : new ShareLimits(own?.LastPayments ?? Default.LastPayments ?? BankLimits.UsualLastPayments, own?.FewestPayments ?? Default.FewestPayments ?? BankLimits.UsualFewestPayments, refused, unknown);
    }

    /// <summary>What may be ordered of this bank for this programme with one payment date.</summary>
    public IReadOnlyList<DayLimit> AmountsOf(string bankCode, string? programme)
    {
        var limits = new List<DayLimit>(2);
        if ((Find(Banks, bankCode)?.AmountPerDay ?? Default.AmountPerDay) is { } ofBank)
        {
            limits.Add(new DayLimit(LimitScope.Bank, bankCode, ofBank));
        }

        if (programme is not null && Find(Programmes, programme)?.AmountPerDay is { } ofProgramme)
        {
            limits.Add(new DayLimit(LimitScope.Programme, programme, ofProgramme));
        }

        return limits;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (path, limits) in Banks.Select(bank => ($"{Section}:Banks:{bank.Key}", bank.Value)).Append(($"{Section}:Default", Default)))
        {
            if (limits.MostRefusedPercent is < 0 or > 100 || limits.MostUnknownPercent is < 0 or > 100)
            {
                yield return new ValidationResult($"{path}: a percentage is between 0 and 100.");
            }

            if (limits.LastPayments < 1 || limits.FewestPayments < 1)
            {
                yield return new ValidationResult($"{path}: LastPayments and FewestPayments are at least 1.");
            }

            if (limits.AmountPerDay < 0)
            {
                yield return new ValidationResult($"{path}:AmountPerDay must not be below zero.");
            }
        }

        foreach (var (mnemonic, _) in Programmes.Where(programme => programme.Value.AmountPerDay < 0))
        {
            yield return new ValidationResult($"{Section}:Programmes:{mnemonic}:AmountPerDay must not be below zero.");
        }
    }

    private static T? Find<T>(IReadOnlyDictionary<string, T> entries, string key)
        where T : class => entries.FirstOrDefault(entry => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase)).Value;

    internal sealed class BankLimits
    {
        public const int UsualLastPayments = 1_000;
        public const int UsualFewestPayments = 100;

        /// <summary>The shares are those of so many payments that were sent last.</summary>
        public int? LastPayments { get; init; }

        /// <summary>With fewer answers than this the shares say nothing yet.</summary>
        public int? FewestPayments { get; init; }

        /// <summary>Above this share of refused payments the bank is paused.</summary>
        public decimal? MostRefusedPercent { get; init; }

        /// <summary>Above this share of payments whose outcome the bank's answer left unknown, it is paused.</summary>
        public decimal? MostUnknownPercent { get; init; }

        /// <summary>The most that is ordered with one payment date, in each currency.</summary>
        public decimal? AmountPerDay { get; init; }
    }

    internal sealed class ProgrammeLimits
    {
        /// <summary>The most that is ordered for the programme with one payment date, in each currency.</summary>
        public decimal? AmountPerDay { get; init; }
    }
}

/// <summary>Shares of a bank's last payments; above one of them it is paused.</summary>
internal sealed record ShareLimits(int LastPayments, int FewestPayments, decimal? MostRefusedPercent, decimal? MostUnknownPercent);
