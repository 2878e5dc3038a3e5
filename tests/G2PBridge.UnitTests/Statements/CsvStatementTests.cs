using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

internal sealed class CsvStatementTests
{
    internal static BankProfile Profile() => new()
    {
        Name = "csv-bank",
        References = [new() { Place = ReferencePlace.CustomerReference }],
        Csv = new CsvMapping
        {
            Delimiter = ';',
            SkipLines = 1,
            DateFormat = "dd.MM.yyyy",
            DecimalSeparator = ',',
            GroupSeparator = '.',
            BookingDate = "Booked",
            ValueDate = "Value",
            Amount = "Amount",
            Currency = "Ccy",
            Account = "Account",
            Reference = "Reference",
            BankReference = "Bank ref",
            ReturnReason = "Return",
            Balance = "Balance",
            Narrative = ["Text"],
        },
    };

    private const string Head = "Bank export\r\nBooked;Value;Amount;Ccy;Account;Reference;Bank ref;Return;Balance;Text\r\n";

    [Test]
    public async Task Rows_become_entries_and_running_balances_are_checked()
    {
        var result = await StatementFiles.ReadTextAsync(
            Head + "02.01.2026;03.01.2026;-1.025,50;USD;ACC1;G2P0000000000001;B1;;98.974,50;\"first; with \"\"quotes\"\"\"\r\n" +
            "02.01.2026;02.01.2026;25,50;USD;ACC1;G2P0000000000002;B2;ACCOUNT_CLOSED;99.000,00;back", Profile());

        var s = result.Statements.Single();
        Assert.That((s.Header.Account, s.Opening!.Amount, s.Closing!.Amount, s.Credits, s.Debits, s.Difference, s.Verdict),
            Is.EqualTo(("ACC1", 100000m, 99000m, 25.50m, 1025.50m, 0m, Verdict.Accept)), string.Join('\n', result.Trace));
        var first = result.Entries[0];
        Assert.That((first.Signed, first.ValueDate, first.EntryDate, first.Narrative, first.Reference!.Value.Value, first.BankReference),
            Is.EqualTo((-1025.50m, new DateOnly(2026, 1, 3), (DateOnly?)new DateOnly(2026, 1, 2), "first; with \"quotes\"", "G2P0000000000001", "B1")));
        Assert.That(result.Entries[1].Return, Is.EqualTo(new ReturnSignal(ReturnKind.ReasonGiven, "ACCOUNT_CLOSED", "AC04")));
    }

    [Test]
    public async Task Newest_first_is_read_as_well_as_oldest_first()
    {
        var result = await StatementFiles.ReadTextAsync(
            Head + "02.01.2026;02.01.2026;-10,00;USD;ACC1;R2;B2;;70,00;b\n02.01.2026;02.01.2026;-20,00;USD;ACC1;R1;B1;;80,00;a\n", Profile());
        Assert.That((result.Statements.Single().Opening!.Amount, result.Statements.Single().Closing!.Amount, result.Verdict), Is.EqualTo((100m, 70m, Verdict.Accept)));
    }

    [Test]
    public async Task An_unreadable_row_is_kept_with_its_reason_and_the_statement_rejected()
    {
        var result = await StatementFiles.ReadTextAsync(Head + "2026-01-02;;1,00;USD;ACC1;R;B;;;x\n02.01.2026;;1.5.5x;USD;ACC1;R;B;;;y\n02.01.2026;;1,00;USD;ACC1;R;B;;;z\n", Profile());
        Assert.That(result.Bad.Select(b => b.Reason), Is.EqualTo(new[] { "the row has no date of the profile's form", "the amount is missing or malformed" }));
        Assert.That(result.Entries, Has.Count.EqualTo(1));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject));
    }

    [Test]
    public async Task Each_account_is_a_statement_of_its_own()
    {
        var result = await StatementFiles.ReadTextAsync(Head + "02.01.2026;;1,00;USD;ACC1;R;B;;;x\n02.01.2026;;2,00;USD;ACC2;R;B;;;y\n", Profile());
        Assert.That(result.Statements.Select(s => (s.Header.Account, s.Credits)), Is.EqualTo(new[] { ("ACC1", 1m), ("ACC2", 2m) }));
    }

    [Test]
    public async Task A_missing_column_is_named()
    {
        var result = await StatementFiles.ReadTextAsync("Bank export\nBooked;Amount\n02.01.2026;1,00\n", Profile());
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject));
        Assert.That(result.File.Findings.Single().Message, Does.Contain("\"Value\""));
    }
}
