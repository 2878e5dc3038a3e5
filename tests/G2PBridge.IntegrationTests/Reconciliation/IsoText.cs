using System.Globalization;
using System.Security;
using System.Text;
using G2PBridge.Connectors;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Writes camt.053 (with balances) and camt.054 (without), version 08, as banks do that book each payment by itself or in one sum.</summary>
internal sealed class CamtText(string format = "053", string account = "SPONSOR0001", string currency = "USD", string day = "2026-06-19", string number = "1")
{
    private readonly StringBuilder _entries = new();
    private decimal _balance = 100_000_000m;
    private int _count;

    public CamtText Debit(Payment payment, string? bankReference = null) =>
        Entry("DBIT", payment.Amount, bankReference ?? "DEBIT" + payment.Reference, Details(Detail(payment, "DBIT", "")));

    public CamtText Return(Payment payment, string code = "AC04", string? bankReference = null) =>
        Entry("CRDT", payment.Amount, bankReference ?? "BACK" + payment.Reference, Details(Detail(payment, "CRDT", Reason(code))), "PMNT", "RRTN");

    /// <summary>One sum, with the payments in it where <paramref name="detailed"/>.</summary>
    public CamtText Batch(IReadOnlyCollection<Payment> payments, string? order, bool detailed, decimal? amount = null, string bankReference = "BATCH1") => Entry(
        "DBIT", amount ?? payments.Sum(payment => payment.Amount), bankReference,
        $"<NtryDtls><Btch>{(order is null ? "" : $"<PmtInfId>{order}</PmtInfId>")}<NbOfTxs>{payments.Count}</NbOfTxs></Btch>{(detailed ? string.Concat(payments.Select(payment => Detail(payment, "DBIT", ""))) : "")}</NtryDtls>");

    public CamtText Entry(string direction, decimal amount, string bankReference, string details = "", string family = "PMNT", string subFamily = "DMCT")
    {
        _count++;
        _balance += direction == "CRDT" ? amount : -amount;
        _entries.Append(CultureInfo.InvariantCulture, $"<Ntry><NtryRef>{_count}</NtryRef><Amt Ccy=\"{currency}\">{amount:0.00}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>")
            .Append(CultureInfo.InvariantCulture, $"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{bankReference}</AcctSvcrRef>")
            .Append(CultureInfo.InvariantCulture, $"<BkTxCd><Domn><Cd>{family}</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{subFamily}</SubFmlyCd></Fmly></Domn></BkTxCd>{details}</Ntry>\n");
        return this;
    }

    public override string ToString()
    {
        var (root, statement) = format == "053" ? ("BkToCstmrStmt", "Stmt") : ("BkToCstmrDbtCdtNtfctn", "Ntfctn");
        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.{format}.001.08\"><{root}><GrpHdr><MsgId>S</MsgId></GrpHdr>"
            + $"<{statement}><Id>S-{number}</Id><LglSeqNb>{number}</LglSeqNb><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
            + (format == "053" ? Balance("OPBD", 100_000_000m) + Balance("CLBD", _balance) : "") + $"\n{_entries}</{statement}></{root}></Document>";
    }

    private static string Details(string details) => $"<NtryDtls>{details}</NtryDtls>";

    private static string Reason(string code) => $"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>";

    private string Detail(Payment payment, string direction, string more) => string.Create(
        CultureInfo.InvariantCulture,
        $"<TxDtls><Refs><InstrId>{payment.Reference}</InstrId><EndToEndId>{payment.Reference}</EndToEndId></Refs><Amt Ccy=\"{currency}\">{payment.Amount:0.00}</Amt><CdtDbtInd>{direction}</CdtDbtInd><RltdPties><Cdtr><Pty><Nm>{SecurityElement.Escape(payment.BeneficiaryId)}</Nm></Pty></Cdtr></RltdPties>{more}</TxDtls>");

    private string Balance(string type, decimal amount) => string.Create(
        CultureInfo.InvariantCulture, $"<Bal><Tp><CdOrPrtry><Cd>{type}</Cd></CdOrPrtry></Tp><Amt Ccy=\"{currency}\">{amount:0.00}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>");
}

/// <summary>Writes a payment status report, pain.002 version 10.</summary>
internal sealed class StatusText(string message = "STS-1", string? order = null)
{
    private readonly StringBuilder _payments = new();
    private string _whole = "";

    public StatusText Payment(Payment payment, string status, string? code = null) => Named(payment.Reference, status, code);

    public StatusText Named(string reference, string status, string? code = null)
    {
        _payments.Append(
            CultureInfo.InvariantCulture, $"<TxInfAndSts><OrgnlInstrId>{reference}</OrgnlInstrId><OrgnlEndToEndId>{reference}</OrgnlEndToEndId><TxSts>{status}</TxSts>{Reason(code)}</TxInfAndSts>\n");
        return this;
    }

    public StatusText Whole(string status, string? code = null)
    {
        _whole = $"<GrpSts>{status}</GrpSts>{Reason(code)}";
        return this;
    }

    public override string ToString() =>
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>"
        + $"<GrpHdr><MsgId>{message}</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>{order ?? "M1"}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{_whole}</OrgnlGrpInfAndSts>"
        + (_payments.Length == 0 ? "" : $"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order ?? "P1"}</OrgnlPmtInfId>\n{_payments}</OrgnlPmtInfAndSts>") + "</CstmrPmtStsRpt></Document>";

    private static string Reason(string? code) => code is null ? "" : $"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>";
}
