using System.Text.Json;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

internal sealed class Iso20022Tests
{
    private static string Sample(string folder, string name) => Path.Combine(StatementFiles.Samples(), folder, name);

    private static Task<ReadResult> Mt(string name) => StatementFiles.ReadFileAsync(Sample("openg2p", name), StatementFiles.Profile("example-bank"));

    private static Task<ReadResult> Xml(string name) => StatementFiles.ReadFileAsync(Sample("iso20022", name), StatementFiles.Profile("example-bank"));

    [TestCase(10)]
    [TestCase(1000)]
    public async Task The_same_bookings_as_MT940_and_camt053_are_the_same_line_by_line(int size)
    {
        var mt = await Mt($"openg2p-v2-{size}.sta");
        var camt = await Xml($"g2p-camt053-{size}.xml");

        Assert.That(camt.Verdict, Is.EqualTo(Verdict.Accept), string.Join('\n', camt.Statements.Single().Findings));
        Assert.That(camt.Entries.Select(Booking), Is.EqualTo(mt.Entries.Select(Booking)));
        var (a, b) = (mt.Statements.Single(), camt.Statements.Single());
        Assert.That((b.Opening!.Amount, b.Closing!.Amount, b.Credits, b.Debits, b.Difference), Is.EqualTo((a.Opening!.Amount, a.Closing!.Amount, a.Credits, a.Debits, a.Difference)));
        Assert.That(b.BookingsFingerprint, Is.EqualTo(a.BookingsFingerprint));
        Assert.That(b.ContentFingerprint, Is.Not.EqualTo(a.ContentFingerprint));
    }

    [TestCase(10)]
    [TestCase(1000)]
    public async Task Returns_in_camt054_and_rejections_in_pain002_are_those_of_the_statement(int size)
    {
        var mt = await Mt($"openg2p-v2-{size}.sta");
        var camt = await Xml($"g2p-camt054-{size}.xml");
        var pain = await Xml($"g2p-pain002-{size}.xml");

        Assert.That(camt.Entries.Select(Booking), Is.EqualTo(mt.Entries.Where(e => e.Mark == EntryMark.ReversalOfDebit).Select(Booking)));
        Assert.That(camt.Entries.Select(e => e.Return.Kind), Has.All.EqualTo(ReturnKind.ReasonGiven));
        var transactions = pain.Statuses.Where(s => s.Level == PaymentStatusLevel.Transaction).ToList();
        Assert.That(transactions, Has.Count.EqualTo(mt.Entries.Count(e => e.Mark == EntryMark.Debit)));
        Assert.That(
            transactions.Where(s => s.Status == "RJCT").Select(s => (s.OriginalEndToEndId, s.ReasonCode)).Order(),
            Is.EqualTo(camt.Entries.Select(e => (e.EndToEndId, e.Return.ReasonCode)).Order()));
        Assert.That(transactions.Select(s => s.OriginalMessageId), Has.All.EqualTo("BATCH-1"));
        Assert.That(transactions.Select(s => s.OriginalPaymentInformationId), Has.All.EqualTo("BATCH-1-1"));
        Assert.That(pain.Statuses.Single(s => s.Level == PaymentStatusLevel.Group), Has.Property("Status").EqualTo("PART").And.Property("TransactionsReported").EqualTo(transactions.Count));
    }

    private static object Booking(ReadEntry e) => (e.Signed, e.ValueDate, e.EntryDate, e.BankReference, e.Beneficiary, e.Return.ReasonCode, e.Return.IsPayoutReturn, e.Currency,
        e.CustomerReference ?? e.Reference!.Value.Value);

    [Test]
    public async Task End_to_end_ids_are_those_of_the_generator()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Sample("iso20022", "g2p-10.expected.json")));
        var camt = await Xml("g2p-camt053-10.xml");
        Assert.That(camt.Entries.Select(e => e.EndToEndId).Distinct(), Is.EquivalentTo(json.RootElement.GetProperty("id_map").EnumerateObject().Select(p => p.Name)));
    }

    private const string Head = "<Document><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><LglSeqNb>7</LglSeqNb><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>" +
        "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>" +
        "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">70.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><DtTm>2026-01-02T10:00:00Z</DtTm></Dt></Bal>";

    private const string Tail = "</Stmt></BkToCstmrStmt></Document>";

    private static string Detail(string id, string amount) =>
        $"<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><RltdPties><Cdtr><Nm>Name {id}</Nm></Cdtr></RltdPties></TxDtls>";

    [Test]
    public async Task A_batch_booking_is_one_entry_followed_by_its_payments()
    {
        var result = await StatementFiles.ReadTextAsync(Head +
            "<Ntry><Amt Ccy=\"EUR\">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt><AcctSvcrRef>BANK1</AcctSvcrRef><NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>" +
            Detail("G2P0000000000001", "5.00") + Detail("G2P0000000000002", "10.00") + Detail("G2P0000000000003", "15.00") + "</NtryDtls><AddtlNtryInf>Batch</AddtlNtryInf></Ntry>" + Tail);

        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept), string.Join('\n', result.Trace));
        Assert.That(result.Entries.Select(e => (e.Detail, e.Signed, e.EndToEndId, e.BankReference, e.Beneficiary)), Is.EqualTo(new[]
        {
            (0, -30.00m, null, "BANK1", null), (1, -5.00m, "G2P0000000000001", "BANK1", "Name G2P0000000000001"),
            (2, -10.00m, "G2P0000000000002", "BANK1", "Name G2P0000000000002"), (3, -15.00m, "G2P0000000000003", "BANK1", "Name G2P0000000000003"),
        }));
        Assert.That(result.Statements.Single().Debits, Is.EqualTo(30m));
    }

    [Test]
    public async Task Payments_that_do_not_add_up_to_their_entry_are_found()
    {
        var result = await StatementFiles.ReadTextAsync(Head +
            "<Ntry><Amt Ccy=\"EUR\">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt><NtryDtls>" +
            Detail("A", "5.00") + Detail("B", "10.00") + "</NtryDtls></Ntry>" + Tail);
        Assert.That(result.Statements.Single().Findings.Select(f => f.Code), Is.EqualTo(new[] { FindingCodes.DetailsDiffer }));
    }

    [Test]
    public async Task Pending_entries_are_handed_out_and_never_summed()
    {
        var result = await StatementFiles.ReadTextAsync(Head +
            "<Ntry><Amt Ccy=\"EUR\">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt></Ntry>" +
            "<Ntry><Amt Ccy=\"EUR\">99.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts><ValDt><Dt>2026-01-03</Dt></ValDt></Ntry>" + Tail);
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
        Assert.That(result.Entries.Select(e => e.Booked), Is.EqualTo(new[] { true, false }));
        Assert.That(result.Statements.Single().Debits, Is.EqualTo(30m));
    }

    [TestCase("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", "", ReturnKind.ReasonGiven, "AC04")]
    [TestCase("<RtrInf><Rsn><Prtry>ACCOUNT_DORMANT</Prtry></Rsn></RtrInf>", "", ReturnKind.ReasonGiven, "AC06")]
    [TestCase("", "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>", ReturnKind.TransactionCode, null)]
    [TestCase("", "<RvslInd>true</RvslInd>", ReturnKind.ReversalIndicator, null)]
    [TestCase("<AddtlTxInf>ACH Credit Payment Return R02</AddtlTxInf>", "", ReturnKind.Words, null)]
    [TestCase("", "", ReturnKind.None, null)]
    public async Task Every_signal_of_a_returned_payment_is_seen(string inDetail, string inEntry, ReturnKind kind, string? code)
    {
        var result = await StatementFiles.ReadTextAsync(Head +
            "<Ntry><Amt Ccy=\"EUR\">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>" + inEntry + "<Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>X</EndToEndId></Refs>" +
            inDetail + "</TxDtls></NtryDtls></Ntry>" + Tail);
        Assert.That((result.Entries.Single().Return.Kind, result.Entries.Single().Return.ReasonCode), Is.EqualTo((kind, code)));
    }

    [Test]
    public async Task A_reversal_that_shows_the_direction_of_the_original_is_turned_by_profile()
    {
        var profile = StatementFiles.Profile("generic");
        profile.ReversalShowsOriginalDirection = true;
        var result = await StatementFiles.ReadTextAsync(Head.Replace("70.00", "130.00", StringComparison.Ordinal) +
            "<Ntry><Amt Ccy=\"EUR\">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt></Ntry>" + Tail, profile);
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
        Assert.That(result.Entries.Single().Return.IsPayoutReturn, Is.True);
    }

    [Test]
    public async Task A_file_cut_off_in_the_middle_is_rejected_and_its_statement_ended()
    {
        var bytes = File.ReadAllBytes(Sample("iso20022", "g2p-camt053-10.xml"));
        for (var length = 200; length < bytes.Length - 60; length += 397)
        {
            var result = await StatementFiles.ReadBytesAsync(bytes[..length]);
            Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject), $"{length} bytes");
            Assert.That(result.Trace.Count(t => t.StartsWith("start", StringComparison.Ordinal)), Is.EqualTo(result.Statements.Count));
        }
    }

    [TestCase("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><Document>&b;</Document>", FindingCodes.XmlForbidden, TestName = "Entity_expansion_is_refused")]
    [TestCase("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Document><BkToCstmrStmt>&a;</BkToCstmrStmt></Document>", FindingCodes.XmlForbidden, TestName = "External_entities_are_refused")]
    [TestCase("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\"><Document/>", FindingCodes.XmlForbidden, TestName = "An_external_document_type_is_refused")]
    [TestCase("<Document><CstmrCdtTrfInitn/></Document>", FindingCodes.NotAStatement, TestName = "Another_message_is_not_a_statement")]
    [TestCase("<Document><BkToCstmrStmt>", FindingCodes.XmlMalformed, TestName = "An_unclosed_element_is_refused")]
    [TestCase("<?xml version=\"1.0\" encoding=\"no-such-thing\"?><Document/>", FindingCodes.XmlMalformed, TestName = "An_unknown_encoding_is_refused")]
    public async Task Hostile_or_wrong_XML(string xml, string code)
    {
        var result = await StatementFiles.ReadTextAsync(xml);
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject));
        Assert.That(result.File.Findings.Select(f => f.Code), Is.EqualTo(new[] { code }));
    }

    [Test]
    public async Task Deep_nesting_endless_names_and_endless_text_are_refused()
    {
        var deep = "<Document><BkToCstmrStmt>" + string.Concat(Enumerable.Repeat("<a>", 100_000));
        var names = "<Document><BkToCstmrStmt>" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"<n{i}/>"));
        var text = "<Document><BkToCstmrStmt><Stmt><Id>" + new string('x', 5_000_000);
        var attribute = "<Document><BkToCstmrStmt><Stmt Id=\"" + new string('x', 5_000_000);
        foreach (var xml in new[] { deep, names, text, attribute })
        {
            var result = await StatementFiles.ReadTextAsync(xml);
            Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject), xml[..40]);
            Assert.That(result.File.Findings.Single().Code, Is.AnyOf(FindingCodes.XmlForbidden, FindingCodes.LineTooLong), xml[..40]);
        }
    }

    [Test]
    public async Task A_rejected_group_without_transactions_says_so_once()
    {
        var result = await StatementFiles.ReadTextAsync(
            "<Document><CstmrPmtStsRpt><GrpHdr><MsgId>A</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>B1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>RJCT</GrpSts>" +
            "<StsRsnInf><Rsn><Cd>DU01</Cd></Rsn><AddtlInf>seen before</AddtlInf></StsRsnInf></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>");
        var status = result.Statuses.Single();
        Assert.That((status.Level, status.Status, status.OriginalMessageId, status.ReasonCode, status.AdditionalInformation, status.TransactionsReported),
            Is.EqualTo((PaymentStatusLevel.Group, "RJCT", "B1", "DU01", "seen before", 0)));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
    }

    [Test]
    public async Task A_transaction_without_status_has_that_of_the_level_above()
    {
        var result = await StatementFiles.ReadTextAsync(
            "<Document><CstmrPmtStsRpt><GrpHdr><MsgId>A</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>B1</OrgnlMsgId><GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId>" +
            "<StsRsnInf><Rsn><Cd>AC02</Cd></Rsn></StsRsnInf><TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>");
        Assert.That(result.Statuses.Select(s => (s.Level, s.Status, s.Inherited)), Is.EqualTo(new[]
        {
            (PaymentStatusLevel.Transaction, "RJCT", true), (PaymentStatusLevel.PaymentInformation, "RJCT", true), (PaymentStatusLevel.Group, "RJCT", false),
        }));
    }

    [Test]
    public async Task Reports_that_say_something_else_are_not_the_same_report()
    {
        static Task<ReadResult> Read(string message, string status) => StatementFiles.ReadTextAsync(
            $"<Document><CstmrPmtStsRpt><GrpHdr><MsgId>{message}</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>B1</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId>" +
            $"<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>{status}</TxSts></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>");
        var first = (await Read("A", "ACCP")).Statements.Single().ContentFingerprint;
        Assert.That((await Read("A", "RJCT")).Statements.Single().ContentFingerprint, Is.Not.EqualTo(first));
        Assert.That((await Read("A", "ACCP")).Statements.Single().ContentFingerprint, Is.EqualTo(first));
    }

    [Test]
    public async Task A_batch_with_its_payments_is_not_the_same_statement_as_one_without()
    {
        static Task<ReadResult> Read(string details) => StatementFiles.ReadTextAsync(
            "<Document><BkToCstmrStmt><GrpHdr><MsgId>A</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><Othr><Id>ACC</Id></Othr></Id><Ccy>USD</Ccy></Acct><Ntry><Amt Ccy=\"USD\">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>" +
            $"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-06-19</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>");
        static string Detail(string reference, string amount) => $"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs><Amt Ccy=\"USD\">{amount}</Amt></TxDtls>";
        var sum = (await Read("")).Statements.Single();
        var detailed = (await Read(Detail("E1", "1.00") + Detail("E2", "2.00"))).Statements.Single();
        var other = (await Read(Detail("E1", "2.00") + Detail("E2", "1.00"))).Statements.Single();
        Assert.That(new[] { sum.ContentFingerprint, detailed.ContentFingerprint, other.ContentFingerprint }, Is.Unique);
        Assert.That(detailed.BookingsFingerprint, Is.Not.EqualTo(sum.BookingsFingerprint));
    }
}
