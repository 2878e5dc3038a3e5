using System.Net;

namespace G2PBridge.Platform.Identity;

/// <summary>Who is at the other end of the connection itself, whatever forwarding headers say of those behind him.</summary>
internal sealed record PeerAddress(IPAddress? Address)
{
    /// <summary>Before anything reads a forwarding header.</summary>
    public static Task RememberAsync(HttpContext http, RequestDelegate next)
    {
        http.Features.Set(new PeerAddress(http.Connection.RemoteIpAddress));
        return next(http);
    }
}
