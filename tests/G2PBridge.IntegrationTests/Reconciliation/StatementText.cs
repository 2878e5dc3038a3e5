using System.Globalization;
using System.Text;
using G2PBridge.Connectors;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Writes MT940 as the Example Bank does: LF, amounts of fifteen characters, six text lines, no envelope.</summary>
internal sealed class StatementText(string account = "SPONSOR0001", string currency = "USD", string day = "260619", string reference = "ROW1", string number = "1/1")
{
    private readonly StringBuilder _entries = new();
    private decimal _balance = 100_000_000m;

    public StatementText Debit(Payment payment, decimal? amount = null, string? bankReference = null) =>
        Entry("D", payment.Reference, amount ?? payment.Amount, bankReference ?? "DEBIT" + payment.Reference, Lines(payment, ""));

    public StatementText Return(Payment payment, string reason = "ACCOUNT_CLOSED", decimal? amount = null, string? bankReference = null) =>
        Entry("RD", payment.Reference, amount ?? payment.Amount, bankReference ?? "BACK" + payment.Reference, Lines(payment, reason));

    public StatementText Entry(string mark, string customerReference, decimal amount, string bankReference, params string[] lines)
    {
        _balance += mark is "C" or "RD" ? amount : -amount;
        return Raw($":61:{day}{day[2..]}{mark}{Fixed(amount)}NTRF{customerReference}//{bankReference}\n" + (lines.Length == 0 ? "" : $":86:{string.Join('\n', lines)}\n"));
    }

    public StatementText Typed(string mark, string type, string customerReference, decimal amount, string bankReference, params string[] lines)
    {
        _balance += mark is "C" or "RD" ? amount : -amount;
        return Raw($":61:{day}{day[2..]}{mark}{Fixed(amount)}{type}{customerReference}//{bankReference}\n" + (lines.Length == 0 ? "" : $":86:{string.Join('\n', lines)}\n"));
    }

    public StatementText Raw(string text, decimal change = 0)
    {
        _balance += change;
        _entries.Append(text);
        return this;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $":20:{reference}\n:25:{account}\n:28C:{number}\n:60F:C{day}{currency}100000000,00\n{_entries}:62F:C{day}{currency}{Comma(_balance)}");

    public static string[] Lines(Payment payment, string last) => ["June", "CASHX", "2026-06", payment.BeneficiaryId, payment.DisbursementId, last];

    private static string Fixed(decimal amount) => amount.ToString("000000000000.00", CultureInfo.InvariantCulture).Replace('.', ',');

    private static string Comma(decimal amount) => amount.ToString("0.00", CultureInfo.InvariantCulture).Replace('.', ',');
}
