using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>Whether what is paid, paused or declared lies within the caller's limits.</summary>
internal static class ScopeOfEnvelopes
{
    public static async Task<bool> AllowsEnvelopeAsync(this AccessScope scope, string envelopeId, IMediator mediator, CancellationToken cancellationToken) => !scope.IsLimited
        || (await mediator.Send(new FindEnvelopeScopes([envelopeId]), cancellationToken)) is [var envelope] && scope.AllowsProgramme(envelope.ProgrammeMnemonic) && scope.AllowsBank(envelope.SponsorBankCode);

    /// <summary>Whether a pause of this scope stops nothing but what is the caller's: a bank pays for many programmes, and a programme may be paid by many banks.</summary>
    public static async Task<bool> AllowsPauseAsync(this AccessScope scope, PauseScope kind, string value, IMediator mediator, CancellationToken cancellationToken) => !scope.IsLimited || kind switch
    {
        PauseScope.Bank => scope.Programmes is null && scope.AllowsBank(value),
        PauseScope.Programme => scope.Banks is null && scope.AllowsProgramme(value),
        PauseScope.Envelope => await scope.AllowsEnvelopeAsync(value, mediator, cancellationToken),
        _ => false,
    };
}
