using System.Buffers;
using System.Globalization;
using System.Text;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Statements;

/// <summary>
/// Writes a statement as MT940 text straight from the ledger to a stream: memory stays flat whatever the number of entries,
/// and the same statement always gives the same bytes.
/// </summary>
internal sealed class StatementWriter(SimulatorsDatabase database)
{
    private const int FlushAt = 64 * 1024;
    private const int CustomerReferenceLength = 16;

    private sealed record Cover(
        long Id, string Account, string Currency, int Number, decimal Opening, decimal Closing, DateTimeOffset CreatedAt,
        long AccountId, long AfterEntry, long LastEntry);

    /// <returns>Whether the statement exists.</returns>
    public async Task<bool> WriteAsync(long statementId, Stream output, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        if (await CoverAsync(statementId, connection, ct) is not { } cover)
            return false;

        var text = new ArrayBufferWriter<byte>(FlushAt * 2);
        Line(text, string.Create(CultureInfo.InvariantCulture, $":20:{cover.Id}\n:25:{cover.Account}\n:28C:{cover.Number}/1\n"));
        Balance(text, ":60F:", cover.Opening, cover);
        await using var entries = connection.Command(
            """
            select l.mark, l.amount, l.id, l.booked_at, l.reason, p.reference, p.narratives
            from example_bank.ledger l join example_bank.payments p on p.batch_id = l.batch_id and p.line = l.line
            where l.account_id = $1 and l.id > $2 and l.id <= $3 order by l.id
            """,
            cover.AccountId, cover.AfterEntry, cover.LastEntry);
        entries.CommandTimeout = 0;
        await using var reader = await entries.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            Entry(text, reader);
            if (text.WrittenCount < FlushAt)
                continue;
            await output.WriteAsync(text.WrittenMemory, ct);
            text.ResetWrittenCount();
        }

        Balance(text, ":62F:", cover.Closing, cover);
        await output.WriteAsync(text.WrittenMemory, ct);
        return true;
    }

    /// <summary>At least two decimals; more only where the currency was paid with more.</summary>
    internal static string Mt940Amount(decimal amount)
    {
        var shortest = amount / 1.0000000000000000000000000000m;
        return shortest.ToString(shortest.Scale switch { <= 2 => "0.00", 3 => "0.000", _ => "0.0000" }, CultureInfo.InvariantCulture).Replace('.', ',');
    }

    private static async Task<Cover?> CoverAsync(long statementId, NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.ListAsync(
            """
            select s.id, a.number, a.currency, s.number, s.opening, s.closing, s.created_at, s.account_id, s.after_entry, s.last_entry
            from example_bank.statements s join example_bank.accounts a on a.id = s.account_id where s.id = $1
            """,
            r => new Cover(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetInt32(3), r.GetDecimal(4), r.GetDecimal(5),
                r.GetFieldValue<DateTimeOffset>(6), r.GetInt64(7), r.GetInt64(8), r.GetInt64(9)),
            ct, statementId)).FirstOrDefault();

    private static void Balance(ArrayBufferWriter<byte> text, string tag, decimal balance, Cover cover) =>
        Line(text, string.Create(
            CultureInfo.InvariantCulture,
            $"{tag}{(balance < 0 ? 'D' : 'C')}{cover.CreatedAt:yyMMdd}{cover.Currency}{Mt940Amount(Math.Abs(balance))}\n"));

    private static void Entry(ArrayBufferWriter<byte> text, NpgsqlDataReader row)
    {
        var mark = row.GetString(0);
        var booked = row.GetFieldValue<DateTimeOffset>(3);
        var reference = row.GetString(5).AsSpan();
        reference = reference[..Math.Min(reference.Length, CustomerReferenceLength)];
        Line(text, string.Create(
            CultureInfo.InvariantCulture,
            $":61:{booked:yyMMddMMdd}{mark}{Mt940Amount(row.GetDecimal(1)).PadLeft(15, '0')}NTRF{reference}//EB{row.GetInt64(2):D14}\n:86:"));
        var narratives = row.GetString(6).AsSpan();
        // A return tells its reason in the sixth line.
        Encoding.UTF8.GetBytes(row.IsDBNull(4) ? narratives : string.Concat(narratives[..(narratives.LastIndexOf('\n') + 1)], row.GetString(4)), text);
        text.Write("\n"u8);
    }

    private static void Line(ArrayBufferWriter<byte> text, string line) => Encoding.UTF8.GetBytes(line, text);
}
