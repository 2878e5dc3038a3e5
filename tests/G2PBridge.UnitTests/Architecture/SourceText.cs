using System.Text;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>The sources that the assemblies were built from. They show what leaves no trace in IL: text, and constants of others.</summary>
internal static class SourceText
{
    public static string Root { get; } = FindRoot();

    public static string Host { get; } = Path.Combine(Root, "src", "G2PBridge");

    /// <summary>Every source file under a folder that a person wrote.</summary>
    public static IReadOnlyList<string> Files(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "Migrations"))
            .Order(StringComparer.Ordinal),
    ];

    public static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    /// <summary>
    /// Takes a file apart into its string literals, with the line that each begins on, and its code without them and without comments.
    /// What stands in the holes of an interpolated string counts as code and as text.
    /// </summary>
    public static (IReadOnlyList<(int Line, string Text)> Literals, string Code) TakeApart(string source)
    {
        var literals = new List<(int, string)>();
        var code = new StringBuilder(source.Length);
        var at = 0;
        var line = 1;
        while (at < source.Length)
        {
            var end = EndOf(source, at, out var isText);
            var token = source[at..end];
            if (isText)
            {
                literals.Add((line, token));
                code.Append(token.Contains('{', StringComparison.Ordinal) && source[Math.Max(0, at - 2)..at].Contains('$', StringComparison.Ordinal) ? Holes(token) : "\"\"");
            }
            else if (!token.StartsWith("//", StringComparison.Ordinal) && !token.StartsWith("/*", StringComparison.Ordinal))
            {
                code.Append(token);
            }

            line += token.Count(character => character == '\n');
            at = end;
        }

        return (literals, code.ToString());
    }

    private static int EndOf(string source, int at, out bool isText)
    {
        isText = false;
        var rest = source.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            var end = rest.IndexOf('\n');
            return end < 0 ? source.Length : at + end;
        }

        if (rest.StartsWith("/*"))
        {
            var end = rest.IndexOf("*/");
            return end < 0 ? source.Length : at + end + 2;
        }

        if (rest[0] == '\'')
        {
            return at + (rest.Length > 3 && rest[1] == '\\' ? rest[2..].IndexOf('\'') is 0 ? 4 : rest[2..].IndexOf('\'') + 3 : rest[1..].IndexOf('\'') + 2);
        }

        if (rest[0] != '"')
        {
            return at + 1;
        }

        isText = true;
        var quotes = rest.IndexOfAnyExcept('"') is var run and > 0 ? run : rest.Length;
        if (quotes >= 3)
        {
            var close = rest[quotes..].IndexOf(new string('"', quotes));
            return close < 0 ? source.Length : at + quotes + close + quotes;
        }

        if (quotes == 2)
        {
            return at + 2;
        }

        return at + EndOfQuoted(rest, isVerbatim: at > 0 && (source[at - 1] == '@' || (at > 1 && source[at - 1] == '$' && source[at - 2] == '@')), isInterpolated: at > 0 && (source[at - 1] == '$' || (at > 1 && source[at - 1] == '@' && source[at - 2] == '$')));
    }

    private static int EndOfQuoted(ReadOnlySpan<char> text, bool isVerbatim, bool isInterpolated)
    {
        var depth = 0;
        for (var i = 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when !isVerbatim && depth == 0:
                    i++;
                    break;
                case '{' when isInterpolated && depth == 0 && i + 1 < text.Length && text[i + 1] == '{':
                    i++;
                    break;
                case '{' when isInterpolated:
                    depth++;
                    break;
                case '}' when depth > 0:
                    depth--;
                    break;
                case '"' when depth > 0:
                    i += EndOfQuoted(text[i..], isVerbatim: false, isInterpolated: text[i - 1] == '$') - 1;
                    break;
                case '"' when isVerbatim && i + 1 < text.Length && text[i + 1] == '"':
                    i++;
                    break;
                case '"':
                    return i + 1;
                default:
                    break;
            }
        }

        return text.Length;
    }

    private static string Holes(string literal)
    {
        var holes = new StringBuilder();
        var depth = 0;
        foreach (var character in literal)
        {
            depth += character == '{' ? 1 : character == '}' && depth > 0 ? -1 : 0;
            holes.Append(depth > 0 ? character : ' ');
        }

        return holes.ToString();
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "G2PBridge.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The sources are not above the tests; the architecture tests read them.");
    }
}
