using System.Globalization;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>What is laid out here is read back by the server and the driver, which know nothing of how it was written.</summary>
internal sealed class BinaryCopyTests : IntegrationTest
{
    [Test]
    public async Task Every_kind_of_value_comes_back_as_it_was()
    {
        await using var connection = await WithTableAsync("s smallint, i integer, l bigint, b boolean, t text, v varchar(40), n numeric, d date, z timestamptz, u uuid, y bytea, j jsonb, a uuid[]");
        var (guid, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var at = new DateTimeOffset(1969, 7, 20, 20, 17, 40, 123, TimeSpan.FromHours(3));
        await using (var copy = await BinaryCopy.BeginAsync(connection, "copy copied from stdin (format binary)", CancellationToken.None))
        {
            await copy.StartRowAsync(13, CancellationToken.None);
            copy.Write((short)-7);
            copy.Write(int.MinValue);
            copy.Write(long.MaxValue);
            copy.Write(true);
            copy.Write("ይህ 𝄞 \t\\N");
            copy.Write("");
            copy.Write(-12.50m);
            copy.Write(new DateOnly(1968, 2, 29));
            copy.Write(at);
            copy.Write(guid);
            copy.Write(new byte[] { 0, 255, 1 });
            copy.WriteJson("""{"b": 1.10, "a": [null]}"""u8);
            copy.Write([guid, other]);
            await copy.StartRowAsync(13, CancellationToken.None);
            copy.Write((short?)null);
            copy.Write((int?)null);
            copy.Write((long?)null);
            copy.WriteNull();
            copy.Write((string?)null);
            copy.WriteNull();
            copy.Write((decimal?)null);
            copy.Write((DateOnly?)null);
            copy.WriteNull();
            copy.WriteNull();
            copy.Write(ReadOnlySpan<byte>.Empty);
            copy.WriteNull();
            copy.Write(Array.Empty<Guid>());
            await copy.CompleteAsync(CancellationToken.None);
        }

        var rows = await connection.QueryAsync("select row_to_json(c)::text from copied c", [], reader => reader.GetString(0), CancellationToken.None);
        Assert.That(rows, Is.EqualTo(new[]
        {
            $$"""{"s":-7,"i":-2147483648,"l":9223372036854775807,"b":true,"t":"ይህ 𝄞 \t\\N","v":"","n":-12.50,"d":"1968-02-29","z":"1969-07-20T17:17:40.123+00:00","u":"{{guid}}","y":"\\x00ff01","j":{"a": [null], "b": 1.10},"a":["{{guid}}","{{other}}"]}""",
            """{"s":null,"i":null,"l":null,"b":null,"t":null,"v":null,"n":null,"d":null,"z":null,"u":null,"y":"\\x","j":null,"a":[]}""",
        }));
    }

    [Test]
    public async Task Numbers_keep_their_value_and_their_scale()
    {
        var random = new Random(20261120);
        List<decimal> numbers = [0m, 0.00m, -0.0m, 1m, 10_000m, 9_999m, 100_000_000m, 0.0001m, 0.00001m, 1.10m, decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, 79228162514264337593543950.335m];
        for (var i = 0; i < 20_000; i++)
        {
            var digits = random.Next(97);
            var mantissa = digits == 0 ? UInt128.Zero : new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()) & ((UInt128.One << digits) - 1);
            numbers.Add(new decimal((int)(uint)mantissa, (int)(uint)(mantissa >> 32), (int)(uint)(mantissa >> 64), random.Next(2) == 0, (byte)random.Next(29)));
        }

        await using var connection = await WithTableAsync("no integer, n numeric");
        await using (var copy = await BinaryCopy.BeginAsync(connection, "copy copied from stdin (format binary)", CancellationToken.None))
        {
            for (var i = 0; i < numbers.Count; i++)
            {
                await copy.StartRowAsync(2, CancellationToken.None);
                copy.Write(i);
                copy.Write(numbers[i]);
            }

            await copy.CompleteAsync(CancellationToken.None);
        }

        // As text, so that neither our reading nor the driver's hides what was stored.
        var stored = await connection.QueryAsync("select n::text from copied order by no", [], reader => reader.GetString(0), CancellationToken.None);
        // PostgreSQL knows no negative zero.
        Assert.That(stored, Is.EqualTo(numbers.Select(number => (number == 0 ? Math.Abs(number) : number).ToString(CultureInfo.InvariantCulture))));
    }

    [Test]
    public async Task A_value_larger_than_the_buffer_goes_through()
    {
        await using var connection = await WithTableAsync("no integer, t text");
        await using (var copy = await BinaryCopy.BeginAsync(connection, "copy copied from stdin (format binary)", CancellationToken.None))
        {
            for (var i = 0; i < 5; i++)
            {
                await copy.StartRowAsync(2, CancellationToken.None);
                copy.Write(i);
                copy.Write(new string((char)('a' + i), 100_000 * i));
            }

            await copy.CompleteAsync(CancellationToken.None);
        }

        var lengths = await connection.QueryAsync("select length(t), left(t, 1) from copied order by no", [], reader => (reader.GetInt32(0), reader.GetString(1)), CancellationToken.None);
        Assert.That(lengths, Is.EqualTo(new[] { (0, ""), (100_000, "b"), (200_000, "c"), (300_000, "d"), (400_000, "e") }));
    }

    [Test]
    public async Task What_is_not_completed_leaves_nothing_and_the_connection_usable()
    {
        await using var connection = await WithTableAsync("no integer");
        await using (var copy = await BinaryCopy.BeginAsync(connection, "copy copied from stdin (format binary)", CancellationToken.None))
        {
            await copy.StartRowAsync(1, CancellationToken.None);
            copy.Write(1);
        }

        Assert.That(await connection.QueryAsync("select count(*) from copied", [], reader => reader.GetInt64(0), CancellationToken.None), Is.EqualTo(new[] { 0L }));
    }

    [Test]
    public async Task What_the_server_refuses_is_thrown_with_its_constraint_and_the_connection_stays_usable()
    {
        await using var connection = await WithTableAsync("no integer constraint uq_no unique");
        var refused = Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var copy = await BinaryCopy.BeginAsync(connection, "copy copied from stdin (format binary)", CancellationToken.None);
            for (var i = 0; i < 2; i++)
            {
                await copy.StartRowAsync(1, CancellationToken.None);
                copy.Write(1);
            }

            await copy.CompleteAsync(CancellationToken.None);
        });
        Assert.That(refused!.ConstraintName, Is.EqualTo("uq_no"));
        Assert.That(await connection.QueryAsync("select count(*) from copied", [], reader => reader.GetInt64(0), CancellationToken.None), Is.EqualTo(new[] { 0L }));
    }

    /// <summary>A connection of its own, because a temporary table lives as long as one, and those of the pool are shared as they are.</summary>
    private static async Task<NpgsqlConnection> WithTableAsync(string columns)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(TestHost.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create temporary table copied ({columns})", connection);
        await create.ExecuteNonQueryAsync();
        return connection;
    }
}
