namespace G2PBridge.ChaosRunner.Fuzz;

/// <param name="Seed">Decides every request by its number alone, so that one can be made again.</param>
/// <param name="Only">Makes this request and no other, and shows it.</param>
internal sealed record FuzzSettings(int Requests, int Seed, int Clients, int SlowSenders, int? Only, bool Keep)
{
    public string? Problem =>
        Requests is < 1 or > 10_000_000 ? "--requests must be 1 to 10000000."
        : Clients is < 1 or > 64 ? "--clients must be 1 to 64."
        : SlowSenders is < 0 or > 1_000 ? "--slow must be 0 to 1000."
        : null;
}
