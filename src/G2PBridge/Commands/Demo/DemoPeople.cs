using System.Globalization;
using CsvHelper;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.Commands.Demo;

/// <summary>One person of a demonstration.</summary>
/// <param name="IsLinked">Whether the mapper is told where this person's money goes; the file's scenario "missing_from_spar" says no.</param>
internal sealed record DemoPerson(string Id, string Name, string Account, string Branch, string Bank, string Mobile, string Email, decimal Amount, bool IsLinked);

/// <summary>Who is paid in a demonstration: the people of a CSV file, or as many as are asked for.</summary>
/// <param name="Source">Tells one demonstration from another, so that an interrupted one is carried on.</param>
internal sealed record DemoPeople(string Source, string Currency, IReadOnlyList<DemoPerson> People)
{
    private const string Missing = "missing_from_spar";

    private static readonly string[] Columns =
        ["beneficiary_id", "beneficiary_name", "account_number", "branch_code", "bank_code", "mobile", "email", "amount", "currency", "scenario"];

    public static string ShippedFile => Path.Combine(AppContext.BaseDirectory, "Samples", "beneficiaries.csv");

    public decimal Total => People.Sum(person => person.Amount);

    /// <exception cref="StartupRefusedException">The file cannot be used; the message names line, column and remedy.</exception>
    public static DemoPeople FromFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new StartupRefusedException($"There is no file '{path}'; give a CSV file with the columns {string.Join(", ", Columns)}.");
        }

        var people = new List<DemoPerson>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        string? currency = null;
        try
        {
            using var reader = CsvReader.FromFile(path, new CsvReaderOptions
            {
                TrimWhitespace = true,
                TrackLineNumbers = true,
                SkipEmptyLines = true,
                FieldCountMismatch = CsvFieldCountHandling.Throw,
            });
            reader.ReadHeader();
            if (Columns.Except(reader.Headers, StringComparer.Ordinal).ToList() is { Count: > 0 } absent)
            {
                throw new StartupRefusedException($"'{path}' lacks the column {string.Join(", ", absent)}; its first line must name {string.Join(", ", Columns)}.");
            }

            while (reader.Read())
            {
                var person = ReadPerson(reader, path);
                var unit = reader.GetString("currency");
                if (!CurrencyUnits.IsCurrencyCode(unit) || (currency ??= unit) != unit)
                {
                    throw At(reader, path, "currency", $"'{unit}' is not the one three-letter code of the file; pay one currency at a time");
                }

                if (!CurrencyUnits.Fits(person.Amount, unit) || person.Amount < 0)
                {
                    throw At(reader, path, "amount", $"{person.Amount.ToString(CultureInfo.InvariantCulture)} cannot be paid in {unit}; use at most {CurrencyUnits.DecimalsOf(unit)} decimals and no minus");
                }

                if (!ids.Add(person.Id))
                {
                    throw At(reader, path, "beneficiary_id", $"'{person.Id}' stands there twice; each person is paid once");
                }

                people.Add(person);
            }
        }
        catch (Exception exception) when (exception is CsvFormatException or IOException or UnauthorizedAccessException)
        {
            throw new StartupRefusedException($"'{path}' cannot be read ({exception.Message.Split('\n')[0].TrimEnd('.', '\r')}); give a CSV file with the columns {string.Join(", ", Columns)}.", exception);
        }

        return people.Count == 0
            ? throw new StartupRefusedException($"'{path}' names nobody; add at least one person.")
            : new DemoPeople($"file {Path.GetFullPath(path)} {people.Count} {people.Sum(person => person.Amount).ToString(CultureInfo.InvariantCulture)}", currency!, people);
    }

    /// <summary>Of every fifty people one is unknown to the mapper and four bank elsewhere.</summary>
    public static DemoPeople Generate(int count)
    {
        // The treasury of the example bank opens with 10,000,000; a demonstration takes at most a tenth of it.
        var amount = Math.Max(0.01m, decimal.Round(Math.Min(1000m, 1_000_000m / count), 2, MidpointRounding.ToZero));
        var people = new DemoPerson[count];
        for (var i = 0; i < count; i++)
        {
            var number = (i + 1).ToString("D7", CultureInfo.InvariantCulture);
            var bank = i % 50 is >= 10 and < 14 ? "OTHER-BANK" : "EXAMPLE-BANK";
            people[i] = new DemoPerson($"GEN_{number}", $"Generated {number}", $"GENACC{number}", "0001", bank, $"+9980{number}", $"gen{number}@example.org", amount, i % 50 != 25);
        }

        return new DemoPeople($"generated {count}", "USD", people);
    }

    private static DemoPerson ReadPerson(CsvReader reader, string path)
    {
        string Field(string column) => reader.GetString(column);
        var id = Field("beneficiary_id");
        if (id.Length == 0)
        {
            throw At(reader, path, "beneficiary_id", "nothing stands there; give everybody an id");
        }

        if (!decimal.TryParse(Field("amount"), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
        {
            throw At(reader, path, "amount", $"'{Field("amount")}' is not a number; write it like 1000 or 1000.50");
        }

        return new DemoPerson(
            id, Field("beneficiary_name"), Field("account_number"), Field("branch_code"), Field("bank_code"), Field("mobile"), Field("email"), amount,
            !Field("scenario").Equals(Missing, StringComparison.OrdinalIgnoreCase));
    }

    private static StartupRefusedException At(CsvReader reader, string path, string column, string problem) =>
        new($"'{path}', line {reader.LineNumber}, column {column}: {problem}.");
}
