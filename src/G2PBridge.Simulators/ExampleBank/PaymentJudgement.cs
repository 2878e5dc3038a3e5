using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// What will become of one payment. All of it is decided when the payment is accepted, from its content, the seed and the
/// fault rules, so that booking is pure SQL over sets and a rerun gives the same outcome.
/// </summary>
internal sealed class PaymentJudgement(PaymentLine line)
{
    private static readonly string[] ReturnReasons = ["ACCOUNT_CLOSED", "ACCOUNT_NOT_FOUND", "ACCOUNT_DORMANT", "ACCOUNT_DECEASED"];

    public PaymentLine Line { get; } = line;

    public string CreditTo { get; private set; } = "";

    public string? Refusal { get; set; }

    /// <summary>Accepted now, and never paid: only a callback or an inquiry says so.</summary>
    public bool IsRefusedLater { get; private set; }

    /// <summary>A refused line keeps its reference, except one whose reference or account is not its own to keep.</summary>
    public bool IsStored { get; set; } = true;

    public string? ReturnReason { get; private set; }

    public decimal? BookedAmount { get; private set; }

    public short Times { get; private set; } = 1;

    public static PaymentJudgement Of(PaymentLine line, ExampleBankOptions bank, FaultBook faults)
    {
        var judgement = new PaymentJudgement(line);
        judgement.Refusal = judgement.FindPayee(bank) ?? InvalidField(line);
        if (judgement.Refusal is not null)
        {
            judgement.IsStored = InvalidField(line) is null;
            return judgement;
        }

        var reference = line.PaymentReferenceNumber;
        if (faults.Hit(FaultKind.RefuseLine, "initiate_payment", reference) is { } refusal)
            judgement.Refusal = refusal.Reason ?? "REFUSED_BY_BANK";
        else if (faults.Hit(FaultKind.RefuseLater, "initiate_payment", reference) is { } later)
            (judgement.Refusal, judgement.IsRefusedLater) = (later.Reason ?? "REFUSED_BY_BANK", true);
        else
            judgement.DecideBooking(reference, faults);
        return judgement;
    }

    public void Refuse(string reason, bool stored)
    {
        Refusal = reason;
        IsStored = stored;
        IsRefusedLater = false;
    }

    /// <summary>The six lines of the statement; control characters would forge further lines or entries.</summary>
    public string Narratives()
    {
        var l = Line;
        return string.Join('\n', Clean(l.Narrative1), Clean(l.Narrative2), Clean(l.Narrative3), Clean(l.Narrative4), Clean(l.Narrative5), Clean(l.Narrative6));

        static string? Clean(string? text) =>
            text is null || !text.AsSpan().ContainsAnyInRange('\0', '\x1f')
                ? text
                : string.Create(text.Length, text, static (span, from) =>
                {
                    for (var i = 0; i < span.Length; i++)
                        span[i] = char.IsControl(from[i]) ? ' ' : from[i];
                });
    }

    private static string? InvalidField(PaymentLine line) =>
        line.PaymentReferenceNumber is not { Length: > 0 and <= 200 } reference || reference.AsSpan().ContainsAnyInRange('\0', '\x1f') ? "INVALID_REFERENCE"
        : line.PaymentAmount <= 0 || line.PaymentAmount > 99_999_999_999m || decimal.Round(line.PaymentAmount, 4) != line.PaymentAmount ? "INVALID_AMOUNT"
        : null;

    private string? FindPayee(ExampleBankOptions bank)
    {
        var isForeign = true;
        switch (Line.BeneficiaryAccountType)
        {
            case "BANK_ACCOUNT" when Line.BeneficiaryBankCode == bank.BankCode:
                if (string.IsNullOrEmpty(Line.BeneficiaryAccount))
                    return "BENEFICIARY_ACCOUNT_MISSING";
                CreditTo = Line.BeneficiaryAccount;
                isForeign = false;
                break;
            case "BANK_ACCOUNT":
                CreditTo = "CLEARING - " + Line.BeneficiaryBankCode;
                break;
            case "MOBILE_WALLET":
                CreditTo = "CLEARING - " + Line.BeneficiaryMobileWalletProvider;
                break;
            case "EMAIL_WALLET":
                CreditTo = "CLEARING - " + Line.BeneficiaryEmailWalletProvider;
                break;
            default:
                return "UNSUPPORTED_ACCOUNT_TYPE";
        }

        if (isForeign && StableHash.Fraction(Line.PaymentReferenceNumber, bank.Seed) < bank.ReturnShare)
            ReturnReason = ReturnReasons[StableHash.Of(Line.PaymentReferenceNumber, bank.Seed + 1) % (ulong)ReturnReasons.Length];
        return null;
    }

    private void DecideBooking(string reference, FaultBook faults)
    {
        if (faults.Hit(FaultKind.PayDifferentAmount, "initiate_payment", reference) is { } other)
            BookedAmount = Math.Max(0.01m, other.Amount ?? decimal.Round(Line.PaymentAmount * other.Factor, 2));
        if (faults.Hit(FaultKind.PayTwice, "initiate_payment", reference) is not null)
            Times = 2;
    }
}
