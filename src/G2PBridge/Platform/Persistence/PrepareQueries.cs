using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace G2PBridge.Platform.Persistence;

/// <summary>Prepares what contexts read, as <see cref="SqlStatements"/> does for the rest. Migrations come as commands without an answer, and are left alone.</summary>
internal sealed class PrepareQueries : DbCommandInterceptor
{
    public static PrepareQueries Instance { get; } = new();

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        await command.PrepareAsync(cancellationToken);
        return result;
    }
}
