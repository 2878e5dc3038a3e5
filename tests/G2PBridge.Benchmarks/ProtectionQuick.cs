using System.Globalization;
using System.Security.Cryptography;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Benchmarks;

/// <summary>What a financial address costs on its way into the database and out of it, in CPU time of one thread.</summary>
internal static class ProtectionQuick
{
    private const int Rows = 1_000_000;

    public static void Run()
    {
        var key = new DataKey(RandomNumberGenerator.GetBytes(DataKey.Length));
        var hash = new KeyedHash(RandomNumberGenerator.GetBytes(DataKey.Length));
        var (rows, fields) = (new byte[Rows][], new string?[9]);
        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var seal = Measure(i => rows[i] = SealedText.Seal(key, AddressStore.Sealed, RowKey.Of(i), ["BANK_ACCOUNT", "70041158823961", "EXAMPLE-BANK", "0001", null, null, null, null, "Zebulon Quixworth"]));
            var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / Rows;
            var open = Measure(i => SealedText.Open(key, AddressStore.Sealed, RowKey.Of(i), rows[i], fields));
            var fingerprint = Measure(i => AddressFingerprint.Of(hash, "BANK_ACCOUNT", "EXAMPLE-BANK", "70041158823961", null));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"protection              {seal:0.00} µs to encrypt, {open:0.00} µs to open, {fingerprint:0.00} µs for a fingerprint; {rows[0].Length} bytes stored, {allocated} allocated"));
        }
    }

    private static double Measure(Action<int> step)
    {
        var before = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Rows; i++)
        {
            step(i);
        }

        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Rows;
    }
}
