using System.Security.Cryptography;
using G2PBridge.Platform.Protection;

namespace G2PBridge.UnitTests.Protection;

/// <summary>A ciphertext opens for its own row, column and table, under its own key, unchanged; and for nothing else.</summary>
internal sealed class SealedTextTests
{
    private static readonly SealedColumn Column = new("a.table", "sealed", ("id", "bigint"));
    private static readonly DataKey Key = new(RandomNumberGenerator.GetBytes(DataKey.Length));

    [Test]
    public void What_was_sealed_opens_with_every_field_as_it_was()
    {
        string?[] fields = ["BANK_ACCOUNT", null, "", "Ünïcödé Ångström 李", new string('x', 3_000)];
        var opened = new string?[fields.Length];
        SealedText.Open(Key, Column, RowKey.Of(7), SealedText.Seal(Key, Column, RowKey.Of(7), fields), opened);
        Assert.That(opened, Is.EqualTo(fields));
    }

    [Test]
    public void A_program_that_knows_more_or_fewer_fields_reads_those_that_it_knows()
    {
        var sealedText = SealedText.Seal(Key, Column, RowKey.Of(7), ["a", "b"]);
        var (more, fewer) = (new string?[] { "x", "x", "x" }, new string?[1]);
        SealedText.Open(Key, Column, RowKey.Of(7), sealedText, more);
        SealedText.Open(Key, Column, RowKey.Of(7), sealedText, fewer);
        Assert.That(more.Concat(fewer), Is.EqualTo(new[] { "a", "b", null, "a" }));
    }

    [Test]
    public void The_same_text_never_looks_the_same_and_shows_nothing_of_itself()
    {
        var all = Enumerable.Range(0, 10_000).Select(_ => Convert.ToHexString(SealedText.Seal(Key, Column, RowKey.Of(7), ["0123456789"]))).ToHashSet(StringComparer.Ordinal);
        Assert.That(all, Has.Count.EqualTo(10_000));
        Assert.That(all.Select(text => text[10..34]).Distinct().Count(), Is.EqualTo(10_000), "nonces");
        Assert.That(all.Where(text => text.Contains(Convert.ToHexString("0123456789"u8), StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Nonces_of_many_threads_are_all_different()
    {
        var nonces = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        Parallel.For(0, 20_000, i => nonces.TryAdd(Convert.ToHexString(SealedText.Seal(Key, Column, RowKey.Of(i), ["x"]).AsSpan(5, 12)), true));
        Assert.That(nonces, Has.Count.EqualTo(20_000));
    }

    [Test]
    public void It_does_not_open_for_another_row_column_table_or_key()
    {
        var sealedText = SealedText.Seal(Key, Column, RowKey.Of(7), ["0123456789"]);
        Assert.Multiple(() =>
        {
            Refuses(Key, Column, RowKey.Of(8), sealedText);
            Refuses(Key, Column, RowKey.Of(7, 0), sealedText);
            Refuses(Key, Column, RowKey.Of("7"), sealedText);
            Refuses(Key, new SealedColumn("a.table", "other", ("id", "bigint")), RowKey.Of(7), sealedText);
            Refuses(Key, new SealedColumn("b.table", "sealed", ("id", "bigint")), RowKey.Of(7), sealedText);
            Refuses(new DataKey(RandomNumberGenerator.GetBytes(DataKey.Length)), Column, RowKey.Of(7), sealedText);
        });
    }

    [Test]
    public void A_changed_bit_anywhere_is_noticed()
    {
        var sealedText = SealedText.Seal(Key, Column, RowKey.Of(7), ["0123456789"]);
        Assert.Multiple(() =>
        {
            // Version and key id say which key to take; everything after them is proved by the tag, and so are they.
            for (var i = 0; i < sealedText.Length; i++)
            {
                var changed = sealedText.ToArray();
                changed[i] ^= 1;
                Refuses(Key, Column, RowKey.Of(7), changed);
            }
        });
    }

    [Test]
    public void A_row_key_from_the_database_is_the_one_from_the_program()
    {
        var guid = Guid.CreateVersion7();
        Assert.That(
            new (RowKey, RowKey)[] { (RowKey.Of(5), RowKey.Of([5L])), (RowKey.Of(5, 6), RowKey.Of([5L, 6])), (RowKey.Of(guid, 3), RowKey.Of([guid, 3])), (RowKey.Of("é"), RowKey.Of(["é"])) }
                .Select(pair => Bytes(pair.Item1).AsSpan().SequenceEqual(Bytes(pair.Item2))),
            Is.All.True);
    }

    [Test]
    public void Keyed_hashes_differ_by_key_and_are_the_same_for_the_same()
    {
        var (a, b) = (new KeyedHash(RandomNumberGenerator.GetBytes(32)), new KeyedHash(RandomNumberGenerator.GetBytes(32)));
        Assert.Multiple(() =>
        {
            Assert.That(a.Of("0123456789"), Is.EqualTo(a.Of("0123456789"u8)));
            Assert.That(a.Of("0123456789"), Is.Not.EqualTo(b.Of("0123456789")).And.Not.EqualTo(a.Of("0123456788")));
            Assert.That(a.Of("0123456789").ToByteArray(bigEndian: true), Is.Not.EqualTo(SHA256.HashData("0123456789"u8)[..16]));
        });
    }

    private static byte[] Bytes(RowKey key)
    {
        var bytes = new byte[key.Length];
        key.Write(bytes);
        return bytes;
    }

    private static void Refuses(DataKey key, SealedColumn column, RowKey row, byte[] sealedText) =>
        Assert.That(() => SealedText.Open(key, column, row, sealedText, new string?[1]), Throws.TypeOf<SealedTextException>().With.Message.Not.Contain("0123456789"));
}
