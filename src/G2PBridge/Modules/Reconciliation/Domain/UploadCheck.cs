using System.Collections.Frozen;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// What an upload's first bytes and its content type allow to say. Only what is certainly no statement is refused here; the rest is
/// the reader's to judge, with findings that a person can look at.
/// </summary>
internal static class UploadCheck
{
    private const int Head = 1024;

    private static readonly FrozenSet<string> StatementTypes = FrozenSet.ToFrozenSet(
        ["application/x-iso8583", "application/x-iso20022", "application/vnd.swift.mt940", "text/plain"], StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> XmlTypes = FrozenSet.ToFrozenSet(["application/xml", "text/xml"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Null when the file may be stored.</summary>
    public static Refusal? Judge(string? contentType, ReadOnlySpan<byte> start)
    {
        var head = start[..Math.Min(start.Length, Head)];
        var isXml = IsXml(head);
        if (contentType is not null && !IsTypeAllowed(contentType.Split(';')[0].Trim(), head, isXml))
        {
            return new Refusal(PartnerCodes.FileTypeInvalid, "The file's content type is none that statements come in, or its content is of another kind.");
        }

        if (head.Trim(" \t\r\n"u8).IsEmpty)
        {
            return new Refusal(PartnerCodes.StatementUploadError, "The file is empty.");
        }

        return IsBinary(head) && !isXml ? new Refusal(PartnerCodes.StatementUploadError, "The file holds binary data and is no bank statement.") : null;
    }

    private static bool IsTypeAllowed(string type, ReadOnlySpan<byte> head, bool isXml) =>
        StatementTypes.Contains(type)
        || (XmlTypes.Contains(type) && isXml)
        || (type is "text/csv" && !IsBinary(head))
        || (type is "application/octet-stream" or "" && (isXml || head.IndexOf(":20:"u8) >= 0 || head.IndexOf("{1:"u8) >= 0));

    private static bool IsXml(ReadOnlySpan<byte> head)
    {
        if (head is [0xEF, 0xBB, 0xBF, ..])
        {
            head = head[3..];
        }

        // UTF-16 with its mark is what some banks write; a byte test would call it binary.
        return head.TrimStart(" \t\r\n"u8) is [(byte)'<', ..] || head is [0xFF, 0xFE, (byte)'<', ..] || head is [0xFE, 0xFF, 0, (byte)'<', ..];
    }

    private static bool IsBinary(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("%PDF"u8) || head.StartsWith("PK\x03\x04"u8) || head is [0x1F, 0x8B, ..] || head.StartsWith("{\\rtf"u8))
        {
            return true;
        }

        var odd = 0;
        foreach (var b in head)
        {
            // SOH and ETX frame messages of the DOS-PCC format; SUB ends old text files.
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n' or 0x01 or 0x03 or 0x0C or 0x1A))
            {
                odd++;
            }
        }

        return odd * 20 > head.Length;
    }
}
