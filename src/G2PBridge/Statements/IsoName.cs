namespace G2PBridge.Statements;

/// <summary>The element names of ISO 20022 that the reader knows; everything else is <see cref="Other"/>.</summary>
internal enum IsoName : byte
{
    Other, BkToCstmrStmt, BkToCstmrAcctRpt, BkToCstmrDbtCdtNtfctn, CstmrPmtStsRpt, GrpHdr, Stmt, Rpt, Ntfctn, Id, ElctrncSeqNb, LglSeqNb, StmtPgntn, RptPgntn, NtfctnPgntn, PgNb,
    LastPgInd, CreDtTm, Acct, IBAN, Othr, Ccy, Bal, Tp, CdOrPrtry, Cd, Prtry, Amt, CdtDbtInd, Dt, DtTm, TxsSummry, TtlNtries, NbOfNtries, Sum, Ntry, NtryRef, RvslInd, Sts, BookgDt,
    ValDt, AcctSvcrRef, BkTxCd, Domn, Fmly, SubFmlyCd, NtryDtls, Btch, NbOfTxs, TtlAmt, TxDtls, Refs, MsgId, PmtInfId, InstrId, EndToEndId, UETR, TxId, MndtId, AmtDtls, TxAmt,
    InstdAmt, RltdPties, Dbtr, Cdtr, Pty, Nm, DbtrAcct, CdtrAcct, RmtInf, Ustrd, Strd, CdtrRefInf, Ref, RtrInf, Rsn, AddtlInf, AddtlTxInf, AddtlNtryInf, AddtlStmtInf,
    OrgnlGrpInfAndSts, OrgnlMsgId, OrgnlMsgNmId, GrpSts, StsRsnInf, OrgnlPmtInfAndSts, OrgnlPmtInfId, PmtInfSts, TxInfAndSts, OrgnlInstrId, OrgnlEndToEndId, OrgnlUETR, TxSts,
}

/// <summary>Finds the name of an element among the known ones by its bytes: one look into a table for nearly every tag.</summary>
internal static class IsoNames
{
    private const int Mask = 1023;

    private static readonly (byte[]? Name, IsoName Value)[] Slots = Build();

    public static IsoName Find(ReadOnlySpan<byte> name)
    {
        for (var at = Slot(name); Slots[at].Name is { } known; at = (at + 1) & Mask)
            if (name.SequenceEqual(known)) return Slots[at].Value;
        return IsoName.Other;
    }

    private static int Slot(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return 0;
        var hash = ((uint)name.Length * 0x9E3779B1u) ^ (name[0] * 0x85EBCA77u) ^ (name[^1] * 0xC2B2AE3Du) ^ (name[name.Length >> 1] * 0x27D4EB2Fu) ^ (name[name.Length >> 2] * 0x165667B1u);
        return (int)(hash >> 22) & Mask;
    }

    private static (byte[]? Name, IsoName Value)[] Build()
    {
        var slots = new (byte[]? Name, IsoName Value)[Mask + 1];
        foreach (var value in Enum.GetValues<IsoName>())
        {
            if (value == IsoName.Other) continue;
            var name = System.Text.Encoding.ASCII.GetBytes(value.ToString());
            var at = Slot(name);
            while (slots[at].Name is not null) at = (at + 1) & Mask;
            slots[at] = (name, value);
        }
        return slots;
    }
}
