using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Simulators;

/// <summary>Settings of the Example Bank and the SPAR mapper; section <c>Simulators</c>.</summary>
public sealed class SimulatorsOptions
{
    public const string Section = "Simulators";

    /// <summary>A PostgreSQL database of their own, so that the bank's ledger stays an independent judge.</summary>
    [Required(ErrorMessage = "not set; give the simulators a PostgreSQL database of their own.")]
    public string ConnectionString { get; set; } = "";

    public ExampleBankOptions ExampleBank { get; set; } = new();

    /// <summary>The registry and the PBMS, in schemas of their own names in the same database.</summary>
    public InKindSeedOptions InKind { get; set; } = new();
}

/// <summary>Settings of the Example Bank; section <c>Simulators:ExampleBank</c>.</summary>
public sealed class ExampleBankOptions
{
    /// <summary>The bank's own code: a payment to another code goes to a clearing account and may come back.</summary>
    [Required]
    public string BankCode { get; set; } = "EXAMPLE-BANK";

    /// <summary>Accounts that exist from the first start; the bank sends statements for them. Left empty: one treasury account.</summary>
    public IList<SeedAccount> Accounts { get; } = [];

    /// <summary>Off (as the newest upstream bank): a payment may name any block. On: the block must exist, fit and suffice.</summary>
    public bool VerifyFundBlocks { get; set; }

    /// <summary>The share of payments to other banks and wallets that come back.</summary>
    [Range(0.0, 1.0)]
    public double ReturnShare { get; set; } = 0.30;

    /// <summary>The seed of the returns: the same seed and reference always give the same outcome.</summary>
    public long Seed { get; set; } = 20_241_203;

    /// <summary>How long an accepted payment waits before it is booked.</summary>
    public TimeSpan BookingDelay { get; set; } = TimeSpan.Zero;

    /// <summary>How often the booking looks for work when nobody wakes it.</summary>
    public TimeSpan BookingPollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Payments booked in one transaction.</summary>
    [Range(1, 1_000_000)]
    public int PaymentsPerBooking { get; set; } = 20_000;

    /// <summary>A statement is made when an account has been quiet for this long.</summary>
    public TimeSpan StatementQuietPeriod { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A statement is made at once when this many entries wait for one; no statement holds more.</summary>
    [Range(1, 10_000_000)]
    public int MaxEntriesPerStatement { get; set; } = 100_000;

    /// <summary>Where statements are sent; empty: they are kept and can be fetched, but are not sent.</summary>
    public string StatementCallbackUrl { get; set; } = "http://127.0.0.1:8000/upload_mt940";

    /// <summary>Headers added to each statement upload, an API key for instance.</summary>
    public IDictionary<string, string> StatementCallbackHeaders { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where the bank calls back what becomes of payments; empty: nowhere.</summary>
    public string OutcomeCallbackUrl { get; set; } = "";

    /// <summary>Signs the callbacks; empty: they are not signed.</summary>
    public string OutcomeCallbackSecret { get; set; } = "";

    /// <summary>How long one upload may take.</summary>
    public TimeSpan StatementUploadTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait after the first failed upload; it doubles with each further failure.</summary>
    public TimeSpan StatementFirstRetry { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait between two uploads of a statement.</summary>
    public TimeSpan StatementLongestRetry { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>An account that exists from the first start.</summary>
public sealed class SeedAccount
{
    [Required]
    public string Number { get; set; } = "";

    [Required]
    public string Currency { get; set; } = "USD";

    [Range(typeof(decimal), "0", "999999999999999")]
    public decimal OpeningBalance { get; set; }

    public string Holder { get; set; } = "Program Treasury";
}
