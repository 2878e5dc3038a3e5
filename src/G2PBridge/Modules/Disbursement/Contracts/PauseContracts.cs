using MediatR;

namespace G2PBridge.Modules.Disbursement.Contracts;

/// <summary>What a pause holds: everything, one sponsor bank, one programme (by its mnemonic) or one envelope.</summary>
internal enum PauseScope
{
    All,
    Bank,
    Programme,
    Envelope,
}

/// <summary>A pause that has not been lifted.</summary>
/// <param name="Value">Bank code, programme mnemonic or envelope id; empty for everything.</param>
/// <param name="Acknowledged">Nothing of the scope is on its way, and nothing will be until the pause is lifted.</param>
internal sealed record ActivePause(long Id, PauseScope Scope, string Value, string Reason, string Actor, DateTimeOffset Since, bool Acknowledged);

/// <summary>The envelope that a declaration is about; null when there is no such declaration.</summary>
internal sealed record FindDeclaredEnvelope(Guid DeclarationId) : IRequest<string?>;

/// <summary>Every pause that has not been lifted, oldest first; they are few.</summary>
internal sealed record ListActivePauses : IRequest<IReadOnlyList<ActivePause>>;
