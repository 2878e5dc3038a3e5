using System.Globalization;

namespace G2PBridge.ChaosRunner;

/// <summary>What is to be done to the hosts.</summary>
/// <param name="MostTime">No blow falls after this.</param>
/// <param name="Patience">How long everything may take to end after the last blow.</param>
internal sealed record ChaosSettings(int Kills, int Lines, int Replicas, int Stops, int DatabaseRestarts, bool Honest, int Seed, TimeSpan MostTime, TimeSpan Patience, bool Keep)
{
    /// <summary>The longest an order may take; a host that is stopped for longer than twice this has lost its leases.</summary>
    public static TimeSpan CallTimeout { get; } = TimeSpan.FromSeconds(2);

    public static TimeSpan Lease { get; } = CallTimeout * 2;

    public string? Problem =>
        Kills < 0 || Stops < 0 || DatabaseRestarts < 0 ? "--kills, --stops and --database-restarts cannot be below zero."
        : Lines is < 1 or > 100_000 ? "--lines must be 1 to 100000."
        : Replicas is < 1 or > 20 ? "--replicas must be 1 to 20."
        : null;

    /// <summary>So small that the orders last as long as the blows do.</summary>
    public int ChunkSize => Math.Max(1, Lines / (50 + (Kills * 12)));

    /// <summary>A bank that does most things right, and each thing wrong now and then.</summary>
    public string BankFaults => string.Create(CultureInfo.InvariantCulture,
        $$"""
        [
          {"kind":"timeout-after-accepting","endpoint":"initiate_payment","share":0.04,"seed":{{Seed}},"delay_ms":4000},
          {"kind":"timeout-before","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 1}},"delay_ms":4000},
          {"kind":"reset-mid-answer","endpoint":"initiate_payment","share":0.04,"seed":{{Seed + 2}}},
          {"kind":"http-5xx","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 3}},"perform":true},
          {"kind":"http-5xx","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 4}},"perform":false},
          {"kind":"garbage-200","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 5}}},
          {"kind":"slow-drip","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 6}},"delay_ms":3000},
          {"kind":"too-many-requests","endpoint":"initiate_payment","share":0.03,"seed":{{Seed + 7}},"retry_after_seconds":1},
          {"kind":"garbage-200","endpoint":"inquire_payments","share":0.1,"seed":{{Seed + 8}}},
          {"kind":"timeout-after-accepting","endpoint":"block_funds","count":1,"delay_ms":4000},
          {"kind":"refuse-line","share":0.01,"seed":{{Seed + 9}},"reason":"ACCOUNT_CLOSED"},
          {"kind":"inquiry-not-found-first","share":0.3,"seed":{{Seed + 10}},"times":1},
          {"kind":"slow","endpoint":"initiate_payment","share":0.7,"seed":{{Seed + 11}},"delay_ms":300}
        ]
        """);

    public string MapperFaults => string.Create(CultureInfo.InvariantCulture,
        $$"""[{"kind":"http-5xx","endpoint":"resolve","share":0.1,"seed":{{Seed}}},{"kind":"partial-answer","share":0.05,"seed":{{Seed + 1}}}]""");
}

/// <summary>The run could not take place; the message says why.</summary>
internal sealed class NotRunnableException(string message) : Exception(message);
