using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Statements;

namespace G2PBridge.Modules.Envelopes.Domain;

/// <summary>A line that was proved unpaid and is paid again in another envelope; append-only. The keys let no line be followed up twice, nor follow two.</summary>
internal sealed class FollowUpLine
{
    /// <summary>The unpaid line.</summary>
    public required long Seq { get; init; }

    public required long NextSeq { get; init; }
    public required string EnvelopeId { get; init; }
    public required string NextEnvelopeId { get; init; }
    public required UnpaidKind Kind { get; init; }
    public required string ReasonCode { get; init; }
}

/// <summary>Which unpaid lines may go into a follow-up.</summary>
internal static class FollowUpChoice
{
    public const string PaidElsewhere = "PAID_ELSEWHERE";
    public const string FollowedUpBefore = "FOLLOWED_UP_BEFORE";

    /// <summary>
    /// Null when the line may go. Without being named, lines go whose reason can be mended: a wrong account, a passing trouble, or an address that the
    /// mapper lacked. A person may name others. Where the bank says that it has the payment already, nobody may.
    /// </summary>
    public static string? WhyNot(UnpaidLine line, bool isNamed)
    {
        if (line.Kind is UnpaidKind.Unresolved or UnpaidKind.TooLate)
        {
            return null;
        }

        var action = ReasonCatalogue.Find(ReasonCatalogue.Map(line.ReasonCode))?.Action;
        return action switch
        {
            ReasonAction.FixAccount or ReasonAction.Retry => null,
            ReasonAction.QueryFirst => WireText.Capitals(ReasonAction.QueryFirst),
            _ when isNamed => null,
            null => "REASON_NOT_KNOWN",
            { } other => WireText.Capitals(other),
        };
    }
}
