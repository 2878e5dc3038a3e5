using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// What PostgreSQL itself takes in here and now: binary COPY, a commit for each batch, as many connections as the intake has clients,
/// into a table like the one of the lines, with three indexes. The rows are made before the clock runs, so that nobody waits for us.
/// </summary>
internal static class CopyCeiling
{
    private const int FewestRows = 20_000;
    private const int MostRows = 400_000;
    private const int Columns = 7;

    // The eleven bytes that begin a binary COPY, flags and the length of an extension.
    private static readonly byte[] Head = [.. "PGCOPY\n"u8, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static async Task<double> MeasureAsync(BenchDatabases databases, BenchPlan plan, CancellationToken cancellationToken)
    {
        await ExecuteAsync(databases, "drop schema if exists bench cascade", cancellationToken);
        await ExecuteAsync(databases, "create schema bench", cancellationToken);
        await ExecuteAsync(databases,
            """
            create table bench.line (
                seq bigint primary key, disbursement_id varchar not null unique, beneficiary_id varchar not null, beneficiary_name text, amount_in_cents bigint not null,
                narrative text, key bytea not null unique)
            """, cancellationToken);
        var rows = Math.Clamp(plan.Disbursements, FewestRows, MostRows);
        var size = Math.Min(plan.BatchSize, rows / plan.Clients);
        var batches = Enumerable.Range(0, rows / size).Select(batch => Batch(batch * size, size)).ToArray();
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref next) is var mine && mine < batches.Length)
                {
                    await using var connection = await databases.Source.OpenConnectionAsync(cancellationToken);
                    await using var copy = await connection.BeginRawBinaryCopyAsync(
                        "copy bench.line (seq, disbursement_id, beneficiary_id, beneficiary_name, amount_in_cents, narrative, key) from stdin (format binary)", cancellationToken);
                    await copy.WriteAsync(batches[mine], cancellationToken);
                }
            },
            cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await ExecuteAsync(databases, "drop schema bench cascade", cancellationToken);
        return batches.Length * size / seconds;
    }

    private static byte[] Batch(int first, int size)
    {
        using var text = new MemoryStream(size * 160);
        text.Write(Head);
        Span<byte> number = stackalloc byte[8];
        Span<byte> key = stackalloc byte[16];
        for (var i = first; i < first + size; i++)
        {
            BinaryPrimitives.WriteInt16BigEndian(number, Columns);
            text.Write(number[..2]);
            BinaryPrimitives.WriteInt64BigEndian(number, i);
            Field(text, number);
            Field(text, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"BENCH-CEILING-{i:D8}")));
            Field(text, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"BENCH{i:D8}")));
            Field(text, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Generated {i:D8}")));
            BinaryPrimitives.WriteInt64BigEndian(number, 1000);
            Field(text, number);
            Field(text, "Measurement"u8);
            // Without order, like a hash.
            BinaryPrimitives.WriteUInt64BigEndian(key, unchecked((ulong)i * 0x9e37_79b9_7f4a_7c15UL));
            BinaryPrimitives.WriteUInt64BigEndian(key[8..], (ulong)i);
            Field(text, key);
        }

        text.Write([0xff, 0xff]);
        return text.ToArray();
    }

    private static void Field(MemoryStream text, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        text.Write(length);
        text.Write(value);
    }

    private static async Task ExecuteAsync(BenchDatabases databases, string sql, CancellationToken cancellationToken)
    {
        await using var command = databases.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
