using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace G2PBridge.SharedKernel;

/// <summary>The one way to show a number, or a text that may hold one, to somebody who does not need it: at most the last four characters, and never more than half.</summary>
internal static partial class Masked
{
    private const int MostShown = 4;

    /// <summary>Fewer digits are counts, codes, years and branches; account and telephone numbers have more.</summary>
    private const int FewestDigits = 7;

    /// <summary><c>****6789</c>.</summary>
    [return: NotNullIfNotNull(nameof(number))]
    public static string? Of(string? number) => number is null ? null : "****" + number[^Math.Min(MostShown, number.Length / 2)..];

    /// <summary>
    /// A text from outside (a bank's reason, a mapper's), with whatever looks like an account number, a telephone number or an e-mail address masked. Dates, amounts and
    /// UUIDs stay. Names cannot be recognised.
    /// </summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Text(string? text)
    {
        if (text is null)
        {
            return null;
        }

        try
        {
            return Parts().Replace(text, static match => !match.Groups["kept"].Success && IsNumber(match) ? Of(match.Value) : match.Value);
        }
        catch (RegexMatchTimeoutException)
        {
            // Whoever made such a text gets nothing of it shown.
            return Of("");
        }
    }

    private static bool IsNumber(Match match) => match.Groups["mail"].Success || match.Value.Count(char.IsDigit) >= FewestDigits;

    // What is kept comes first; then addresses; then words of letters and digits, whose digits banks group by blanks, dots, hyphens, slashes and brackets.
    [GeneratedRegex(
        """
        (?<![\p{L}\p{Nd}])
        (?: (?<kept>
              [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}
            | \p{Nd}{4}-\p{Nd}{2}-\p{Nd}{2} (?:[T\ ]\p{Nd}{2}:\p{Nd}{2}(?::\p{Nd}{2}(?:[.,]\p{Nd}+)?)?(?:Z|[+-]\p{Nd}{2}:?\p{Nd}{2})?)?
            | (?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])
            | \p{Nd}{1,2}[./]\p{Nd}{1,2}[./]\p{Nd}{4}
            | \p{Nd}{1,13}[.,]\p{Nd}{1,4}
            ) (?![\p{L}\p{Nd}]|[.,\-\ /]\p{Nd})
          | (?<mail> [\p{L}\p{Nd}._%+'-]+ @ [\p{L}\p{Nd}-]+ (?:\.[\p{L}\p{Nd}-]+)* )
          | \+? [\p{L}\p{Nd}]* \p{Nd} [\p{L}\p{Nd}]* (?: [\ .\-/()]{1,2} [\p{L}]{0,2}\p{Nd}[\p{L}\p{Nd}]* )*
        )
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parts();
}
