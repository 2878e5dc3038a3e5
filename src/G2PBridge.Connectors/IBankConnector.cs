namespace G2PBridge.Connectors;

/// <summary>
/// A sponsor bank, version 1 of the contract. A ministry compiles its own implementation against this assembly alone,
/// drops it into <c>connectors/</c> and names it in appsettings for its sponsor bank code.
/// </summary>
/// <remarks>
/// The bridge calls every method without an open transaction, from several tasks at once, and may be killed during any call.
/// An expected "no" is a value. An exception means the same as the "not known" value of that method, so nothing has to be
/// caught for safety's sake. Only <see cref="CheckFundsAsync"/> and <see cref="InquireAsync"/> are ever repeated by the bridge on its own.
/// </remarks>
public interface IBankConnector
{
    /// <summary>What this bank can do. Asked once at start.</summary>
    BankCapabilities Capabilities { get; }

    /// <summary>Whether the account could bear the amount now. Moves nothing.</summary>
    Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Sets the amount aside. <see cref="FundsRequest.Key"/> is stored before the call: a bank that honours it
    /// (<see cref="BankCapabilities.IdempotentBlock"/>) is asked again after an unknown answer, any other is not.
    /// </summary>
    Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken);

    /// <summary>Gives back what is left of a block. Called only where <see cref="BankCapabilities.CanRelease"/>; repeating it must change nothing.</summary>
    Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken);

    /// <summary>
    /// Hands over payments. Called once per <see cref="PaymentOrder.IdempotencyKey"/> and never again with another key for the same
    /// references unless the earlier ones are proved unpaid.
    /// </summary>
    Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken);

    /// <summary>
    /// What the bank knows of these references. Called only where <see cref="BankCapabilities.CanInquire"/>. A reference that
    /// is left out of the answer counts as not known. Must be safe to repeat.
    /// </summary>
    Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken);

    /// <summary>
    /// Reads what this bank hides in the texts of a statement entry. Pure: called for every entry that the statement profile
    /// leaves open, so it must be quick and must not call out.
    /// </summary>
    RecognisedEntry Recognise(StatementEntryText entry);
}

/// <summary>What a bank can do; where it cannot, the bridge waits for the statement.</summary>
/// <param name="CanInquire">Answers <see cref="IBankConnector.InquireAsync"/>. Without it an unknown payment waits for the statement.</param>
/// <param name="CanRelease">Can give back an unused block.</param>
/// <param name="IdempotentBlock">Two block requests with one key are one block.</param>
/// <param name="IdempotentPayments">Two orders with one key are one order.</param>
/// <param name="PerLineOutcome">Answers each payment by itself. Without it, an order is accepted or refused as a whole.</param>
/// <param name="NotFoundIsFinalAfter">How long after sending an inquiry's "not found" may still turn into "found"; null: it proves nothing, ever.</param>
/// <param name="MostPaymentsPerOrder">The largest order the bank takes.</param>
public sealed record BankCapabilities(
    bool CanInquire, bool CanRelease, bool IdempotentBlock, bool IdempotentPayments, bool PerLineOutcome, TimeSpan? NotFoundIsFinalAfter, int MostPaymentsPerOrder);

/// <summary>An amount on a sponsor account.</summary>
/// <param name="Amount">In units of <paramref name="Currency"/> (ISO 4217), never more decimals than it has.</param>
/// <param name="Key">At most 64 characters of <c>[A-Za-z0-9-]</c>; the same for every repetition of the same wish.</param>
public sealed record FundsRequest(string AccountNumber, string Currency, decimal Amount, string Key);

/// <summary>The answer to a funds check.</summary>
public abstract record FundsCheck
{
    private FundsCheck() { }

    public sealed record Sufficient : FundsCheck;

    public sealed record Insufficient(string Reason) : FundsCheck;

    /// <summary>No usable answer; the check is repeated later.</summary>
    public sealed record NotKnown(string Why) : FundsCheck;
}

/// <summary>The answer to a block request.</summary>
public abstract record FundsBlock
{
    private FundsBlock() { }

    /// <param name="Reference">The bank's name for the block, at most 64 characters.</param>
    /// <param name="Amount">What is really blocked; a bank may grant less than was asked for.</param>
    public sealed record Blocked(string Reference, decimal Amount) : FundsBlock;

    /// <summary>The bank's own, documented "no": nothing is blocked under this key.</summary>
    public sealed record Refused(string Reason) : FundsBlock;

    /// <summary>This request did not reach the bank, provably. Says nothing about an earlier request with the same key.</summary>
    public sealed record NotSent(string Why) : FundsBlock;

    /// <summary>The bank may or may not have blocked the amount.</summary>
    public sealed record NotKnown(string Why) : FundsBlock;
}

/// <summary>The answer to a release.</summary>
public abstract record BlockRelease
{
    private BlockRelease() { }

    /// <param name="Amount">What came back to the account.</param>
    public sealed record Released(decimal Amount) : BlockRelease;

    public sealed record Refused(string Reason) : BlockRelease;

    public sealed record NotKnown(string Why) : BlockRelease;
}

/// <summary>Payments that are handed over together: one envelope, one sponsor account, one currency.</summary>
/// <param name="IdempotencyKey">Stored before the call; the same for every repetition of this very order.</param>
/// <param name="PaymentDate">The bank's day on which to pay.</param>
public sealed record PaymentOrder(
    string IdempotencyKey, string AccountNumber, string? AccountType, string? AccountBranchCode, string Currency, string BlockReference,
    DateOnly PaymentDate, string? ProgrammeMnemonic, string? CycleMnemonic, IReadOnlyList<Payment> Payments)
{
    /// <summary>The sum of the payments, for the bank's own check.</summary>
    public decimal Total => Payments.Sum(payment => payment.Amount);
}

/// <summary>One payment.</summary>
/// <param name="Reference">At most 16 characters of <c>[A-Z0-9]</c>; unique for ever; what statements and inquiries name.</param>
/// <param name="DisbursementId">The programme system's id, for the narrative only.</param>
/// <param name="AddressKind"><c>BANK_ACCOUNT</c>, <c>MOBILE_WALLET</c> or <c>EMAIL_WALLET</c>.</param>
/// <param name="ComputeElements">The programme system's JSON object, verbatim, or null.</param>
public sealed record Payment(
    string Reference, decimal Amount, string DisbursementId, string BeneficiaryId, string? BeneficiaryName, string AddressKind, string? AccountNumber, string? BankCode,
    string? BranchCode, string? MobileNumber, string? MobileWalletProvider, string? EmailAddress, string? EmailWalletProvider, string? Narrative, string? ComputeElements);

/// <summary>The answer to a payment order.</summary>
public abstract record PaymentAnswer
{
    private PaymentAnswer() { }

    /// <summary>The bank has the order. Payments that are not named were accepted.</summary>
    public sealed record Accepted(IReadOnlyList<PaymentRefusal> Refusals, IReadOnlyList<string> ReferencesNotKnown) : PaymentAnswer
    {
        /// <summary>All accepted.</summary>
        public static Accepted All { get; } = new([], []);
    }

    /// <summary>The bank took none of it and says so in a documented way: every payment of the order is proved unpaid.</summary>
    public sealed record Refused(string ReasonCode, string Reason) : PaymentAnswer;

    /// <summary>Nothing of the order reached the bank, provably: no connection, or "come back later" (429, 503 with Retry-After). It is sent again as it is.</summary>
    public sealed record NotSent(string Why, TimeSpan? RetryAfter) : PaymentAnswer;

    /// <summary>
    /// The bank may or may not have the order: a time-out, a reset, a 5xx, a body nobody can read. It is asked about and never sent again.
    /// </summary>
    public sealed record NotKnown(string Why) : PaymentAnswer;
}

/// <summary>One payment that the bank refused.</summary>
public sealed record PaymentRefusal(string Reference, string ReasonCode, string? Reason);

/// <summary>What a bank knows of one reference.</summary>
public enum PaymentKnowledge
{
    /// <summary>The bank has it; it is or will be paid.</summary>
    Accepted,

    /// <summary>The bank had it and refused it: proved unpaid.</summary>
    Refused,

    /// <summary>The bank does not know the reference (yet: see <see cref="BankCapabilities.NotFoundIsFinalAfter"/>).</summary>
    NotFound,
}

/// <summary>The bank's word on one reference.</summary>
public sealed record PaymentInquiry(string Reference, PaymentKnowledge Knowledge, string? ReasonCode, string? Reason);

/// <summary>The texts of one statement entry, as the bank wrote them.</summary>
/// <param name="Narratives">The <c>:86:</c> lines in their positions, empty ones included.</param>
/// <param name="IsReversal">The entry's mark or type says that something comes back.</param>
public sealed record StatementEntryText(string? CustomerReference, string? BankReference, IReadOnlyList<string> Narratives, bool IsReversal);

/// <summary>What the connector read out of an entry; null where it found nothing.</summary>
public sealed record RecognisedEntry(string? Reference, string? BeneficiaryName, string? ReversalReason);
