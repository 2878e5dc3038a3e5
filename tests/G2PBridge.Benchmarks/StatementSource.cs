using System.Globalization;
using System.Text;

namespace G2PBridge.Benchmarks;

/// <summary>Writes large statements in the example bank's layout, and the same bookings as camt.053. One reversal in ten.</summary>
internal static class StatementSource
{
    public static byte[] Mt940(int entries)
    {
        var text = new StringBuilder(entries * 190);
        text.Append(":20:1\n:25:TREASURY_ACC_1\n:28C:1/1\n:60F:C260619USD100000000,00\n");
        var balance = 10_000_000_000L;
        for (var i = 1; i <= entries; i++)
        {
            var (cents, back) = Booking(i);
            balance += back ? cents : -cents;
            text.Append(CultureInfo.InvariantCulture,
                $":61:2606190619{(back ? "RD" : "D")}{cents / 100:000000000000},{cents % 100:00}NTRFG2P{i:0000000000000}//K{i:0000000000000000000000}\n" +
                $":86:Monthly support {i}\nCASH_PROGRAM_A\n2026-JUN\nBENE_{i:0000000}\nDISB_20260604_{i:0000000}\n{(back ? "ACCOUNT_CLOSED" : "")}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $":62F:{(balance < 0 ? 'D' : 'C')}260619USD{Math.Abs(balance) / 100},{Math.Abs(balance) % 100:00}");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public static byte[] Camt053(int entries)
    {
        var text = new StringBuilder(entries * 700);
        var balance = 10_000_000_000L;
        for (var i = 1; i <= entries; i++)
        {
            var (cents, back) = Booking(i);
            balance += back ? cents : -cents;
        }
        text.Append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>S</MsgId></GrpHdr><Stmt><Id>S-1</Id><Acct><Id><Othr><Id>TREASURY_ACC_1</Id></Othr></Id><Ccy>USD</Ccy></Acct>");
        text.Append("<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">100000000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-06-19</Dt></Dt></Bal>");
        text.Append(CultureInfo.InvariantCulture, $"<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">{Math.Abs(balance) / 100}.{Math.Abs(balance) % 100:00}</Amt><CdtDbtInd>{(balance < 0 ? "DBIT" : "CRDT")}</CdtDbtInd><Dt><Dt>2026-06-19</Dt></Dt></Bal>\n");
        for (var i = 1; i <= entries; i++)
        {
            var (cents, back) = Booking(i);
            var direction = back ? "CRDT" : "DBIT";
            var amount = $"<Amt Ccy=\"USD\">{cents / 100}.{cents % 100:00}</Amt>";
            text.Append(CultureInfo.InvariantCulture,
                $"<Ntry><NtryRef>{i}</NtryRef>{amount}<CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-06-19</Dt></BookgDt><ValDt><Dt>2026-06-19</Dt></ValDt><AcctSvcrRef>K{i:0000000000000000000000}</AcctSvcrRef>" +
                $"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{(back ? "RRTN" : "DMCT")}</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><InstrId>G2P{i:0000000000000}</InstrId><EndToEndId>{i:x32}</EndToEndId></Refs>{amount}<CdtDbtInd>{direction}</CdtDbtInd>" +
                $"<RltdPties><Cdtr><Pty><Nm>BENE_{i:0000000}</Nm></Pty></Cdtr></RltdPties><RmtInf><Ustrd>Monthly support {i}</Ustrd></RmtInf>{(back ? "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>ACCOUNT_CLOSED</AddtlInf></RtrInf>" : "")}</TxDtls></NtryDtls></Ntry>\n");
        }
        text.Append("</Stmt></BkToCstmrStmt></Document>\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static (long Cents, bool Back) Booking(int i) => (100 + i * 7919L % 500_000, i % 10 == 0);
}
