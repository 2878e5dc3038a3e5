using System.Globalization;
using System.Security.Cryptography;
using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>One line made ready for a bank, with a fingerprint of everything that decides who gets how much.</summary>
internal sealed record PreparedPayment(long Line, short Generation, decimal Amount, Payment Payment, byte[] Hash)
{
    private const char Separator = '\u001f';

    /// <summary>What <see cref="Hash"/> is keyed for.</summary>
    public const string Purpose = "payment";

    /// <param name="hash">Keyed: the rest of a payment is known to whoever reads the database, and account numbers are soon tried.</param>
    public static PreparedPayment Of(LineFacts line, short generation, FinancialAddress address, string currency, string prefix, KeyedHash hash)
    {
        var reference = new PaymentReference(line.Seq, generation).Format(prefix);
        var payment = new Payment(
            reference, line.Quantity, line.DisbursementId, line.BeneficiaryId, line.BeneficiaryName ?? address.ResolvedName, address.Kind, address.AccountNumber,
            address.BankCode, address.BranchCode, address.MobileNumber, address.MobileWalletProvider, address.EmailAddress, address.EmailWalletProvider,
            line.Narrative, line.ComputeElements);
        return new PreparedPayment(line.Seq, generation, line.Quantity, payment, HashOf(payment, currency, hash));
    }

    /// <summary>The fingerprint of a whole order.</summary>
    public static byte[] HashOf(IReadOnlyList<PreparedPayment> payments)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var payment in payments)
        {
            hash.AppendData(payment.Hash);
        }

        return hash.GetHashAndReset();
    }

    private static byte[] HashOf(Payment payment, string currency, KeyedHash hash)
    {
        var text = string.Join(
            Separator, payment.Reference, payment.Amount.ToString("0.0000", CultureInfo.InvariantCulture), currency, payment.AddressKind, payment.AccountNumber, payment.BankCode, payment.BranchCode,
            payment.MobileNumber, payment.MobileWalletProvider, payment.EmailAddress, payment.EmailWalletProvider);
        return hash.Of(text).ToByteArray(bigEndian: true);
    }
}
