using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Protection;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>A run of entries, and the statements that ended in it.</summary>
internal sealed record StagedSet(IReadOnlyList<ReadEntry> Entries, IReadOnlyList<StatementRow> Statements);

/// <summary>Writes sets by binary COPY inside the booking's transaction; about 8 µs an entry with the primary key as the only full index.</summary>
internal static class StagedSets
{
    public static async Task WriteAsync(NpgsqlConnection connection, Sealer sealer, long file, StagedSet set, CancellationToken cancellationToken)
    {
        if (set.Entries.Count > 0)
        {
            await WriteEntriesAsync(connection, sealer, file, set.Entries, cancellationToken);
        }

        if (set.Statements.Count > 0)
        {
            await WriteStatementsAsync(connection, set.Statements, cancellationToken);
        }
    }

    private static async Task WriteEntriesAsync(NpgsqlConnection connection, Sealer sealer, long file, IReadOnlyList<ReadEntry> entries, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            """
            copy reconciliation.entry (file, no, statement, ordinal, detail_ordinal, kind, mark, type, value_date, entry_date, amount, currency, line, generation, envelope,
                problem, cause, detail, reference_keys, bank_reference, reason_code, sealed, fingerprint, tell, file_line) from stdin (format binary)
            """, cancellationToken);
        foreach (var entry in entries)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(file, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(entry.No, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(entry.Statement, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(entry.Ordinal, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(entry.DetailOrdinal, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync((short)entry.Kind, NpgsqlDbType.Smallint, cancellationToken);
            await WriteTextAsync(copy, entry.Mark, cancellationToken);
            await WriteTextAsync(copy, entry.Type, cancellationToken);
            await WriteValueAsync(copy, entry.ValueDate, NpgsqlDbType.Date, cancellationToken);
            await WriteValueAsync(copy, entry.EntryDate, NpgsqlDbType.Date, cancellationToken);
            await WriteValueAsync(copy, entry.Amount, NpgsqlDbType.Numeric, cancellationToken);
            await WriteTextAsync(copy, entry.Currency, cancellationToken);
            await WriteValueAsync(copy, entry.Ours?.Line, NpgsqlDbType.Bigint, cancellationToken);
            await WriteValueAsync(copy, (short?)entry.Ours?.Generation, NpgsqlDbType.Smallint, cancellationToken);
            await WriteValueAsync(copy, entry.Envelope, NpgsqlDbType.Integer, cancellationToken);
            await WriteTextAsync(copy, entry.Problem, cancellationToken);
            await WriteTextAsync(copy, entry.Cause, cancellationToken);
            await WriteTextAsync(copy, entry.Detail, cancellationToken);
            if (entry.ReferenceKeys is null)
            {
                await copy.WriteNullAsync(cancellationToken);
            }
            else
            {
                await copy.WriteAsync(entry.ReferenceKeys, NpgsqlDbType.Array | NpgsqlDbType.Uuid, cancellationToken);
            }

            await WriteTextAsync(copy, EntryTexts.IsPlain(entry) ? entry.BankReference : null, cancellationToken);
            await WriteTextAsync(copy, entry.ReasonCode, cancellationToken);
            if (EntryTexts.Seal(sealer, file, entry) is { } texts)
            {
                await copy.WriteAsync(texts, NpgsqlDbType.Bytea, cancellationToken);
            }
            else
            {
                await copy.WriteNullAsync(cancellationToken);
            }

            await copy.WriteAsync(entry.Fingerprint, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(entry.Tell, NpgsqlDbType.Boolean, cancellationToken);
            await copy.WriteAsync(entry.FileLine, NpgsqlDbType.Bigint, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task WriteStatementsAsync(NpgsqlConnection connection, IReadOnlyList<StatementRow> statements, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            """
            copy reconciliation.statement (file, no, state, format, account, sponsor_account, reference, number, sequence, currency, opening, opening_date, opening_intermediate,
                closing, closing_date, closing_intermediate, entries, bad_entries, credits, debits, verdict, findings, content_fingerprint, bookings_fingerprint)
            from stdin (format binary)
            """, cancellationToken);
        foreach (var statement in statements)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(statement.File, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(statement.No, NpgsqlDbType.Integer, cancellationToken);
            await WriteTextAsync(copy, statement.State.ToString(), cancellationToken);
            await WriteTextAsync(copy, statement.Format, cancellationToken);
            await WriteTextAsync(copy, statement.Account, cancellationToken);
            await WriteTextAsync(copy, statement.SponsorAccount, cancellationToken);
            await WriteTextAsync(copy, statement.Reference, cancellationToken);
            await WriteTextAsync(copy, statement.Number, cancellationToken);
            await WriteTextAsync(copy, statement.Sequence, cancellationToken);
            await WriteTextAsync(copy, statement.Currency, cancellationToken);
            await WriteValueAsync(copy, statement.Opening, NpgsqlDbType.Numeric, cancellationToken);
            await WriteValueAsync(copy, statement.OpeningDate, NpgsqlDbType.Date, cancellationToken);
            await WriteValueAsync(copy, statement.OpeningIntermediate, NpgsqlDbType.Boolean, cancellationToken);
            await WriteValueAsync(copy, statement.Closing, NpgsqlDbType.Numeric, cancellationToken);
            await WriteValueAsync(copy, statement.ClosingDate, NpgsqlDbType.Date, cancellationToken);
            await WriteValueAsync(copy, statement.ClosingIntermediate, NpgsqlDbType.Boolean, cancellationToken);
            await copy.WriteAsync(statement.Entries, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(statement.BadEntries, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(statement.Credits, NpgsqlDbType.Numeric, cancellationToken);
            await copy.WriteAsync(statement.Debits, NpgsqlDbType.Numeric, cancellationToken);
            await WriteTextAsync(copy, statement.Verdict, cancellationToken);
            await copy.WriteAsync(statement.Findings, NpgsqlDbType.Jsonb, cancellationToken);
            await WriteTextAsync(copy, statement.ContentFingerprint, cancellationToken);
            await WriteTextAsync(copy, statement.BookingsFingerprint, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static Task WriteTextAsync(NpgsqlBinaryImporter copy, string? value, CancellationToken cancellationToken) =>
        value is null ? copy.WriteNullAsync(cancellationToken) : copy.WriteAsync(value, NpgsqlDbType.Text, cancellationToken);

    private static Task WriteValueAsync<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct =>
        value is { } present ? copy.WriteAsync(present, type, cancellationToken) : copy.WriteNullAsync(cancellationToken);
}
