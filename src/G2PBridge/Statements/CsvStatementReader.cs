using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace G2PBridge.Statements;

/// <summary>
/// A bank's CSV file (RFC 4180 with the bank's own separators) through the profile's <see cref="CsvMapping"/>. One statement per account in
/// a row of the file; without a balance column nothing proves that it is complete, and the statement says so.
/// </summary>
internal sealed class CsvStatementReader : StatementReader
{
    private enum Mode
    {
        Head,
        Rows,
        Ending,
        Finished,
    }

    private readonly Stream _stream;
    private readonly CsvMapping _map;
    private readonly List<(int Start, int Length)> _cells = [];
    private byte[] _buffer;
    private int _from;
    private int _end;
    private long _base;
    private bool _eof;
    private byte[] _row = new byte[1024];
    private int _rowLength;
    private long _line = 1;
    private long _rowLine;
    private Mode _mode;
    private int _skipped;
    private Dictionary<string, int>? _header;
    private bool _resolved;
    private Finding? _refusal;

    private int _bookingAt, _valueAt, _amountAt, _debitAt, _creditAt, _directionAt, _currencyAt, _accountAt, _referenceAt, _bankReferenceAt, _typeAt, _reasonAt, _balanceAt;
    private int[] _narrativeAt = [];

    private bool _open;
    private bool _pendingRow;
    private string? _account;
    private int _ordinal;
    private (decimal Balance, decimal Signed)? _firstRow;
    private (decimal Balance, decimal Signed)? _lastRow;
    private string? _currency;

    public CsvStatementReader(Stream stream, ReadOnlyMemory<byte> head, BankProfile profile, ReaderLimits limits)
        : base(profile, limits)
    {
        _stream = stream;
        _map = profile.Csv ?? new CsvMapping();
        Format = StatementFormat.Csv;
        _buffer = new byte[Math.Max(limits.BufferBytes, Math.Max(64, head.Length))];
        head.Span.CopyTo(_buffer);
        _end = head.Length;
        if (head.Span.StartsWith(Encoding.UTF8.Preamble)) _from = 3;
        if (head.IsEmpty) _refusal = new Finding(FindingCodes.Empty, Verdict.Reject, "The file is empty.", 0);
        else if (head.Span.IndexOf((byte)0) >= 0) _refusal = new Finding(FindingCodes.Binary, Verdict.Reject, "The file is binary data, not a statement.", 1);
    }

    public override async ValueTask<bool> ReadAsync(CancellationToken ct = default)
    {
        while (true)
        {
            switch (Step())
            {
                case true: return true;
                case false: return false;
            }
            if (_from > 0)
            {
                Buffer.BlockCopy(_buffer, _from, _buffer, 0, _end - _from);
                _end -= _from;
                _base += _from;
                _from = 0;
            }
            if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0) _eof = true;
            _end += read;
            if (_base + _end > Limits.FileBytes) _refusal ??= new Finding(FindingCodes.FileTooLarge, Verdict.Reject, $"The file is larger than {Limits.FileBytes} bytes.", _line);
        }
    }

    private bool? Step()
    {
        while (true)
        {
            if (_refusal is not null && _mode is (Mode.Head or Mode.Rows))
            {
                if (_open) Tally.Note(_refusal.Code, _refusal.Severity, _refusal.Message, _refusal.Line);
                _mode = Mode.Ending;
            }
            switch (_mode)
            {
                case Mode.Ending:
                    if (_open)
                    {
                        Close();
                        return true;
                    }
                    if (_refusal is not null) FileFindings.Add(_refusal);
                    else if (Statements == 0) FileFindings.Add(new Finding(FindingCodes.NotAStatement, Verdict.Reject, "The file holds no row of a statement.", 1));
                    _mode = Mode.Finished;
                    EndFile(_base + _end, _line - 1);
                    return true;
                case Mode.Finished:
                    Event = StatementEvent.None;
                    return false;
            }
            if (!_pendingRow)
            {
                if (ReadRow() is not { } more) return null;
                if (!more)
                {
                    if (_refusal is null) _mode = Mode.Ending;
                    continue;
                }
                if (_cells.Count == 1 && _cells[0].Length == 0) continue;
            }
            if (_mode == Mode.Head && !ReadHead()) continue;
            if (_refusal is not null) continue;
            var account = CellText(_accountAt) ?? _map.FixedAccount;
            if (_open && account is not null && account != _account)
            {
                _pendingRow = true;
                Close();
                return true;
            }
            if (!_open)
            {
                _pendingRow = true;
                Open(account);
                return true;
            }
            _pendingRow = false;
            return Emit();
        }
    }

    /// <summary>Skips the lines before the header, resolves the columns; true when the current row is data.</summary>
    private bool ReadHead()
    {
        if (_skipped < _map.SkipLines)
        {
            _skipped++;
            return false;
        }
        if (_map.HasHeader && _header is null)
        {
            _header = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < _cells.Count; i++) _header.TryAdd(CellText(i)?.Trim() ?? "", i);
            Resolve();
            return false;
        }
        if (!_resolved) Resolve();
        _mode = Mode.Rows;
        return true;
    }

    private void Resolve()
    {
        _resolved = true;
        _bookingAt = Column(_map.BookingDate);
        _valueAt = Column(_map.ValueDate);
        _amountAt = Column(_map.Amount);
        _debitAt = Column(_map.Debit);
        _creditAt = Column(_map.Credit);
        _directionAt = Column(_map.Direction);
        _currencyAt = Column(_map.Currency);
        _accountAt = Column(_map.Account);
        _referenceAt = Column(_map.Reference);
        _bankReferenceAt = Column(_map.BankReference);
        _typeAt = Column(_map.Type);
        _reasonAt = Column(_map.ReturnReason);
        _balanceAt = Column(_map.Balance);
        _narrativeAt = [.. _map.Narrative.Select(Column)];
        if (_amountAt < 0 && _debitAt < 0 && _creditAt < 0) Missing("an amount");
        if (_bookingAt < 0 && _valueAt < 0) Missing("a date");

        void Missing(string what) => _refusal ??= new Finding(FindingCodes.ColumnMissing, Verdict.Reject, $"The profile's mapping names no column with {what} in this file.", _rowLine);
    }

    private int Column(string? name)
    {
        if (string.IsNullOrWhiteSpace(name)) return -1;
        if (_header is not null && _header.TryGetValue(name, out var found)) return found;
        if (_header is null && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0) return number - 1;
        _refusal ??= new Finding(FindingCodes.ColumnMissing, Verdict.Reject, $"The file has no column \"{name}\".", _rowLine);
        return -1;
    }

    /// <summary>Splits the next record into cells; null: more bytes are needed; false: no more rows.</summary>
    private bool? ReadRow()
    {
        var length = FindRecord();
        if (length is null) return null;
        if (length < 0) return false;
        var record = _buffer.AsSpan(_from, length.Value);
        if (_row.Length < record.Length) _row = new byte[record.Length * 2];
        _cells.Clear();
        _rowLength = 0;
        _rowLine = _line;
        var quoted = false;
        var start = 0;
        var quote = (byte)_map.Quote;
        var delimiter = (byte)_map.Delimiter;
        for (var i = 0; i < record.Length; i++)
        {
            var b = record[i];
            if (b == quote)
            {
                if (quoted && i + 1 < record.Length && record[i + 1] == quote)
                {
                    _row[_rowLength++] = quote;
                    i++;
                }
                else if (quoted || _rowLength == start)
                {
                    quoted = !quoted;
                }
                else
                {
                    _row[_rowLength++] = b;
                }
            }
            else if (b == delimiter && !quoted)
            {
                Cell();
            }
            else
            {
                if (b == '\n') _line++;
                _row[_rowLength++] = b;
            }
        }
        Cell();
        _from += length.Value;
        if (_from < _end && _buffer[_from] == '\r') _from++;
        if (_from < _end && _buffer[_from] == '\n') _from++;
        _line++;
        return true;

        void Cell()
        {
            var end = _rowLength;
            var from = start;
            while (from < end && _row[from] == ' ') from++;
            while (end > from && _row[end - 1] == ' ') end--;
            _cells.Add((from, end - from));
            start = _rowLength;
        }
    }

    /// <summary>Length of the next record without its line end; -1 at the end; null when it is not complete yet.</summary>
    private int? FindRecord()
    {
        var quoted = false;
        var quote = (byte)_map.Quote;
        for (var i = _from; i < _end; i++)
        {
            var b = _buffer[i];
            if (i - _from > Limits.LineBytes) return Long();
            if (b == quote) quoted = !quoted;
            else if (b == 0)
            {
                _refusal = new Finding(FindingCodes.Binary, Verdict.Reject, "The file holds NUL bytes.", _line);
                return -1;
            }
            else if (!quoted && b is (byte)'\n' or (byte)'\r')
            {
                if (quoted) continue;
                // CR LF must be seen together, or the next record would begin with an empty line.
                if (b == '\r' && i + 1 == _end && !_eof) return null;
                return i - _from;
            }
        }
        if (!_eof) return _end - _from > Limits.LineBytes ? Long() : null;
        return _from < _end ? _end - _from : -1;

        int Long()
        {
            _refusal = new Finding(FindingCodes.LineTooLong, Verdict.Reject, $"A row is longer than {Limits.LineBytes} bytes.", _line);
            return -1;
        }
    }

    private void Open(string? account)
    {
        _open = true;
        _account = account;
        _ordinal = 0;
        _firstRow = _lastRow = null;
        Tally.Reset();
        Statements++;
        _currency = CellText(_currencyAt)?.ToUpperInvariant() ?? _map.FixedCurrency;
        SetHeader(new StatementHeader
        {
            Format = StatementFormat.Csv,
            Index = Statements,
            Account = account,
            NormalisedAccount = account is null ? null : Profile.NormaliseAccount(account),
            Currency = _currency,
            MessageName = "csv",
            Line = _rowLine,
        });
        Event = StatementEvent.StatementStart;
    }

    private void Close()
    {
        _open = false;
        Balance? opening = null, closing = null;
        if (_firstRow is { } first && _lastRow is { } last)
        {
            // Running balances, oldest first or newest first: the order that adds up.
            var sum = Tally.Credits - Tally.Debits;
            var ascending = last.Balance - (first.Balance - first.Signed) == sum;
            var descending = first.Balance - (last.Balance - last.Signed) == sum;
            var (from, to) = !ascending && descending ? (last.Balance - last.Signed, first.Balance) : (first.Balance - first.Signed, last.Balance);
            opening = new Balance(from, _currency ?? "", null, false);
            closing = new Balance(to, _currency ?? "", null, false);
        }
        if (_account is null) Tally.Note(FindingCodes.NoAccount, Verdict.Reject, "The statement names no account.", Header.Line);
        EndStatement(opening, closing, null, null, _line - 1);
    }

    private bool Emit()
    {
        if (EntriesInFile >= Limits.EntriesPerFile)
        {
            _refusal = new Finding(FindingCodes.TooManyEntries, Verdict.Reject, $"The file holds more than {Limits.EntriesPerFile} entries.", _rowLine);
            Tally.Note(_refusal.Code, _refusal.Severity, _refusal.Message, _rowLine);
            Close();
            return true;
        }
        EntriesInFile++;
        var entry = Entry;
        entry.Begin(_row, Profile, Choose(_row.AsSpan(0, _rowLength)));
        entry.Ordinal = ++_ordinal;
        entry.Line = _rowLine;
        entry.Currency = CellText(_currencyAt)?.ToUpperInvariant() ?? _map.FixedCurrency;
        entry.AddRaw(0, _rowLength);
        entry.Reason = Read(entry);
        if (entry.Reason is null)
        {
            Tally.Add(entry);
            Event = StatementEvent.Entry;
        }
        else
        {
            Tally.AddBad(entry);
            Event = StatementEvent.BadEntry;
        }
        return true;
    }

    private string? Read(StatementEntry entry)
    {
        var booking = Date(_bookingAt);
        var value = Date(_valueAt);
        if (booking is null && value is null) return "the row has no date of the profile's form";
        entry.EntryDate = booking;
        entry.ValueDate = value ?? booking!.Value;
        decimal? signed = null;
        if (Number(_amountAt) is { } amount)
        {
            signed = amount;
            if (CellText(_directionAt) is { } word)
            {
                if (_map.DebitWords.Contains(word, StringComparer.OrdinalIgnoreCase)) signed = -Math.Abs(amount);
                else if (_map.CreditWords.Contains(word, StringComparer.OrdinalIgnoreCase)) signed = Math.Abs(amount);
                else return "the direction is unknown";
            }
            else if (_directionAt >= 0)
            {
                return "the direction is missing";
            }
        }
        else
        {
            var (debit, credit) = (Number(_debitAt), Number(_creditAt));
            if (debit is > 0 or < 0 && credit is > 0 or < 0) return "debit and credit are both filled";
            if (debit is not null and not 0) signed = -Math.Abs(debit.Value);
            else if (credit is not null) signed = Math.Abs(credit.Value);
            else if (debit is not null) signed = 0;
        }
        if (signed is null) return "the amount is missing or malformed";
        if (!Decimals.TrySplit(Math.Abs(signed.Value), out var units, out var scale)) return "the amount has too many digits";
        entry.SetAmount(units, scale);
        entry.Mark = signed < 0 ? EntryMark.Debit : EntryMark.Credit;
        if (scale > CurrencyFacts.Decimals(entry.Currency)) entry.Warnings |= EntryWarnings.TooManyDecimals;
        Put(EntryField.CustomerReference, _referenceAt);
        Put(EntryField.BankReference, _bankReferenceAt);
        Put(EntryField.Type, _typeAt);
        Put(EntryField.ReturnText, _reasonAt);
        foreach (var at in _narrativeAt)
        {
            if (at < 0 || at >= _cells.Count) continue;
            entry.AddNarrative(_cells[at].Start, _cells[at].Length);
        }
        if (Number(_balanceAt) is { } balance)
        {
            _firstRow ??= (balance, signed.Value);
            _lastRow = (balance, signed.Value);
        }
        return null;

        void Put(EntryField field, int at)
        {
            if (at >= 0 && at < _cells.Count && _cells[at].Length > 0) entry.Set(field, _cells[at].Start, _cells[at].Length);
        }
    }

    private DateOnly? Date(int at) =>
        CellText(at) is { } text && DateOnly.TryParseExact(text, _map.DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    private decimal? Number(int at)
    {
        if (CellText(at) is not { } text) return null;
        if (_map.GroupSeparator is { } group) text = text.Replace(group.ToString(), "", StringComparison.Ordinal);
        if (_map.DecimalSeparator != '.')
        {
            if (text.Contains('.', StringComparison.Ordinal)) return null;
            text = text.Replace(_map.DecimalSeparator, '.');
        }
        return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private string? CellText(int at)
    {
        if (at < 0 || at >= _cells.Count || _cells[at].Length == 0) return null;
        var bytes = _row.AsSpan(_cells[at].Start, _cells[at].Length);
        return (Utf8.IsValid(bytes) ? Encoding.UTF8 : FallbackEncoding).GetString(bytes);
    }

    private Encoding Choose(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes)) return Encoding.UTF8;
        if (Utf8.IsValid(bytes))
        {
            Tally.SawUtf8 = true;
            return Encoding.UTF8;
        }
        Tally.SawFallback = true;
        return FallbackEncoding;
    }
}
