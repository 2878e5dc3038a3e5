namespace G2PBridge.Connectors;

/// <summary>
/// This call did not reach the bank, provably: no connection, or the bank's own "come back later". May be thrown by every method; any
/// other exception means that the outcome is not known. The bridge leaves the bank alone for <see cref="RetryAfter"/>.
/// </summary>
public sealed class BankUnavailableException : Exception
{
    public BankUnavailableException()
        : this("the bank cannot be reached")
    {
    }

    public BankUnavailableException(string message)
        : base(message)
    {
    }

    public BankUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    public BankUnavailableException(string message, TimeSpan? retryAfter)
        : base(message) => RetryAfter = retryAfter;

    /// <summary>How long the bank asked to be left alone; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; }
}
