using System.Globalization;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>The name of an exception: the file's number and the entry's in it.</summary>
internal readonly record struct ExceptionId(long File, int EntryNo)
{
    public static bool TryParse(string? text, out ExceptionId id)
    {
        id = default;
        if (text?.Split('-') is not [var file, var entry]
            || !long.TryParse(file, NumberStyles.None, CultureInfo.InvariantCulture, out var fileNumber)
            || !int.TryParse(entry, NumberStyles.None, CultureInfo.InvariantCulture, out var entryNo))
        {
            return false;
        }

        id = new ExceptionId(fileNumber, entryNo);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}-{EntryNo}");
}
