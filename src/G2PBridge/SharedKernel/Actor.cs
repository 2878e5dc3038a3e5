using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace G2PBridge.SharedKernel;

/// <summary>
/// Who asks for a change by hand, and why. The header is written by whatever recognised the caller (ADR 0023); without that, a gateway
/// that knows its users sets it.
/// </summary>
internal static class Actor
{
    public const string Header = "X-Actor";

    /// <summary>Characters of a name, as the histories keep it.</summary>
    public const int LongestName = 100;

    /// <summary>Characters of a reason, as the histories keep it.</summary>
    public const int LongestReason = 500;

    /// <summary>Letters of other scripts that look like Latin ones, and those they look like.</summary>
    private const string Lookalikes = "аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅһԁԛԝαΑβΒεΕηΗιΙκΚμΜνΝοΟρΡτΤυΥχΧζΖ";
    private const string LookLike = "aabbeekkmmhhooppccttyyxxiijjsshdqwaabbeehhiikkmmnnooppttyyxxzz";

    /// <param name="header">The value of <see cref="Header"/>; null when there is none.</param>
    public static Result<string> Read(string? header) => string.IsNullOrWhiteSpace(header) || header.Length > LongestName || header.Any(char.IsControl) || SkeletonOf(header).Length == 0
        ? new Refusal("ACTOR_REQUIRED", $"The header {Header} must say who is asking, in at most {LongestName} characters.")
        : header.Trim();

    /// <summary>
    /// Whether two names are one person's: in whatever case, Unicode form, spacing or invisible characters they are written, and with letters of another
    /// script that look the same. Rather one too many refused than a person who confirms himself.
    /// </summary>
    public static bool IsSame(string one, string other) => string.Equals(SkeletonOf(one), SkeletonOf(other), StringComparison.Ordinal);

    /// <summary>Whether a reason can be kept for whoever looks at it later.</summary>
    public static bool IsReason([NotNullWhen(true)] string? reason) => !string.IsNullOrWhiteSpace(reason) && reason.Length <= LongestReason && !reason.Contains('\0', StringComparison.Ordinal);

    /// <summary>The one place that says that two persons are needed. Null when this person may confirm; see <see cref="IsSame"/>.</summary>
    /// <param name="what">What was proposed, for the sentence: "decision", "declaration".</param>
    public static Refusal? MayConfirm(string proposedBy, string actor, string what) => IsSame(proposedBy, actor)
        ? new Refusal("SECOND_PERSON_REQUIRED", $"Whoever proposed a {what} cannot confirm it; a second person must.", RefusalKind.Conflict)
        : null;

    private static string SkeletonOf(string name)
    {
        var skeleton = new StringBuilder(name.Length);
        foreach (var letter in Normalised(name))
        {
            // Accents are marks of their own in this form; without them, a name typed on another keyboard is the same name. Vowel signs of other scripts stay.
            if (char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.Control || letter is >= '\u0300' and <= '\u036f' || char.IsWhiteSpace(letter))
            {
                continue;
            }

            var at = Lookalikes.IndexOf(letter, StringComparison.Ordinal);
            skeleton.Append(char.ToUpperInvariant(at < 0 ? letter : LookLike[at]));
        }

        return skeleton.ToString();
    }

    /// <summary>Half a surrogate pair has no such form and is left as it is.</summary>
    private static string Normalised(string name)
    {
        try
        {
            return name.Normalize(NormalizationForm.FormKD);
        }
        catch (ArgumentException)
        {
            return name;
        }
    }
}
