using G2PBridge.Modules.Access.Contracts;
using G2PBridge.Modules.Access.Features;
using G2PBridge.Modules.Access.Keys;
using G2PBridge.Modules.Access.Persistence;
using G2PBridge.Modules.Access.Signing;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Health;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>Knows who calls, and lets in who may.</summary>
internal static class AccessModule
{
    public const string Schema = "access";
    public const string Forget = "forget-signatures";

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddModuleDbContext<AccessDbContext>(Schema);
        services.AddOptions<PartnerSignatureOptions>().BindConfiguration(PartnerSignatureOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<PartnerSignatureOptions>, PartnerSignatureValidation>();
        services.AddHttpClient(PartnerManagement.Client).RemoveAllLoggers();
        services.AddSingleton<IPartnerKeySource, ConfiguredKeys>();
        services.AddSingleton<IPartnerKeySource, KeyFolder>();
        services.AddSingleton<IPartnerKeySource, PartnerManagement>();
        services.AddSingleton<PartnerKeys>();
        services.AddSingleton<SeenSignatures>();
        services.AddSingleton<IHealthNotice, UnsignedRequestsNotice>();
        services.AddSingleton<IPartnerGate, AdmitPartnerRequest>();
        services.AddOptions<OperatorAccessOptions>().BindConfiguration(OperatorAccessOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<OperatorAccessOptions>, OperatorAccessValidation>();
        services.AddSingleton<IHealthNotice, UnknownCallersNotice>();
        services.AddHttpClient(TokenServerKeys.Client).RemoveAllLoggers();
        services.AddTokenServer(OperatorAccessOptions.Section, provider => provider.GetRequiredService<IOptions<OperatorAccessOptions>>().Value.Oidc);
        services.AddSingleton<IValidateOptions<OperatorAccessOptions>, StatementSenderValidation>();
        services.AddSingleton<SignedUploads>();
        services.AddSingleton<ClientCertificates>();
        services.AddOptions<KestrelServerOptions>().Configure<IConfiguration>(AskForCertificates);
        services.AddSingleton<RecogniseCaller>();
        services.AddOptions<BeneficiaryPortalOptions>().BindConfiguration(BeneficiaryPortalOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<BeneficiaryPortalOptions>, BeneficiaryPortalValidation>();
        services.AddTokenServer(BeneficiaryPortalOptions.Section, provider => provider.GetRequiredService<IOptions<BeneficiaryPortalOptions>>().Value.Oidc);
        services.AddScoped<CurrentBeneficiary>();
        services.AddOptions<SigningOptions>().BindConfiguration(SigningOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SigningOptions>, SigningValidation>();
        services.AddSingleton<BridgeSigner>();
        services.AddSingleton<IBridgeSigner>(provider => provider.GetRequiredService<BridgeSigner>());
        services.AddPollingJob(_ => new PollingJobDescription(Forget, Schema, TimeSpan.FromMinutes(1), 1, () => new ForgetSignatures.Command()));
        return services;
    }

    /// <summary>
    /// Where we end TLS ourselves, any certificate is taken in the handshake, and judged by the settings afterwards. The server is put together before the settings
    /// are checked, so that they are only counted here.
    /// </summary>
    private static void AskForCertificates(KestrelServerOptions kestrel, IConfiguration configuration)
    {
        if (configuration.GetSection($"{OperatorAccessOptions.Section}:{nameof(OperatorAccessOptions.Certificates)}").GetChildren().Any())
        {
            kestrel.ConfigureHttpsDefaults(https =>
            {
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            });
        }
    }

    public static void MapAccess(this IEndpointRouteBuilder routes) => PublishKeys.Map(routes);

    /// <summary>Stands before all routes; the routes themselves are mapped afterwards.</summary>
    public static void UseAccess(this WebApplication web)
    {
        web.UseMiddleware<AdmitCaller>();
        web.UseMiddleware<AdmitBeneficiary>();
    }

    /// <summary>Believes the tokens of one server, under a name of its own: people who work here and people who are paid have different ones.</summary>
    private static void AddTokenServer(this IServiceCollection services, string name, Func<IServiceProvider, TokenServerOptions> options) =>
        services.AddKeyedSingleton(name, (provider, _) => new BearerTokens(
            options(provider), ActivatorUtilities.CreateInstance<TokenServerKeys>(provider, options(provider)), provider.GetRequiredService<TimeProvider>()));
}
