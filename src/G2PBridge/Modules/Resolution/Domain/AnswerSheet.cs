using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.Modules.Resolution.Domain;

/// <summary>A line with the address that the mapper gave.</summary>
internal readonly record struct LineWithAddress(LineFacts Line, ResolvedAddress Address);

/// <summary>A line without one, and why.</summary>
internal readonly record struct LineWithoutAddress(LineFacts Line, string ReasonCode, string? Reason);

/// <summary>
/// Puts a mapper's answers to our questions. Nothing is taken for granted: answers may be missing, doubled, in any order or
/// about nobody, and none of that may touch anybody else's line.
/// </summary>
internal static class AnswerSheet
{
    private const int ReasonCodeLength = 64;
    private const int ReasonLength = 500;

    public static string ReferenceOf(LineFacts line) => line.Seq.ToString(CultureInfo.InvariantCulture);

    public static void Match(IReadOnlyList<LineFacts> asked, IReadOnlyList<AddressAnswer> answers, List<LineWithAddress> resolved, List<LineWithoutAddress> unresolved)
    {
        var sheet = new Dictionary<string, Entry>(answers.Count, StringComparer.Ordinal);
        foreach (var answer in answers)
        {
            var entry = Entry.Of(answer);
            sheet[answer.Reference] = sheet.TryGetValue(answer.Reference, out var former) ? former.Or(entry) : entry;
        }

        foreach (var line in asked)
        {
            var entry = sheet.TryGetValue(ReferenceOf(line), out var found) ? found : Entry.None;
            if (entry.Address is { } address)
            {
                resolved.Add(new(line, address));
            }
            else
            {
                unresolved.Add(Without(line, entry.ReasonCode, entry.Reason));
            }
        }
    }

    public static LineWithoutAddress Without(LineFacts line, string? reasonCode, string? reason) =>
        new(line, AddressCheck.Tidy(Masked.Text(reasonCode), ReasonCodeLength) ?? ReasonCodes.NoReason, AddressCheck.Tidy(Masked.Text(reason), ReasonLength));

    private readonly record struct Entry(ResolvedAddress? Address, string? ReasonCode, string? Reason)
    {
        public static Entry None { get; } = new(null, ReasonCodes.NoAnswer, "The mapper's answer does not mention this line.");

        public static Entry Of(AddressAnswer answer) => answer.Address is { } address
            ? AddressCheck.Fault(address) is { } fault ? new(null, fault, answer.Reason) : new(address, null, null)
            : new(null, answer.ReasonCode, answer.Reason);

        /// <summary>The first usable answer wins, but two different addresses are no answer: guessing would pay a stranger.</summary>
        public Entry Or(Entry later) => (this, later) switch
        {
            ({ ReasonCode: ReasonCodes.ConflictingAnswers }, _) => this,
            ({ Address: { } mine }, { Address: { } other }) when mine != other => new(null, ReasonCodes.ConflictingAnswers, "The mapper gave two different addresses."),
            ({ Address: null }, { Address: not null }) => later,
            _ => this,
        };
    }
}
