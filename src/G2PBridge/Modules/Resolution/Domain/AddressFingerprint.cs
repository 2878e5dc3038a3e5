using System.Text;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.Resolution.Domain;

/// <summary>
/// Stands for an address where addresses are compared: equal where the money goes to the same place, spaces, dots, hyphens and case aside. Names and branches do not count.
/// </summary>
internal static class AddressFingerprint
{
    public const string Purpose = "address";

    private const char Separator = '\u001f';

    /// <summary>More than the parts can have together (<see cref="AddressCheck"/>).</summary>
    private const int MostCharacters = 16 + AddressCheck.CodeLength + AddressCheck.EmailLength + AddressCheck.ProviderLength + 4;

    public static Guid Of(KeyedHash hash, string? kind, string? bankCode, string? number, string? provider)
    {
        Span<char> text = stackalloc char[MostCharacters];
        var length = Copy(kind, text);
        text[length++] = Separator;
        length += (bankCode ?? "").AsSpan().ToUpperInvariant(text[length..]);
        text[length++] = Separator;
        foreach (var character in number ?? "")
        {
            if (character is not (' ' or '-' or '.'))
            {
                text[length++] = char.ToUpperInvariant(character);
            }
        }

        text[length++] = Separator;
        length += Copy(provider, text[length..]);
        Span<byte> bytes = stackalloc byte[MostCharacters * 3];
        return hash.Of(bytes[..Encoding.UTF8.GetBytes(text[..length], bytes)]);
    }

    private static int Copy(string? part, Span<char> target)
    {
        part.AsSpan().CopyTo(target);
        return part?.Length ?? 0;
    }
}
