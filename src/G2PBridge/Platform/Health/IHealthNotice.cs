namespace G2PBridge.Platform.Health;

/// <summary>Something an administrator must not forget, told in every answer about the host's health for as long as it holds.</summary>
internal interface IHealthNotice
{
    /// <summary>One sentence, or null when there is nothing to say.</summary>
    string? Notice { get; }
}
