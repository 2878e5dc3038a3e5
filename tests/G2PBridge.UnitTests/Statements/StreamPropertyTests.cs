using System.Diagnostics;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>What must hold for any bytes and any way they arrive.</summary>
internal sealed class StreamPropertyTests
{
    private static readonly Lazy<List<(string Name, byte[] Bytes)>> Inputs = new(() =>
    {
        var files = Directory.GetFiles(StatementFiles.Samples(), "*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".sta", StringComparison.Ordinal) || f.EndsWith(".xml", StringComparison.Ordinal))
            .Where(f => new FileInfo(f).Length < 16_000).Order(StringComparer.Ordinal).ToList();
        if (StatementFiles.Corpus() is { } corpus)
        {
            foreach (var line in File.ReadLines(Path.Combine(corpus, "MANIFEST.tsv")).Skip(1))
            {
                var path = Path.Combine(corpus, line.Split('\t')[0]);
                if (File.Exists(path) && new FileInfo(path).Length < 40_000) files.Add(path);
            }
        }
        return [.. files.Select(f => (f, File.ReadAllBytes(f)))];
    });

    private static readonly BankProfile CsvProfile = CsvStatementTests.Profile();

    [Test]
    public async Task Any_split_of_the_bytes_gives_the_same_events()
    {
        foreach (var (name, bytes) in Inputs.Value)
        {
            var whole = (await StatementFiles.ReadBytesAsync(bytes)).Trace;
            foreach (var size in new[] { 1, 2, 3, 7, 61 })
            {
                var cut = await StatementFiles.ReadAsync(new ChoppedStream(bytes, () => size), limits: new ReaderLimits { BufferBytes = 64 });
                Assert.That(cut.Trace, Is.EqualTo(whole), $"{name} in pieces of {size}");
            }
        }
    }

    [FsCheck.NUnit.Property(MaxTest = 300)]
    public Property Any_random_split_gives_the_same_events() =>
        Prop.ForAll(Gen.Choose(0, Inputs.Value.Count - 1).Two().Select(t => t.Item1).ToArbitrary(), Gen.Choose(1, 97).ListOf(40).ToArbitrary(), (index, sizes) =>
        {
            var bytes = Inputs.Value[index].Bytes;
            var whole = StatementFiles.ReadBytesAsync(bytes).GetAwaiter().GetResult().Trace;
            var list = sizes.ToArray();
            var at = 0;
            var cut = StatementFiles.ReadAsync(new ChoppedStream(bytes, () => list[at++ % list.Length]), limits: new ReaderLimits { BufferBytes = 64 }).GetAwaiter().GetResult();
            return cut.Trace.SequenceEqual(whole);
        });

    /// <summary>A few thousand by default; STATEMENT_MUTATIONS asks for more.</summary>
    [Test]
    public async Task Mutated_files_neither_crash_nor_hang_nor_grow()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("STATEMENT_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 4000;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("STATEMENT_MUTATION_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var s) ? s : 20260619;
        var random = new Random(seed);
        var inputs = Inputs.Value;
        var profiles = BankProfile.ShippedNames.Select(StatementFiles.Profile).Append(CsvProfile).ToList();
        var slowest = TimeSpan.Zero;
        for (var i = 0; i < count; i++)
        {
            var (name, original) = inputs[random.Next(inputs.Count)];
            var bytes = Mutate(original, inputs[random.Next(inputs.Count)].Bytes, random);
            var profile = profiles[random.Next(profiles.Count)];
            var watch = Stopwatch.StartNew();
            try
            {
                var (starts, ends, fileEnds) = await CountAsync(bytes, profile);
                if ((starts, fileEnds) != (ends, 1)) throw new InvalidOperationException($"{starts} starts, {ends} ends, {fileEnds} file ends");
            }
            catch (Exception e)
            {
                var kept = Path.Combine(Path.GetTempPath(), $"statement-mutation-{seed}-{i}.bin");
                await File.WriteAllBytesAsync(kept, bytes);
                Assert.Fail($"{name}, kept as {kept}: {e}");
            }
            if (watch.Elapsed > slowest) slowest = watch.Elapsed;
            Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)), $"{name}, seed {seed}, round {i}");
        }
        await TestContext.Progress.WriteLineAsync($"{count.ToString(CultureInfo.InvariantCulture)} mutations, slowest {slowest.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture)} ms, {(GC.GetTotalMemory(true) / 1048576).ToString(CultureInfo.InvariantCulture)} MiB alive");
    }

    private static async Task<(int Starts, int Ends, int FileEnds)> CountAsync(byte[] bytes, BankProfile profile)
    {
        int starts = 0, ends = 0, fileEnds = 0;
        await using var reader = await StatementReader.OpenAsync(new MemoryStream(bytes), profile);
        while (await reader.ReadAsync())
        {
            switch (reader.Event)
            {
                case StatementEvent.StatementStart: starts++; break;
                case StatementEvent.StatementEnd: ends++; break;
                case StatementEvent.FileEnd: fileEnds++; break;
                case StatementEvent.Entry or StatementEvent.Detail or StatementEvent.BadEntry:
                    // Everything that is decoded lazily has to be asked for once.
                    var entry = reader.Entry;
                    _ = entry.Return;
                    _ = entry.Reference;
                    _ = entry.Beneficiary;
                    _ = entry.Fingerprint();
                    _ = entry.RawText();
                    _ = entry.NarrativeText();
                    break;
            }
        }
        return (starts, ends, fileEnds);
    }

    private static readonly byte[][] Seeds =
    [
        ":20:"u8.ToArray(), ":61:"u8.ToArray(), ":86:"u8.ToArray(), ":62F:"u8.ToArray(), ":60F:C260101USD1,"u8.ToArray(), "\r\n-\r\n"u8.ToArray(), "-}{1:"u8.ToArray(), "{4:"u8.ToArray(),
        "//"u8.ToArray(), ","u8.ToArray(), "."u8.ToArray(), "\0"u8.ToArray(), [0xFF], [0xC3], "<Ntry/>"u8.ToArray(), "<TxDtls>"u8.ToArray(), "</Ntry>"u8.ToArray(), "&amp;"u8.ToArray(),
        "<![CDATA[x]]>"u8.ToArray(), "999999999999999999999"u8.ToArray(), "RC"u8.ToArray(), "?20"u8.ToArray(), "/RTRN/AC04"u8.ToArray(), "\""u8.ToArray(), "\n:"u8.ToArray(), "-"u8.ToArray(),
    ];

    private static byte[] Mutate(byte[] original, byte[] other, Random random)
    {
        var bytes = new List<byte>(original);
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            var at = bytes.Count == 0 ? 0 : random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0 when bytes.Count > 0: bytes[at] = (byte)random.Next(256); break;
                case 1 when bytes.Count > 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, Seeds[random.Next(Seeds.Length)]); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at))); break;
                case 5 when other.Length > 0:
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(random.Next(1, 300), other.Length - from)).ToArray());
                    break;
                case 6: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }

    [Test]
    public async Task One_line_of_a_hundred_megabytes_is_refused_early()
    {
        foreach (var start in new[] { "", ":20:A\n:25:B\n:60F:C260101USD1,00\n:61:2601010101D1,00NTRFX\n:86:" })
        {
            var stream = new GeneratedStream(100_000_000, Encoding.ASCII.GetBytes(start), "ABCDEFGH"u8.ToArray());
            var before = GC.GetTotalAllocatedBytes(true);
            var result = await StatementFiles.ReadAsync(stream);
            Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject));
            Assert.That(result.File.Findings.Single().Code, Is.EqualTo(FindingCodes.LineTooLong));
            Assert.That(stream.Handed, Is.LessThan(1_000_000));
            Assert.That(GC.GetTotalAllocatedBytes(true) - before, Is.LessThan(8_000_000));
        }
    }

    [Test]
    public async Task A_file_of_two_gigabytes_is_read_with_flat_memory_or_refused_by_its_size()
    {
        var entry = ":61:2601020102D1,00NTRFG2P0000000000001//B\n:86:Text of the entry\n"u8.ToArray();
        var head = ":20:A\n:25:B\n:28C:1/1\n:60F:C260101USD1,00\n"u8.ToArray();
        var full = new GeneratedStream(64_000_000, head, entry);
        var before = GC.GetTotalAllocatedBytes(true);
        int entries = 0;
        await using (var reader = await StatementReader.OpenAsync(full))
        {
            while (await reader.ReadAsync())
                if (reader.Event == StatementEvent.Entry) entries++;
            Assert.That(reader.File.Verdict, Is.EqualTo(Verdict.Reject));      // no closing balance
        }
        Assert.That(entries, Is.GreaterThan(900_000));
        Assert.That(GC.GetTotalAllocatedBytes(true) - before, Is.LessThan(4_000_000));

        var large = new GeneratedStream(2_000_000_000, head, entry);
        var refused = await CountFileAsync(large, new ReaderLimits { FileBytes = 10_000_000 });
        Assert.That(refused.Findings.Single().Code, Is.EqualTo(FindingCodes.FileTooLarge));
        Assert.That(large.Handed, Is.LessThan(11_000_000));
    }

    [Test]
    public async Task Too_many_entries_are_refused()
    {
        var entry = ":61:2601020102D1,00NTRFX//B\n"u8.ToArray();
        var file = await CountFileAsync(new GeneratedStream(1_000_000, ":20:A\n:25:B\n:60F:C260101USD1,00\n"u8.ToArray(), entry), new ReaderLimits { EntriesPerFile = 1000 });
        Assert.That(file.Findings.Single().Code, Is.EqualTo(FindingCodes.TooManyEntries));
    }

    [Test]
    public async Task NUL_bytes_and_binary_data_are_refused()
    {
        var nul = await CountFileAsync(new GeneratedStream(2_000_000_000, [], new byte[64]), new ReaderLimits());
        Assert.That((nul.Verdict, nul.Findings.Single().Code), Is.EqualTo((Verdict.Reject, FindingCodes.Binary)));

        var late = await CountFileAsync(new GeneratedStream(2_000_000_000, Encoding.ASCII.GetBytes(":20:A\n:25:B\n" + new string('x', 8000) + "\n"), new byte[64]), new ReaderLimits());
        Assert.That((late.Verdict, late.Findings.Single().Code), Is.EqualTo((Verdict.Reject, FindingCodes.Binary)));

        var utf16 = await StatementFiles.ReadBytesAsync(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(":20:A\n:25:B\n")).ToArray());
        Assert.That(utf16.File.Findings.Single().Code, Is.EqualTo(FindingCodes.Binary));
    }

    [Test]
    public async Task Text_without_a_statement_is_given_up_after_a_mebibyte()
    {
        var stream = new GeneratedStream(2_000_000_000, [], "hello world\n"u8.ToArray());
        var file = await CountFileAsync(stream, new ReaderLimits());
        Assert.That((file.Verdict, file.Statements, file.Findings.Single().Code), Is.EqualTo((Verdict.Reject, 0, FindingCodes.NotAStatement)));
        Assert.That(stream.Handed, Is.LessThan(2_000_000));
    }

    [Test]
    public async Task A_text_of_more_than_two_hundred_lines_is_cut_and_the_entry_kept()
    {
        var text = new StringBuilder(":20:A\n:25:B\n:28C:1/1\n:60F:C260101USD5,00\n:61:2601020102D1,00NTRFX//B\n:86:LINE\n");
        for (var i = 0; i < 50_000; i++) text.Append("LINE\n");
        text.Append(":61:2601020102D2,00NTRFY//C\n:62F:C260102USD2,00\n");
        var result = await StatementFiles.ReadTextAsync(text.ToString());
        Assert.That(result.Entries.Select(e => e.Signed), Is.EqualTo(new[] { -1m, -2m }));
        Assert.That(result.Entries[0].Lines, Has.Length.EqualTo(200));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Warn));
    }

    private static async Task<FileSummary> CountFileAsync(Stream stream, ReaderLimits limits)
    {
        await using var reader = await StatementReader.OpenAsync(stream, null, limits);
        while (await reader.ReadAsync())
        {
        }
        return reader.File;
    }

    /// <summary>A start and then a pattern repeated to a length that is never held in memory.</summary>
    private sealed class GeneratedStream(long length, byte[] start, byte[] pattern) : Stream
    {
        public long Handed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => Handed;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var take = (int)Math.Min(buffer.Length, length - Handed);
            for (var i = 0; i < take;)
            {
                var at = Handed + i;
                ReadOnlySpan<byte> from = at < start.Length ? start.AsSpan((int)at) : pattern.AsSpan((int)((at - start.Length) % pattern.Length));
                var part = Math.Min(from.Length, take - i);
                from[..part].CopyTo(buffer[i..]);
                i += part;
            }
            Handed += take;
            return take;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
