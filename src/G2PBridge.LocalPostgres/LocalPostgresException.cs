namespace G2PBridge.LocalPostgres;

/// <summary>The private cluster could not be started or stopped. The message is one sentence that says why and what to do.</summary>
public class LocalPostgresException : Exception
{
    public LocalPostgresException()
    {
    }

    public LocalPostgresException(string message)
        : base(message)
    {
    }

    public LocalPostgresException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
