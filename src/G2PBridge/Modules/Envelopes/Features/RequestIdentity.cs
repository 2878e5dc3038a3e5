using System.Security.Cryptography;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// Who asks, under which id, and with what. Repeating a request gives the first answer; another body under the same id is
/// refused. A refused request leaves nothing behind, so it may be corrected and sent again under its id.
/// </summary>
internal sealed record RequestIdentity(string Sender, string RequestId, string Endpoint, byte[] BodyHash, bool IsNamed, AccessScope? Scope = null)
{
    public const string Constraint = "pk_request";

    public static readonly Refusal Reused = new(
        PartnerCodes.RequestIdReused, "This request_id was used before with another content; give every new request an id of its own.", RefusalKind.Conflict);

    public static RequestIdentity Of(PartnerRequest request, string endpoint) =>
        new(request.Sender, request.RequestId, endpoint, request.BodyHash, request.NamesItsRequests, request.Scope);

    /// <summary>Null when the sender may act for this programme.</summary>
    public Refusal? RefuseProgramme(string? programme) => Scope?.Refuse(programme);

    public async Task<AnsweredRequest?> FindAsync(EnvelopesDbContext db, CancellationToken cancellationToken) => IsNamed
        ? await db.Requests.AsNoTracking().SingleOrDefaultAsync(request => request.Sender == Sender && request.RequestId == RequestId, cancellationToken)
        : null;

    public bool IsSameAs(AnsweredRequest earlier) =>
        earlier.Endpoint == Endpoint && CryptographicOperations.FixedTimeEquals(earlier.BodyHash, BodyHash);

    public void Remember(EnvelopesDbContext db, DateTimeOffset at, string[]? givenIds = null)
    {
        if (IsNamed)
        {
            db.Requests.Add(new AnsweredRequest { Sender = Sender, RequestId = RequestId, Endpoint = Endpoint, BodyHash = BodyHash, AnsweredAt = at, GivenIds = givenIds });
        }
    }

    /// <summary>The same in the transaction of <paramref name="connection"/>; a concurrent repetition waits here for the first.</summary>
    public async Task RememberAsync(NpgsqlConnection connection, DateTimeOffset at, string[]? givenIds, CancellationToken cancellationToken)
    {
        if (!IsNamed)
        {
            return;
        }

        await using var insert = new NpgsqlCommand(
            "insert into envelopes.request (sender, request_id, endpoint, body_hash, answered_at, given_ids) values ($1, $2, $3, $4, $5, $6)", connection)
        {
            Parameters =
            {
                new() { Value = Sender }, new() { Value = RequestId }, new() { Value = Endpoint }, new() { Value = BodyHash }, new() { Value = at },
                new() { Value = (object?)givenIds ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            },
        };
        await insert.PrepareAsync(cancellationToken);
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }
}
