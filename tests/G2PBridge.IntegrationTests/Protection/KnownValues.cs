using System.Text;

namespace G2PBridge.IntegrationTests.Protection;

/// <summary>What must not be found, in every form in which it could be written down.</summary>
internal sealed class KnownValues
{
    private readonly List<(string Label, string Form)> _forms = [];

    public KnownValues(IEnumerable<string> values)
    {
        foreach (var value in values)
        {
            Add(value, value);
            Add(value, value.Replace(" ", "", StringComparison.Ordinal));
            Add(value, value.ToUpperInvariant());
            var bytes = Encoding.UTF8.GetBytes(value);
            Add(value, Convert.ToHexString(bytes));
            Add(value, Uri.EscapeDataString(value));
            Add(value, value.Replace("+", "\\u002B", StringComparison.Ordinal));
            for (var shift = 0; shift < 3; shift++)
            {
                // In the middle of other bytes the outermost characters of base64 depend on the neighbours.
                var text = Convert.ToBase64String([.. new byte[shift], .. bytes]);
                var from = shift == 0 ? 0 : shift + 1;
                Add(value, text[from..(text.TrimEnd('=').Length - 2)]);
            }
        }
    }

    /// <summary>Where something was found, by value, with what stands around it.</summary>
    public IEnumerable<string> FindIn(string where, string text)
    {
        foreach (var (label, form) in _forms)
        {
            if (text.IndexOf(form, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
            {
                yield return $"{where}: '{label}' as '{form}' in …{text[Math.Max(0, at - 100)..Math.Min(text.Length, at + form.Length + 60)]}…";
            }
        }
    }

    private void Add(string label, string form)
    {
        if (form.Length >= 6 && !_forms.Exists(known => string.Equals(known.Form, form, StringComparison.OrdinalIgnoreCase)))
        {
            _forms.Add((label, form));
        }
    }
}
