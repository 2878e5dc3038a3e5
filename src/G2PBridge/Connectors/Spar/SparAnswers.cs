using System.Text.Json;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors.Spar;

/// <summary>
/// Reads SPAR's answer, either generation. It goes through the elements one by one instead of into a class: one item that is not as
/// described must cost one person's answer, never the whole call. Whether there is an address is asked of <c>fa</c>, because SPAR
/// answers an unlinked id with success.
/// </summary>
internal sealed class SparAnswers(IOptions<SparOptions> options, AddressStrategies strategies)
{
    public MapperAnswer Read(JsonElement root, IReadOnlyDictionary<string, string> idsByReference)
    {
        var first = options.Value.Generation == SparOptions.First;
        if (Child(root, first ? "header" : "response_header") is not { } header)
        {
            return new MapperAnswer.Failed(SparCodes.Unreadable, "The mapper's answer has no header.");
        }

        var fault = first ? FirstFault(header) : NewestFault(header);
        if (fault is not null)
        {
            return fault;
        }

        var payload = first ? Child(root, "message") : Child(Child(root, "response_body"), "response_payload");
        if (Child(payload, "resolve_response") is not { ValueKind: JsonValueKind.Array } items)
        {
            return new MapperAnswer.Failed(SparCodes.Unreadable, "The mapper's answer has no resolve_response.");
        }

        var answers = new List<AddressAnswer>(items.GetArrayLength());
        foreach (var item in items.EnumerateArray())
        {
            // Without a reference of ours an item is about nobody we asked about.
            if (Text(item, "reference_id") is { } reference && idsByReference.TryGetValue(reference, out var id))
            {
                answers.Add(ReadItem(item, reference, id));
            }
        }

        return new MapperAnswer.Answered(answers);
    }

    private static MapperAnswer.Failed? NewestFault(JsonElement header) =>
        string.Equals(Text(header, "response_status"), "SUCCESS", StringComparison.OrdinalIgnoreCase)
            ? null
            : new MapperAnswer.Failed(Text(header, "response_error_code") ?? SparCodes.HeaderError, Text(header, "response_error_message") ?? "The mapper's header says ERROR.");

    // rcvd and pdng are no answers either: this interface is synchronous.
    private static MapperAnswer.Failed? FirstFault(JsonElement header) =>
        string.Equals(Text(header, "status"), "succ", StringComparison.OrdinalIgnoreCase)
            ? null
            : new MapperAnswer.Failed(
                Text(header, "status_reason_code") ?? SparCodes.HeaderError,
                Text(header, "status_reason_message") ?? $"The mapper's header says {Text(header, "status") ?? "nothing"}.");

    private AddressAnswer ReadItem(JsonElement item, string reference, string askedId)
    {
        var code = Text(item, "status_reason_code");
        var reason = Text(item, "status_reason_message");
        var fa = Child(item, "fa");
        var parts = fa switch
        {
            { ValueKind: JsonValueKind.Object } => PartsOf(fa.Value),
            { ValueKind: JsonValueKind.String } when Text(item, "fa") is { } text => strategies.TakeApart(text),
            _ => null,
        };
        if (parts is null)
        {
            return fa is { ValueKind: JsonValueKind.Object or JsonValueKind.String } given && !IsBlank(given)
                ? new(reference, null, SparCodes.AddressNotReadable, "No configured strategy takes this address apart.")
                : new(reference, null, code, reason);
        }

        if (string.Equals(Text(item, "status"), "rjct", StringComparison.OrdinalIgnoreCase))
        {
            return new(reference, null, code ?? SparCodes.AnswerRejected, reason);
        }

        if (code is not null && (code.EndsWith(".inactive", StringComparison.Ordinal) || code.StartsWith("rjct.", StringComparison.Ordinal)))
        {
            return new(reference, null, code, reason);
        }

        if (options.Value.CheckId && Text(item, "id") is { } id && !string.Equals(id, askedId.Trim(), StringComparison.OrdinalIgnoreCase))
        {
            return new(reference, null, SparCodes.AnswerForAnotherId, "The answer to this line names another id than was asked about.");
        }

        return WithProvider(parts, Child(item, "account_provider_info")).ToAddress() is { } address
            ? new(reference, address, null, null)
            : new(reference, null, SparCodes.AddressTypeNotSupported, $"fa_type is '{parts.Type}'.");
    }

    private static AddressParts PartsOf(JsonElement fa) => new(
        Text(fa, "fa_type"), Text(fa, "account_number"), Text(fa, "bank_code"), Text(fa, "branch_code"), Text(fa, "mobile_number"), Text(fa, "email_address"),
        Text(fa, AddressParts.KindOf(Text(fa, "fa_type")) == AddressParts.EmailWallet ? "email_wallet_provider" : "mobile_wallet_provider")
            ?? Text(fa, "wallet_provider_name") ?? Text(fa, "wallet_provider_code"));

    // account_provider_info names the provider, never the person, so it can complete an address but gives no name.
    private static AddressParts WithProvider(AddressParts parts, JsonElement? provider) => provider is { ValueKind: JsonValueKind.Object } given
        ? AddressParts.KindOf(parts.Type) == AddressParts.BankAccount
            ? parts with { BankCode = parts.BankCode ?? Text(given, "code"), BranchCode = parts.BranchCode ?? Text(given, "subcode") }
            : parts with { WalletProvider = parts.WalletProvider ?? Text(given, "name") ?? Text(given, "code") }
        : parts;

    private static bool IsBlank(JsonElement fa) => fa.ValueKind == JsonValueKind.String && fa.ValueEquals(""u8);

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty(name, out var child) && child.ValueKind != JsonValueKind.Null ? child : null;

    /// <summary>Null for what is absent, blank or no text; a number counts as the text it was written as.</summary>
    private static string? Text(JsonElement parent, string name)
    {
        if (Child(parent, name) is not { } child)
        {
            return null;
        }

        try
        {
            var text = child.ValueKind switch
            {
                JsonValueKind.String => child.GetString(),
                JsonValueKind.Number => child.GetRawText(),
                _ => null,
            };
            return text?.Trim() is { Length: > 0 } trimmed ? trimmed : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: valid JSON, but no text.
            return null;
        }
    }
}
