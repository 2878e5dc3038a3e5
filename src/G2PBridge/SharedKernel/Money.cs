using System.Collections.Frozen;
using System.Globalization;

namespace G2PBridge.SharedKernel;

/// <summary>An amount in one currency. Arithmetic across currencies throws; nothing is ever rounded.</summary>
/// <param name="Amount">In units of the currency (not minor units).</param>
/// <param name="Currency">ISO 4217 alphabetic code, upper case.</param>
internal readonly record struct Money(decimal Amount, string Currency)
{
    public static Money operator +(Money left, Money right) => new(left.Amount + Same(left, right).Amount, left.Currency);

    public static Money operator -(Money left, Money right) => new(left.Amount - Same(left, right).Amount, left.Currency);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Amount} {Currency}");

    private static Money Same(Money left, Money right) =>
        left.Currency == right.Currency
            ? right
            : throw new InvalidOperationException($"{left.Currency} and {right.Currency} do not add up.");
}

/// <summary>How many decimals a currency has (ISO 4217, list one, column "minor unit").</summary>
internal static class CurrencyUnits
{
    /// <summary>The most decimals that the columns of the database hold (<c>numeric(19,4)</c>).</summary>
    public const int StoredDecimals = 4;

    /// <summary>The first amount that no longer fits <c>numeric(19,4)</c>.</summary>
    public const decimal AmountLimit = 1_000_000_000_000_000m;

    private static readonly FrozenDictionary<string, int> NotTwo = new Dictionary<string, int>
    {
        ["BIF"] = 0,
        ["CLP"] = 0,
        ["DJF"] = 0,
        ["GNF"] = 0,
        ["ISK"] = 0,
        ["JPY"] = 0,
        ["KMF"] = 0,
        ["KRW"] = 0,
        ["PYG"] = 0,
        ["RWF"] = 0,
        ["UGX"] = 0,
        ["UYI"] = 0,
        ["VND"] = 0,
        ["VUV"] = 0,
        ["XAF"] = 0,
        ["XOF"] = 0,
        ["XPF"] = 0,
        ["BHD"] = 3,
        ["IQD"] = 3,
        ["JOD"] = 3,
        ["KWD"] = 3,
        ["LYD"] = 3,
        ["OMR"] = 3,
        ["TND"] = 3,
        ["CLF"] = 4,
        ["UYW"] = 4,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool IsCurrencyCode(string? code) =>
        code is { Length: 3 } && char.IsAsciiLetterUpper(code[0]) && char.IsAsciiLetterUpper(code[1]) && char.IsAsciiLetterUpper(code[2]);

    public static int DecimalsOf(string currency) => NotTwo.TryGetValue(currency, out var decimals) ? decimals : 2;

    /// <summary>True when <paramref name="amount"/> can be paid in <paramref name="currency"/> to the last minor unit.</summary>
    public static bool Fits(decimal amount, string currency) =>
        decimal.Abs(amount) < AmountLimit && DecimalsIn(amount) <= DecimalsOf(currency);

    /// <summary>Significant decimals: 10.50 has one.</summary>
    public static int DecimalsIn(decimal amount)
    {
        var scale = amount.Scale;
        while (scale > 0 && amount == decimal.Round(amount, scale - 1))
        {
            scale--;
        }

        return scale;
    }
}
