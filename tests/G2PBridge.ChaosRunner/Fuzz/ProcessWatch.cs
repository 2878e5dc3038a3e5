using System.Globalization;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>Memory and handles of a process over time, from /proc.</summary>
internal sealed class ProcessWatch(int processId)
{
    private readonly List<double> _memory = [];

    /// <summary>Resident memory in MiB.</summary>
    public void Look()
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        _memory.Add(double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024);
    }

    public int Handles => Directory.GetFiles($"/proc/{processId}/fd").Length;

    public double Most => _memory.Max();

    /// <summary>The middle of one quarter of the time, 0 to 3.</summary>
    public double Quarter(int number)
    {
        var part = _memory.Skip(_memory.Count * number / 4).Take(Math.Max(1, _memory.Count / 4)).Order().ToList();
        return part[part.Count / 2];
    }
}
