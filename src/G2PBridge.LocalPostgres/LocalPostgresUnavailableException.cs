namespace G2PBridge.LocalPostgres;

/// <summary>No PostgreSQL that can be used was found, and none could be fetched. The message names the ways to get one.</summary>
public sealed class LocalPostgresUnavailableException : LocalPostgresException
{
    public LocalPostgresUnavailableException()
    {
    }

    public LocalPostgresUnavailableException(string message)
        : base(message)
    {
    }

    public LocalPostgresUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
