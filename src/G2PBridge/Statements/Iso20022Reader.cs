using System.Globalization;
using System.Text;
using System.Xml;
using T = G2PBridge.Statements.IsoName;

namespace G2PBridge.Statements;

/// <summary>
/// camt.052, camt.053, camt.054 and pain.002 of any version (ISO 20022, bank-to-customer cash management and payment initiation), by local
/// element names. No DTD, no external entity, bounded depth, names and texts. Entries with several TxDtls come as one Entry event followed
/// by one Detail event per payment, so that a batch of any size needs no more memory than one payment.
/// The XML layer reads its stream synchronously: hand over a file or memory, not a network stream.
/// </summary>
internal sealed class Iso20022Reader : StatementReader
{
    private const int MaxText = 4096;
    private const int MaxDepth = 64;

    /// <summary>What an entry or one of its payments says; texts lie in the shared buffer.</summary>
    private sealed class Part
    {
        public readonly (int Start, int Length)[] Fields = new (int, int)[Enum.GetValues<EntryField>().Length];
        public readonly List<(int Start, int Length)> Narrative = [];
        public uint Mask;
        public (int Start, int Length) Debtor;
        public (int Start, int Length) Creditor;
        public (int Start, int Length) DebtorAccount;
        public (int Start, int Length) CreditorAccount;
        public bool HasAmount;
        public long Units;
        public int Scale;
        public string? Currency;
        public int AmountRank;
        public int Direction;
        public bool? Reversal;
        public bool Cut;
        public bool AmountBad;

        public void Clear()
        {
            for (; Mask != 0; Mask &= Mask - 1) Fields[System.Numerics.BitOperations.TrailingZeroCount(Mask)] = default;
            Narrative.Clear();
            Debtor = Creditor = DebtorAccount = CreditorAccount = default;
            HasAmount = Cut = AmountBad = false;
            Units = 0;
            Scale = 0;
            Currency = null;
            AmountRank = 0;
            Direction = 0;
            Reversal = null;
        }
    }

    private enum Next
    {
        Read,
        HeldDetail,
        CurrentDetail,
        ResetDetails,
        FinalHeader,
        GroupStatus,
        EndOfStatement,
        EndOfFile,
        Finished,
    }

    private readonly GuardedStream _stream;
    private readonly Markup _xml;
    private readonly T[] _path = new T[MaxDepth + 2];
    private readonly MarkupText _text = new(MaxText);
    private readonly MarkupText _attribute = new(8);
    private readonly Part _main = new();
    private Part _held = new();
    private Part _current = new();
    private byte[] _bytes = new byte[4096];
    private int _length;
    private int _mainEnd;
    private bool _collect;
    private bool _cut;
    private Next _next;

    private string? _rootName;
    private string? _messageId;
    private bool _open;
    private bool _headerEmitted;
    private bool _inEntry;
    private bool _inDetail;
    private bool _readEntry;
    private int _ordinal;
    private int _details;
    private long _detailUnits;
    private bool _detailSumKnown;
    private long _entryLine;
    private DateOnly? _value;
    private DateOnly? _booking;
    private bool _booked;
    private int? _batchCount;
    private T _statusContext;

    private string? _id;
    private string? _electronic;
    private string? _legal;
    private string? _page;
    private string? _created;
    private string? _account;
    private string? _currency;
    private string? _information;
    private readonly List<(string Type, decimal? Amount, string? Currency, DateOnly? Date)> _balances = [];
    private string? _balanceType;
    private decimal? _balanceAmount;
    private string? _balanceCurrency;
    private int _balanceSign;
    private DateOnly? _balanceDate;
    private int? _claimedEntries;
    private decimal? _claimedSum;
    private long _statementLine;

    private PaymentStatus _group = new();
    private PaymentStatus _information002 = new();
    private PaymentStatus _transaction = new();
    private int _groupCount;
    private int _informationCount;

    /// <param name="alwaysPlatform">The platform's layer of XML even where our own would do; for comparing the two.</param>
    public Iso20022Reader(Stream stream, ReadOnlyMemory<byte> head, BankProfile profile, ReaderLimits limits, bool alwaysPlatform = false)
        : base(profile, limits)
    {
        _stream = new GuardedStream(stream, head, limits);
        _xml = Markup.Over(_stream, head.Span, alwaysPlatform);
    }

    public override ValueTask<bool> ReadAsync(CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        return new(Step());
    }

    private long Line => _xml.Line;

    private bool Step()
    {
        while (true)
        {
            switch (_next)
            {
                case Next.HeldDetail:
                    _next = Next.CurrentDetail;
                    return EmitDetail(_held, _details - 1);
                case Next.CurrentDetail:
                    _next = Next.ResetDetails;
                    return EmitDetail(_current, _details);
                case Next.ResetDetails:
                    _length = _mainEnd;
                    _next = Next.Read;
                    continue;
                case Next.FinalHeader:
                    _next = Next.GroupStatus;
                    if (!_headerEmitted) return EmitHeader();
                    continue;
                case Next.GroupStatus:
                    _next = Next.EndOfStatement;
                    if (_group.Status is not null) return EmitStatus(_group with { TransactionsReported = _groupCount });
                    continue;
                case Next.EndOfStatement:
                    _next = Next.Read;
                    EndStatement();
                    return true;
                case Next.EndOfFile:
                    _next = Next.Finished;
                    if (_rootName is null && FileFindings.Count == 0) FileFindings.Add(new Finding(FindingCodes.NotAStatement, Verdict.Reject, "The XML holds no statement and no status report.", Line));
                    EndFile(_stream.BytesRead, Line);
                    return true;
                case Next.Finished:
                    Event = StatementEvent.None;
                    return false;
            }
            try
            {
                if (ReadNodes()) return true;
            }
            catch (XmlException e)
            {
                Refuse(e);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException)
            {
                // The XML layer reports an unusable encoding declaration this way.
                Refuse(new XmlException(e.Message, e));
            }
        }
    }

    private void Refuse(XmlException e)
    {
        var (code, message) = _stream.Refusal is { } refusal ? refusal
            : e.Message.Contains("DTD", StringComparison.Ordinal) ? (FindingCodes.XmlForbidden, "The XML declares a document type; such files are refused.")
            : e is RefusedXmlException ? (FindingCodes.XmlForbidden, e.Message)
            : (FindingCodes.XmlMalformed, $"The XML is not well-formed or is cut off (line {e.LineNumber.ToString(CultureInfo.InvariantCulture)}).");
        var finding = new Finding(code, Verdict.Reject, message, e.LineNumber);
        FileFindings.Add(finding);
        if (_open)
        {
            Tally.Note(code, Verdict.Reject, message, e.LineNumber);
            _group = new PaymentStatus();
            _next = Next.FinalHeader;
            _afterEnd = true;
        }
        else
        {
            _next = Next.EndOfFile;
        }
    }

    private bool _afterEnd;
    private int _depth;
    private int _emptyDepth = -1;

    /// <summary>Reads on until there is an event (true) or something in <see cref="_next"/> to do (false).</summary>
    private bool ReadNodes()
    {
        if (_afterEnd)
        {
            _next = Next.EndOfFile;
            return false;
        }
        if (_emptyDepth >= 0)
        {
            var empty = _emptyDepth;
            _emptyDepth = -1;
            if (EndOf(_path[empty], empty)) return true;
            if (_next != Next.Read) return false;
        }
        while (_xml.Read() is var node and not MarkupNode.End)
        {
            switch (node)
            {
                case MarkupNode.Element:
                    var depth = _depth++;
                    if (depth > MaxDepth) throw new RefusedXmlException("The XML is nested too deeply to be a statement.");
                    var token = _xml.Name;
                    if (token == T.Other && _rootName is null && depth <= 1) token = OldRoot(_xml.LocalName);
                    _path[depth] = token;
                    _text.Clear();
                    _collect = token != T.Other;
                    var isEmpty = _xml.IsEmpty;
                    if (isEmpty) _depth--;
                    if (StartOf(token, depth))
                    {
                        if (isEmpty) _emptyDepth = depth;
                        return true;
                    }
                    if (isEmpty)
                    {
                        if (EndOf(token, depth)) return true;
                        if (_next != Next.Read) return false;
                    }
                    break;
                case MarkupNode.Text:
                    if (_collect) Collect();
                    break;
                case MarkupNode.EndElement:
                    depth = --_depth;
                    if (EndOf(_path[depth], depth)) return true;
                    if (_next != Next.Read) return false;
                    _collect = false;
                    break;
            }
        }
        _next = Next.EndOfFile;
        return false;
    }

    /// <summary>The first versions put the version into the element's name: <c>BkToCstmrAcctRptV01</c>, <c>pain.002.001.02</c>.</summary>
    private static T OldRoot(string name) => name switch
    {
        _ when name.StartsWith("BkToCstmrStmtV", StringComparison.Ordinal) || name.StartsWith("camt.053.", StringComparison.Ordinal) => T.BkToCstmrStmt,
        _ when name.StartsWith("BkToCstmrAcctRptV", StringComparison.Ordinal) || name.StartsWith("camt.052.", StringComparison.Ordinal) => T.BkToCstmrAcctRpt,
        _ when name.StartsWith("BkToCstmrDbtCdtNtfctnV", StringComparison.Ordinal) || name.StartsWith("camt.054.", StringComparison.Ordinal) => T.BkToCstmrDbtCdtNtfctn,
        _ when name.StartsWith("pain.002.", StringComparison.Ordinal) => T.CstmrPmtStsRpt,
        _ => T.Other,
    };

    private void Collect()
    {
        _xml.AppendText(_text);
        _cut |= _text.IsFull;
    }

    private bool HasText => _text.Length > 0;

    private ReadOnlySpan<byte> Value => _text.Trimmed;

    private string Text => _text.ToString();

    private T At(int depth) => depth >= 0 ? _path[depth] : T.Other;

    // ---- structure -------------------------------------------------------------------------------------------------------------

    private bool StartOf(T token, int depth)
    {
        switch (token)
        {
            case T.BkToCstmrStmt or T.BkToCstmrAcctRpt or T.BkToCstmrDbtCdtNtfctn or T.CstmrPmtStsRpt when _rootName is null:
                Format = token switch
                {
                    T.BkToCstmrStmt => StatementFormat.Camt053,
                    T.BkToCstmrAcctRpt => StatementFormat.Camt052,
                    T.BkToCstmrDbtCdtNtfctn => StatementFormat.Camt054,
                    _ => StatementFormat.Pain002,
                };
                var space = _xml.Namespace;
                var colon = space.LastIndexOf(':');
                _rootName = colon > 0 && colon < space.Length - 1 ? space[(colon + 1)..] : Format.ToString();
                if (Format == StatementFormat.Pain002) Open();
                break;
            case T.Stmt or T.Rpt or T.Ntfctn when !_open && _rootName is not null:
                Open();
                break;
            case T.Bal when _open && !_inEntry:
                _balanceType = null;
                _balanceAmount = null;
                _balanceCurrency = null;
                _balanceSign = 1;
                _balanceDate = null;
                break;
            case T.Ntry when _open && !_inEntry:
                if (!_headerEmitted)
                {
                    EmitHeader();
                    BeginEntry();
                    return true;
                }
                BeginEntry();
                break;
            case T.TxDtls when _inEntry && !_inDetail:
                _inDetail = true;
                if (_details == 0) _mainEnd = _length;
                if (_details == 1) (_held, _current) = (_current, _held);
                _current.Clear();
                break;
            case T.Amt or T.InstdAmt or T.TtlAmt:
                ReadCurrency();
                break;
            case T.OrgnlGrpInfAndSts when _open && Format == StatementFormat.Pain002:
                _statusContext = token;
                break;
            case T.OrgnlPmtInfAndSts when _open && Format == StatementFormat.Pain002:
                _statusContext = token;
                _informationCount = 0;
                _information002 = Blank(PaymentStatusLevel.PaymentInformation);
                if (!_headerEmitted) return EmitHeader();
                break;
            case T.TxInfAndSts when _open && Format == StatementFormat.Pain002:
                _statusContext = token;
                _transaction = Blank(PaymentStatusLevel.Transaction);
                if (!_headerEmitted) return EmitHeader();
                break;
        }
        return false;

        PaymentStatus Blank(PaymentStatusLevel level) => new() { Level = level, OriginalMessageId = _group.OriginalMessageId, OriginalMessageName = _group.OriginalMessageName, Line = (int)Line };
    }

    private void Open()
    {
        _open = true;
        _headerEmitted = false;
        _statementLine = Line;
        _id = _electronic = _legal = _page = _account = _currency = _information = null;
        if (Format != StatementFormat.Pain002) _created = null;
        _balances.Clear();
        _claimedEntries = null;
        _claimedSum = null;
        _ordinal = 0;
        _group = new PaymentStatus { Level = PaymentStatusLevel.Group };
        _groupCount = 0;
        Tally.Reset();
    }

    private void BeginEntry()
    {
        if (EntriesInFile >= Limits.EntriesPerFile) throw new RefusedXmlException($"The file holds more than {Limits.EntriesPerFile} entries.");
        EntriesInFile++;
        _inEntry = true;
        _inDetail = false;
        _ordinal++;
        _details = 0;
        _detailUnits = 0;
        _detailSumKnown = true;
        _length = 0;
        _mainEnd = 0;
        _entryLine = Line;
        _value = _booking = null;
        _booked = true;
        _batchCount = null;
        _cut = false;
        _main.Clear();
        _current.Clear();
    }

    private void ReadCurrency()
    {
        _attribute.Clear();
        if (!_xml.TryCurrency(_attribute)) return;
        var code = _attribute.Trimmed;
        _amountCurrency = _currency is not null && Ascii.Equals(code, _currency) ? _currency : Encoding.UTF8.GetString(code);
    }

    private string? _amountCurrency;

    private bool EndOf(T token, int depth)
    {
        if (token == T.Other) return false;
        var parent = At(depth - 1);
        if (_inEntry) return _inDetail ? EndInDetail(token, parent, depth) : EndInEntry(token, parent, depth);
        if (Format == StatementFormat.Pain002) return _open && EndInReport(token, parent, depth);
        if (_open) return EndInStatement(token, parent, depth);
        if (parent == T.GrpHdr)
        {
            if (token == T.MsgId) _messageId = Text;
        }
        return false;
    }

    private bool EndInStatement(T token, T parent, int depth)
    {
        switch (token)
        {
            case T.Stmt or T.Rpt or T.Ntfctn:
                _next = Next.EndOfStatement;
                if (_headerEmitted) return false;
                return EmitHeader();
            case T.Id when parent is T.Stmt or T.Rpt or T.Ntfctn: _id = Text; break;
            case T.ElctrncSeqNb when parent is T.Stmt or T.Rpt or T.Ntfctn: _electronic = Text; break;
            case T.LglSeqNb when parent is T.Stmt or T.Rpt or T.Ntfctn: _legal = Text; break;
            case T.PgNb when parent is T.StmtPgntn or T.RptPgntn or T.NtfctnPgntn: _page = Text; break;
            case T.CreDtTm when parent is T.Stmt or T.Rpt or T.Ntfctn: _created = Text; break;
            case T.IBAN when parent == T.Id && At(depth - 2) == T.Acct: _account ??= Text; break;
            case T.Id when parent == T.Othr && At(depth - 2) == T.Id && At(depth - 3) == T.Acct: _account ??= Text; break;
            case T.Ccy when parent == T.Acct: _currency = Text.ToUpperInvariant(); break;
            case T.AddtlStmtInf: _information = Text; break;
            case T.Cd or T.Prtry when parent == T.CdOrPrtry && At(depth - 3) == T.Bal: _balanceType = Text; break;
            case T.Cd when parent == T.Tp && At(depth - 2) == T.Bal: _balanceType = Text; break;
            case T.Amt when parent == T.Bal:
                _balanceAmount = TryAmount(Value, out var units, out var scale) ? Decimals.From(units, scale) : null;
                _balanceCurrency = _amountCurrency;
                break;
            case T.CdtDbtInd when parent == T.Bal: _balanceSign = Value.SequenceEqual("DBIT"u8) ? -1 : 1; break;
            case T.Dt or T.DtTm when parent == T.Dt && At(depth - 2) == T.Bal: _balanceDate = TryDate(Value); break;
            case T.Dt when parent == T.Bal && HasText: _balanceDate ??= TryDate(Value); break;
            case T.Bal:
                if (_balanceType is not null && _balances.Count < 100) _balances.Add((_balanceType, _balanceAmount * _balanceSign, _balanceCurrency?.ToUpperInvariant(), _balanceDate));
                break;
            case T.NbOfNtries when parent == T.TtlNtries: _claimedEntries = int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null; break;
            case T.Sum when parent == T.TtlNtries: _claimedSum = TryAmount(Value, out units, out scale) ? Decimals.From(units, scale) : null; break;
        }
        return false;
    }

    private bool EndInEntry(T token, T parent, int depth)
    {
        switch (token)
        {
            case T.Ntry:
                return EndEntry();
            case T.NtryRef when parent == T.Ntry: Put(_main, EntryField.EntryReference); break;
            case T.Amt when parent == T.Ntry: Amount(_main, 3); break;
            case T.CdtDbtInd when parent == T.Ntry: _main.Direction = Direction(); break;
            case T.RvslInd when parent == T.Ntry: _main.Reversal = True(Value); break;
            case T.Sts when parent == T.Ntry && HasText: _booked = Booked(); break;
            case T.Cd when parent == T.Sts && At(depth - 2) == T.Ntry: _booked = Booked(); break;
            case T.Dt or T.DtTm when parent == T.BookgDt: _booking = TryDate(Value); break;
            case T.Dt or T.DtTm when parent == T.ValDt: _value = TryDate(Value); break;
            case T.BookgDt when HasText: _booking ??= TryDate(Value); break;
            case T.ValDt when HasText: _value ??= TryDate(Value); break;
            case T.AcctSvcrRef when parent == T.Ntry: Put(_main, EntryField.BankReference); break;
            case T.MsgId when parent == T.Btch: Put(_main, EntryField.MessageId); break;
            case T.PmtInfId when parent == T.Btch: Put(_main, EntryField.PaymentInformationId); break;
            case T.NbOfTxs when parent == T.Btch: _batchCount = int.TryParse(_text.Bytes, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null; break;
            case T.AddtlNtryInf: Put(_main, EntryField.AdditionalInformation); break;
            case T.Cd or T.SubFmlyCd: TransactionCode(_main, token, parent, depth); break;
        }
        return false;
    }

    private bool EndInDetail(T token, T parent, int depth)
    {
        var part = _current;
        switch (token)
        {
            case T.TxDtls:
                _inDetail = false;
                return EndDetail();
            case T.MsgId when parent == T.Refs: Put(part, EntryField.MessageId); break;
            case T.AcctSvcrRef when parent == T.Refs: Put(part, EntryField.BankReference); break;
            case T.PmtInfId when parent == T.Refs: Put(part, EntryField.PaymentInformationId); break;
            case T.InstrId when parent == T.Refs: Put(part, EntryField.InstructionId); break;
            case T.EndToEndId when parent == T.Refs: Put(part, EntryField.EndToEndId); break;
            case T.UETR when parent == T.Refs: Put(part, EntryField.Uetr); break;
            case T.TxId when parent == T.Refs: Put(part, EntryField.TransactionId); break;
            case T.MndtId when parent == T.Refs: Put(part, EntryField.MandateId); break;
            case T.Amt when parent == T.TxDtls: Amount(part, 3); break;
            case T.Amt when parent == T.TxAmt && At(depth - 2) == T.AmtDtls: Amount(part, 2); break;
            case T.Amt when parent == T.InstdAmt && At(depth - 2) == T.AmtDtls: Amount(part, 1); break;
            case T.CdtDbtInd when parent == T.TxDtls: part.Direction = Direction(); break;
            case T.Nm when parent is T.Dbtr || (parent == T.Pty && At(depth - 2) == T.Dbtr): part.Debtor = Store(part); break;
            case T.Nm when parent is T.Cdtr || (parent == T.Pty && At(depth - 2) == T.Cdtr): part.Creditor = Store(part); break;
            case T.IBAN when parent == T.Id && At(depth - 2) == T.DbtrAcct: part.DebtorAccount = Store(part); break;
            case T.IBAN when parent == T.Id && At(depth - 2) == T.CdtrAcct: part.CreditorAccount = Store(part); break;
            case T.Id when parent == T.Othr && At(depth - 3) == T.DbtrAcct: part.DebtorAccount = Store(part); break;
            case T.Id when parent == T.Othr && At(depth - 3) == T.CdtrAcct: part.CreditorAccount = Store(part); break;
            case T.Ustrd when parent == T.RmtInf:
                if (part.Narrative.Count < Limits.NarrativeLines) part.Narrative.Add(Store(part));
                else part.Cut = true;
                break;
            case T.Ref when parent == T.CdtrRefInf: Put(part, EntryField.CreditorReference); break;
            case T.Cd when parent == T.Rsn && At(depth - 2) == T.RtrInf: Put(part, EntryField.ReturnCode); break;
            case T.Prtry when parent == T.Rsn && At(depth - 2) == T.RtrInf: Put(part, EntryField.ReturnText); break;
            case T.AddtlInf when parent == T.RtrInf: Put(part, EntryField.ReturnText); break;
            case T.AddtlTxInf: Put(part, EntryField.AdditionalInformation); break;
            case T.Cd or T.SubFmlyCd: TransactionCode(part, token, parent, depth); break;
        }
        return false;
    }

    /// <summary>BkTxCd: domain, family and sub-family become one text, <c>PMNT/ICDT/RRTN</c>; the bank's own code stays apart.</summary>
    private void TransactionCode(Part part, T token, T parent, int depth)
    {
        if (parent == T.Prtry && At(depth - 2) == T.BkTxCd)
        {
            Put(part, EntryField.ProprietaryCode);
            return;
        }
        if ((token != T.Cd || parent is not (T.Domn or T.Fmly)) && (token != T.SubFmlyCd || parent != T.Fmly)) return;
        if (parent == T.Domn)
        {
            Put(part, EntryField.Type);
            return;
        }
        var before = part.Fields[(int)EntryField.Type];
        if (before.Length == 0 || before.Start + before.Length != _length)
        {
            Put(part, EntryField.Type);
            return;
        }
        Room(1);
        _bytes[_length++] = (byte)'/';
        var more = Store(part);
        part.Fields[(int)EntryField.Type] = (before.Start, before.Length + 1 + more.Length);
    }

    private bool EndDetail()
    {
        _details++;
        if (_details == 1) return false;
        if (_details == 2)
        {
            _readEntry = EmitEntry(_main, null, hasDetails: true);
            Sum(_held);
            Sum(_current);
            _next = _readEntry ? Next.HeldDetail : Next.ResetDetails;
            return true;
        }
        Sum(_current);
        if (!_readEntry)
        {
            _length = _mainEnd;
            return false;
        }
        _next = Next.ResetDetails;
        return EmitDetail(_current, _details);

        void Sum(Part part)
        {
            if (!part.HasAmount || part.Scale > 9) _detailSumKnown = false;
            else _detailUnits += part.Units * Power(9 - part.Scale) / Power(9 - 5) * (part.Direction == 0 || part.Direction == _main.Direction ? 1 : -1);
        }
    }

    private static long Power(int digits)
    {
        var value = 1L;
        for (var i = 0; i < digits; i++) value *= 10;
        return value;
    }

    private bool EndEntry()
    {
        _inEntry = false;
        if (_details == 0) return EmitOrBad(null);
        if (_details == 1) return EmitOrBad(_current);
        if (_readEntry && _detailSumKnown && _main.HasAmount && Decimals.From(_detailUnits, 5) != Decimals.From(_main.Units, _main.Scale))
            Tally.Note(FindingCodes.DetailsDiffer, StatementTally.Severity(Profile.BalancePolicy), "The payments of a batch entry do not add up to the entry.", _entryLine);
        return false;

        bool EmitOrBad(Part? detail)
        {
            EmitEntry(_main, detail, hasDetails: false);
            return true;
        }
    }

    // ---- events ----------------------------------------------------------------------------------------------------------------

    private bool EmitHeader()
    {
        _headerEmitted = true;
        Statements++;
        var (opening, _, _) = Balances();
        _currency ??= opening?.Currency;
        var number = _legal ?? _electronic;
        SetHeader(new StatementHeader
        {
            Format = Format,
            Index = Statements,
            Reference = _id ?? _messageId,
            RelatedReference = _messageId,
            Account = string.IsNullOrWhiteSpace(_account) ? null : _account,
            NormalisedAccount = string.IsNullOrWhiteSpace(_account) ? null : Profile.NormaliseAccount(_account),
            Currency = _currency,
            Number = number is null ? null : _page is null ? number : $"{number}/{_page}",
            StatementNumber = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null,
            Page = int.TryParse(_page, NumberStyles.None, CultureInfo.InvariantCulture, out var p) ? p : null,
            Opening = opening,
            CreatedAt = _created,
            MessageName = _rootName,
            Line = _statementLine,
        });
        Event = StatementEvent.StatementStart;
        return true;
    }

    /// <summary>Opening: OPBD, else PRCD, else an ITBD before the entries; closing: CLBD, else the other ITBD.</summary>
    private (Balance? Opening, Balance? Closing, Balance? Available) Balances()
    {
        Balance? opening = Find("OPBD", false) ?? Find("PRCD", false), closing = Find("CLBD", false);
        var first = _balances.FindIndex(b => b.Type == "ITBD");
        if (first >= 0)
        {
            var last = _balances.FindLastIndex(b => b.Type == "ITBD");
            if (opening is null) opening = Make(_balances[first], true);
            else if (closing is null) closing = Make(_balances[last], true);
            if (closing is null && last != first) closing = Make(_balances[last], true);
        }
        return (opening, closing, Find("CLAV", false));

        Balance? Find(string type, bool intermediate)
        {
            foreach (var balance in _balances)
                if (balance.Type == type) return Make(balance, intermediate);
            return null;
        }

        static Balance? Make((string Type, decimal? Amount, string? Currency, DateOnly? Date) b, bool intermediate) =>
            b.Amount is { } amount ? new Balance(amount, b.Currency ?? "", b.Date, intermediate) : null;
    }

    private bool EmitEntry(Part main, Part? detail, bool hasDetails)
    {
        var entry = Entry;
        Fill(main, detail);
        entry.HasDetails = hasDetails;
        var problem = !main.HasAmount ? main.AmountBad ? "the amount is malformed" : "the amount is missing"
            : main.Direction == 0 ? "neither credit nor debit is stated"
            : main.Units < 0 ? "the amount is negative" : null;
        if (problem is null)
        {
            Tally.Add(entry);
            Event = StatementEvent.Entry;
            return true;
        }
        entry.Reason = problem;
        var raw = Encoding.UTF8.GetBytes($"Ntry {_ordinal.ToString(CultureInfo.InvariantCulture)}, line {_entryLine.ToString(CultureInfo.InvariantCulture)}");
        Room(raw.Length);
        raw.CopyTo(_bytes, _length);
        entry.Rebase(_bytes);
        entry.AddRaw(_length, raw.Length);
        Tally.AddBad(entry);
        Event = StatementEvent.BadEntry;
        return false;
    }

    private bool EmitDetail(Part detail, int number)
    {
        Fill(_main, detail);
        Entry.DetailOrdinal = number;
        if (detail.HasAmount) Entry.SetAmount(detail.Units, detail.Scale);
        else Entry.SetAmount(0, 0);
        var turned = Profile.ReversalShowsOriginalDirection && _main.Reversal == true;
        if (detail.Direction != 0) Entry.Mark = detail.Direction > 0 != turned ? EntryMark.Credit : EntryMark.Debit;
        if (detail.Currency is not null) Entry.Currency = detail.Currency;
        Tally.AddDetail(Entry);
        Event = StatementEvent.Detail;
        return true;
    }

    private void Fill(Part main, Part? detail)
    {
        var entry = Entry;
        entry.Begin(_bytes, Profile, Encoding.UTF8);
        entry.Ordinal = _ordinal;
        entry.Line = _entryLine;
        entry.IsBooked = _booked;
        entry.ReversalIndicator = main.Reversal;
        entry.BatchCount = _batchCount;
        var direction = main.Direction;
        if (Profile.ReversalShowsOriginalDirection && main.Reversal == true) direction = -direction;
        entry.Mark = direction > 0 ? EntryMark.Credit : EntryMark.Debit;
        entry.SetAmount(main.Units, main.Scale);
        entry.Currency = main.Currency ?? _currency;
        entry.EntryDate = _booking;
        entry.ValueDate = _value ?? _booking ?? default;
        var warnings = EntryWarnings.None;
        if (_value is null && _booking is null) warnings |= EntryWarnings.BlankEntryDate;
        if (_cut || main.Cut || detail?.Cut == true) warnings |= EntryWarnings.NarrativeCut;
        if (main.Currency is not null && _currency is not null && main.Currency != _currency) warnings |= EntryWarnings.CurrencyDiffers;
        if (main.Scale > CurrencyFacts.Decimals(entry.Currency) && Decimals.Shortest(main.Units, main.Scale).Scale > CurrencyFacts.Decimals(entry.Currency)) warnings |= EntryWarnings.TooManyDecimals;
        entry.Warnings = warnings;
        Copy(main);
        if (detail is null) return;
        Copy(detail);
        // In a returned payment the parties keep the roles of the original: the creditor is still our beneficiary.
        var returned = detail.Fields[(int)EntryField.ReturnCode].Length > 0 || detail.Fields[(int)EntryField.ReturnText].Length > 0 || main.Reversal == true
            || entry.Bytes(EntryField.Type).EndsWith("/RRTN"u8);
        var paidOut = entry.Sign < 0 || returned;
        Party(EntryField.CounterpartyName, paidOut ? detail.Creditor : detail.Debtor, paidOut ? detail.Debtor : detail.Creditor);
        Party(EntryField.CounterpartyAccount, paidOut ? detail.CreditorAccount : detail.DebtorAccount, paidOut ? detail.DebtorAccount : detail.CreditorAccount);
        foreach (var (start, length) in detail.Narrative) entry.AddNarrative(start, length);

        void Copy(Part part)
        {
            for (var bits = part.Mask; bits != 0; bits &= bits - 1)
            {
                var field = System.Numerics.BitOperations.TrailingZeroCount(bits);
                entry.Set((EntryField)field, part.Fields[field].Start, part.Fields[field].Length);
            }
        }

        void Party(EntryField field, (int Start, int Length) first, (int Start, int Length) second)
        {
            var chosen = first.Length > 0 ? first : second;
            if (chosen.Length > 0) entry.Set(field, chosen.Start, chosen.Length);
        }
    }

    private void EndStatement()
    {
        _open = _inEntry = _inDetail = false;
        var (opening, closing, available) = Balances();
        if (Format != StatementFormat.Pain002 && string.IsNullOrWhiteSpace(_account)) Tally.Note(FindingCodes.NoAccount, Verdict.Reject, "The statement names no account.", _statementLine);
        if (Format == StatementFormat.Camt053)
        {
            var severity = Profile.BalancePolicy == FindingPolicy.Hold ? Verdict.Hold : Verdict.Warn;
            if (opening is null) Tally.Note(FindingCodes.NoOpening, severity, "The statement has no opening balance: it cannot be checked.", _statementLine);
            if (closing is null) Tally.Note(FindingCodes.NoClosing, severity, "The statement has no closing balance: it cannot be checked.", _statementLine);
        }
        if (_claimedEntries is { } claimed && claimed != _ordinal)
            Tally.Note(FindingCodes.ControlSum, StatementTally.Severity(Profile.BalancePolicy), "The bank's number of entries is not that of the entries.", _statementLine);
        else if (_claimedSum is { } sum && sum != Tally.AllCredits.Sum + Tally.AllDebits.Sum)
            Tally.Note(FindingCodes.ControlSum, StatementTally.Severity(Profile.BalancePolicy), "The bank's sum of entries is not that of the entries.", _statementLine);
        base.EndStatement(opening, closing, available, _information, Line);
    }

    // ---- pain.002 --------------------------------------------------------------------------------------------------------------

    private bool EndInReport(T token, T parent, int depth)
    {
        switch (token)
        {
            case T.MsgId when parent == T.GrpHdr: _messageId = _id = Text; break;
            case T.CreDtTm when parent == T.GrpHdr: _created = Text; break;
            case T.OrgnlMsgId when parent is T.OrgnlGrpInfAndSts or T.CstmrPmtStsRpt: _group = _group with { OriginalMessageId = Text, Line = (int)Line }; break;
            case T.OrgnlMsgNmId when parent is T.OrgnlGrpInfAndSts: _group = _group with { OriginalMessageName = Text }; break;
            case T.GrpSts: _group = _group with { Status = Text }; break;
            case T.OrgnlPmtInfId when parent == T.OrgnlPmtInfAndSts: _information002 = _information002 with { OriginalPaymentInformationId = Text }; break;
            case T.PmtInfSts: _information002 = _information002 with { Status = Text }; break;
            case T.OrgnlInstrId: _transaction = _transaction with { OriginalInstructionId = Text }; break;
            case T.OrgnlEndToEndId: _transaction = _transaction with { OriginalEndToEndId = Text }; break;
            case T.OrgnlUETR: _transaction = _transaction with { OriginalUetr = Text }; break;
            case T.TxSts: _transaction = _transaction with { Status = Text }; break;
            case T.AcctSvcrRef when parent == T.TxInfAndSts: _transaction = _transaction with { BankReference = Text }; break;
            case T.Cd or T.Prtry when parent == T.Rsn && At(depth - 2) == T.StsRsnInf: Reason(s => s.RawReason is null ? s with { RawReason = Text, ReasonCode = ReasonCatalogue.Map(Text, Profile) ?? (_path[depth] == T.Cd ? Text : null) } : s); break;
            case T.AddtlInf when parent == T.StsRsnInf: Reason(s => s with { AdditionalInformation = s.AdditionalInformation is null ? Text : s.AdditionalInformation + Text }); break;
            case T.TxInfAndSts:
                _statusContext = T.OrgnlPmtInfAndSts;
                _informationCount++;
                _groupCount++;
                if (_transaction.Status is null)
                {
                    var above = _information002.Status is not null ? _information002 : _group;
                    _transaction = _transaction with { Status = above.Status, Inherited = true, RawReason = _transaction.RawReason ?? above.RawReason, ReasonCode = _transaction.ReasonCode ?? above.ReasonCode, AdditionalInformation = _transaction.AdditionalInformation ?? above.AdditionalInformation };
                }
                return EmitStatus(_transaction with { OriginalPaymentInformationId = _information002.OriginalPaymentInformationId });
            case T.OrgnlPmtInfAndSts:
                _statusContext = T.OrgnlGrpInfAndSts;
                var information = _information002 with { TransactionsReported = _informationCount };
                if (information.Status is null)
                {
                    if (_group.Status is null) break;
                    information = information with { Status = _group.Status, Inherited = true, RawReason = information.RawReason ?? _group.RawReason, ReasonCode = information.ReasonCode ?? _group.ReasonCode };
                }
                return EmitStatus(information);
            case T.CstmrPmtStsRpt:
                _next = Next.FinalHeader;
                break;
        }
        return false;
    }

    private void Reason(Func<PaymentStatus, PaymentStatus> change)
    {
        if (_statusContext == T.TxInfAndSts) _transaction = change(_transaction);
        else if (_statusContext == T.OrgnlPmtInfAndSts) _information002 = change(_information002);
        else _group = change(_group);
    }

    private bool EmitStatus(PaymentStatus status)
    {
        Status = status;
        Tally.Add(status);
        Event = StatementEvent.PaymentStatus;
        return true;
    }

    // ---- values ----------------------------------------------------------------------------------------------------------------

    private void Put(Part part, EntryField field)
    {
        var slice = Store(part);
        if (slice.Length == 0) return;
        part.Fields[(int)field] = slice;
        part.Mask |= 1u << (int)field;
    }

    private (int Start, int Length) Store(Part part)
    {
        var text = Value;
        if (text.IsEmpty) return default;
        var isAscii = Ascii.IsValid(text);
        var most = (isAscii ? text.Length : Encoding.UTF8.GetCharCount(text)) * 3;
        if (_length + most > Limits.EntryBytes)
        {
            part.Cut = true;
            return default;
        }
        Room(most);
        var start = _length;
        text.CopyTo(_bytes.AsSpan(start));
        _length += text.Length;
        if (!isAscii) Tally.SawUtf8 = true;
        return (start, text.Length);
    }

    private void Room(int bytes)
    {
        if (_bytes.Length - _length >= bytes) return;
        Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
    }

    private void Amount(Part part, int rank)
    {
        if (rank <= part.AmountRank) return;
        if (!TryAmount(Value, out var units, out var scale))
        {
            part.AmountBad = true;
            return;
        }
        part.AmountRank = rank;
        part.HasAmount = true;
        part.Units = units;
        part.Scale = scale;
        part.Currency = _amountCurrency;
    }

    private int Direction()
    {
        var text = Value;
        return text.SequenceEqual("CRDT"u8) ? 1 : text.SequenceEqual("DBIT"u8) ? -1 : 0;
    }

    private bool Booked() => Value is var text && !text.SequenceEqual("PDNG"u8) && !text.SequenceEqual("INFO"u8) && !text.SequenceEqual("FUTR"u8);

    private static bool True(ReadOnlySpan<byte> text) => text.SequenceEqual("true"u8) || text.SequenceEqual("1"u8);

    private static DateOnly? TryDate(ReadOnlySpan<byte> text)
    {
        if (text.Length < 10 || text[4] != '-' || text[7] != '-') return null;
        if (!Digits(text[..4], out var year) || !Digits(text.Slice(5, 2), out var month) || !Digits(text.Slice(8, 2), out var day)) return null;
        return year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month) ? new DateOnly(year, month, day) : null;

        static bool Digits(ReadOnlySpan<byte> part, out int value)
        {
            value = 0;
            foreach (var c in part)
            {
                if (!char.IsAsciiDigit((char)c)) return false;
                value = value * 10 + (c - '0');
            }
            return true;
        }
    }

    private static bool TryAmount(ReadOnlySpan<byte> text, out long units, out int scale)
    {
        units = 0;
        scale = 0;
        return text.Length is > 0 and <= 24 && Decimals.TryParsePlain(text, out units, out scale) && scale <= 5;
    }

    public override ValueTask DisposeAsync()
    {
        _xml.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>Hands on the bytes; stops a file that is too large or holds a stretch without any tag that no statement has.</summary>
    private sealed class GuardedStream(Stream inner, ReadOnlyMemory<byte> head, ReaderLimits limits) : Stream
    {
        private ReadOnlyMemory<byte> _head = head;
        private long _sinceTag;

        public long BytesRead { get; private set; }

        public (string Code, string Message)? Refusal { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read;
            if (!_head.IsEmpty)
            {
                read = Math.Min(buffer.Length, _head.Length);
                _head.Span[..read].CopyTo(buffer);
                _head = _head[read..];
            }
            else
            {
                read = inner.Read(buffer);
            }
            BytesRead += read;
            if (BytesRead > limits.FileBytes) Stop(FindingCodes.FileTooLarge, $"The file is larger than {limits.FileBytes} bytes.");
            var chunk = buffer[..read];
            var first = chunk.IndexOf((byte)'<');
            if (_sinceTag + (first < 0 ? read : first) > limits.LineBytes) Stop(FindingCodes.LineTooLong, $"There are more than {limits.LineBytes} bytes without a tag.");
            _sinceTag = first < 0 ? _sinceTag + read : read - chunk.LastIndexOf((byte)'<');
            return read;

            void Stop(string code, string message)
            {
                Refusal ??= (code, message);
                throw new RefusedXmlException(message);
            }
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
