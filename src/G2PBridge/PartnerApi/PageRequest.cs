using System.Text.Json;

namespace G2PBridge.PartnerApi;

/// <summary>Which part of a list is asked for (contract, section 1.2). Sorting, filters and searching are accepted and not used, as upstream.</summary>
/// <param name="Number">From 1.</param>
internal readonly record struct PageRequest(int Number, int Size)
{
    /// <summary>As upstream, where a request says nothing.</summary>
    public const int UsualSize = 30;

    public const int LargestSize = 200;

    public long Skip => (Number - 1L) * Size;

    public int PagesOf(int items) => (items + Size - 1) / Size;

    /// <summary>What does not fit is added to <paramref name="errors"/>.</summary>
    public static PageRequest Read(PartnerRequest request, WireErrors errors)
    {
        if (request.Pagination.IsEmpty)
        {
            return new(1, UsualSize);
        }

        int? number = null, size = null;
        var reader = new Utf8JsonReader(request.Pagination.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            switch (name)
            {
                case "current_page":
                    number = WireValue.Integer(ref reader, "request_body.pagination_request.current_page", errors);
                    break;
                case "page_size":
                    size = WireValue.Integer(ref reader, "request_body.pagination_request.page_size", errors);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        Check(number, int.MaxValue, "current_page", errors);
        Check(size, LargestSize, "page_size", errors);
        return new(number ?? 1, size ?? UsualSize);
    }

    private static void Check(int? value, int most, string name, WireErrors errors)
    {
        var field = "request_body.pagination_request." + name;
        if (value is null)
        {
            errors.Add(field, "Field required");
        }
        else if (value < 1)
        {
            errors.Add(field, "Input should be greater than or equal to 1");
        }
        else if (value > most)
        {
            errors.Add(field, FormattableString.Invariant($"Input should be less than or equal to {most}"));
        }
    }
}
