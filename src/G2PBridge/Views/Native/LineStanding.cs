using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;

namespace G2PBridge.Views.Native;

/// <summary>Where a line stands in a word, from what every module knows of it.</summary>
/// <param name="State">CANCELLED, HELD, DROPPED, TOO_LATE, RECEIVED, UNRESOLVED, RESOLVED, PREPARED, SENDING, SENT, UNKNOWN, REFUSED, PAID, RETURNED or NOTHING_TO_PAY.</param>
internal readonly record struct LineStanding(string State, string? ReasonCode, string? Reason)
{
    /// <param name="stop">The hold that stops it, if one does.</param>
    /// <param name="matches">Of its newest payment.</param>
    public static LineStanding Of(FoundLine line, HeldLine? stop, bool isResolved, UnresolvedLine? unresolved, InstructionOfLine? instruction, IReadOnlyCollection<MatchedEntry> matches)
    {
        if (line.CancelledAt is not null)
        {
            return new("CANCELLED", null, null);
        }

        if (matches.FirstOrDefault(match => match.IsReturn) is { } back)
        {
            return new("RETURNED", back.ReasonCode, Masked.Text(back.Reason));
        }

        if (matches.Count > 0)
        {
            return new("PAID", null, null);
        }

        if (stop is not null)
        {
            return new(WireText.Capitals(stop.State), WireText.Capitals(stop.Kind), stop.Reason);
        }

        if (instruction is not null)
        {
            return new(WireText.Capitals(instruction.State), instruction.ReasonCode, instruction.Reason);
        }

        return unresolved is not null ? new("UNRESOLVED", unresolved.ReasonCode, unresolved.Reason) : new(isResolved ? "RESOLVED" : "RECEIVED", null, null);
    }
}
