using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Modules.Access.Features;

/// <summary>
/// Stands before the beneficiary portal: 401 for everything but a token that holds, before a byte of the body is read. From here on
/// <see cref="CurrentBeneficiary"/> is the person in the token, and nobody else can be asked about.
/// </summary>
internal sealed class AdmitBeneficiary(
    RequestDelegate next, [FromKeyedServices(BeneficiaryPortalOptions.Section)] BearerTokens tokens, IOptions<BeneficiaryPortalOptions> options, IHostEnvironment environment)
{
    /// <summary>As the contract's servers answer it.</summary>
    private const string Code = "G2P-AUT-401";

    /// <summary>Characters of a <c>beneficiary_id</c>; a longer one is nobody's.</summary>
    private const int LongestId = 256;

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<SpeaksForBeneficiary>() is null)
        {
            await next(http);
            return;
        }

        if (await WhoAsync(http) is not { Length: > 0 and <= LongestId } id || id.Contains('\0', StringComparison.Ordinal))
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status401Unauthorized, Code, "Unauthorized. Sign in and send the bearer token in Authorization.");
            return;
        }

        http.RequestServices.GetRequiredService<CurrentBeneficiary>().Id = id;
        await next(http);
    }

    private async ValueTask<string?> WhoAsync(HttpContext http)
    {
        var settings = options.Value.Oidc;
        if (settings.Issuer is null && environment.IsDevelopment())
        {
            return http.Request.Headers[BeneficiaryPortalOptions.DevelopmentHeader];
        }

        return await tokens.ReadAsync(http.Request, http.RequestAborted) is { } claims ? claims.Text(settings.BeneficiaryClaim) : null;
    }
}
