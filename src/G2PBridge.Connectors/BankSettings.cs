namespace G2PBridge.Connectors;

/// <summary>
/// What a connector is made from: a public constructor that takes this alone. It is called once per sponsor bank, when the host starts;
/// what it throws stops the start. Registries, directories and notification channels are made from it too.
/// </summary>
/// <param name="BankCode">The sponsor bank code, or the name of the registry, directory or channel, under which it is configured.</param>
/// <param name="Values">
/// Everything below <c>SponsorBanks:Banks:CODE</c>, names in any case, nested names joined by colons. Secrets come from the environment.
/// </param>
/// <param name="Clock">The host's clock, for whatever a connector does by time.</param>
public sealed record BankSettings(string BankCode, IReadOnlyDictionary<string, string> Values, TimeProvider Clock)
{
    /// <summary>The value under this name; null when it is missing or blank.</summary>
    public string? Find(string name) => Values.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>The value under this name.</summary>
    /// <exception cref="BankSettingsException">It is missing or blank.</exception>
    public string Required(string name) => Find(name) ?? throw new BankSettingsException($"{name} is missing.");
}

/// <summary>A setting cannot be used. The start is refused with the bank's section and this sentence.</summary>
public sealed class BankSettingsException : Exception
{
    public BankSettingsException()
    {
    }

    public BankSettingsException(string message)
        : base(message)
    {
    }

    public BankSettingsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
