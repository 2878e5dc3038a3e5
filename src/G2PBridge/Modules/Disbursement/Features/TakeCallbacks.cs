using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// POST /v1/banks/{code}/callbacks: what a bank says of payments after its answer, by our references. Answered when it is on record; what it
/// means is found out after that. GET shows them. Whoever does not sign with the bank's secret is refused before anything is read.
/// </summary>
internal static partial class TakeCallbacks
{
    private const int MostBytes = 10 << 20;
    private const int MostPayments = 20_000;
    private const int MostShown = 500;
    private const string SignatureHeader = "X-Signature";
    private const string SignaturePrefix = "sha256=";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Map(IEndpointRouteBuilder routes)
    {
        // A bank shows who it is by its signature, not as a person does.
        routes.MapPost("banks/{code}/callbacks", ReceiveAsync).AllowAnonymous().WithName("receive_bank_callback").WithTags("Banks").WithSummary("What a bank says of payments after its answer")
            .Accepts<Body>("application/json").Produces<Received>().ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("banks/{code}/callbacks", ListAsync).WithName("list_bank_callbacks").WithTags("Banks").WithSummary("What a bank called back, newest first")
            .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    internal sealed record Body(IReadOnlyList<Item?>? Payments);

    /// <param name="PaymentReferenceNumber">Ours, as the order named it.</param>
    /// <param name="Status">ACCEPTED, PAID, REFUSED or RETURNED.</param>
    /// <param name="ReasonCode">Of REFUSED: the bank's code.</param>
    /// <param name="Amount">Where the bank says it, it has to be what was ordered.</param>
    internal sealed record Item(string? PaymentReferenceNumber, string? Status, string? ReasonCode, string? Reason, decimal? Amount, string? Currency);

    /// <param name="UnknownReferences">How many are about nothing that was ordered of this bank.</param>
    internal sealed record Received(int Payments, int UnknownReferences);

    /// <param name="Next">For the next page: <c>before</c>; nothing on the last page.</param>
    internal sealed record Response(IReadOnlyList<CallbackRow> Items, long? Next);

    private static async Task<IResult> ReceiveAsync(
        string code, HttpContext http, CallbackStore store, ReferencePrefix prefix, IBankConnectors banks, IOptions<CallbackOptions> options, IHostEnvironment environment, WorkSignal signal,
        ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (Named(banks, code) is not { } bank)
        {
            return NoBank(code).ToProblem();
        }

        var body = await ReadAsync(http.Request.Body, cancellationToken);
        if (body is null)
        {
            return new Refusal("CALLBACK_TOO_LARGE", $"A callback has at most {MostBytes >> 20} MiB; send several.", RefusalKind.TooLarge).ToProblem();
        }

        if (Unauthorised(options.Value.SecretOf(bank), http.Request.Headers[SignatureHeader].ToString(), body, environment) is { } why)
        {
            LogRefused(loggers.CreateLogger(typeof(TakeCallbacks)), bank, why);
            return TypedResults.Problem(title: "CALLBACK_NOT_SIGNED", detail: why, statusCode: StatusCodes.Status401Unauthorized, extensions: new Dictionary<string, object?> { ["code"] = "CALLBACK_NOT_SIGNED" });
        }

        using var acting = Acting.AsBank(bank);
        var items = Read(body, await prefix.ReadAsync(cancellationToken));
        if (items.Refusal is { } unreadable)
        {
            return unreadable.ToProblem();
        }

        var unknown = await store.ReceiveAsync(bank, items.Value, cancellationToken);
        LogReceived(loggers.CreateLogger(typeof(TakeCallbacks)), items.Value.Count, bank, unknown);
        await signal.RaiseAsync(DisbursementModule.ApplyCallbacks, CancellationToken.None);
        return TypedResults.Ok(new Received(items.Value.Count, unknown));
    }

    private static async Task<IResult> ListAsync(
        string code, [Description("WAITING, APPLIED, NO_EFFECT, CONFLICT or UNKNOWN_REFERENCE")] string? state, long? before, int? limit, CallbackStore store, IBankConnectors banks, CancellationToken cancellationToken)
    {
        if (Named(banks, code) is not { } bank)
        {
            return NoBank(code).ToProblem();
        }

        CallbackState? wanted = null;
        if (state is not null)
        {
            if (!WireText.TryReadCapitals<CallbackState>(state.Trim().ToUpperInvariant(), out var read))
            {
                return new Refusal("INVALID_STATE", "The state is WAITING, APPLIED, NO_EFFECT, CONFLICT or UNKNOWN_REFERENCE.").ToProblem();
            }

            wanted = read;
        }

        var size = Math.Clamp(limit ?? 100, 1, MostShown);
        var rows = await store.ListAsync(bank, wanted, before, size, cancellationToken);
        return TypedResults.Ok(new Response(rows, rows.Count == size ? rows[^1].Id : null));
    }

    /// <summary>Null when the body is signed with the bank's secret, or when there is none and nobody but a developer is here.</summary>
    private static string? Unauthorised(string? secret, string signature, byte[] body, IHostEnvironment environment)
    {
        if (secret is null)
        {
            return environment.IsDevelopment() ? null : "This bank has no CallbackSecret in the settings, so nothing that it calls back can be believed.";
        }

        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var isRead = signature.StartsWith(SignaturePrefix, StringComparison.OrdinalIgnoreCase)
            && Convert.FromHexString(signature.AsSpan(SignaturePrefix.Length), given, out _, out var written) == System.Buffers.OperationStatus.Done && written == given.Length;
        return isRead && CryptographicOperations.FixedTimeEquals(given, HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body))
            ? null
            : $"The header {SignatureHeader} must be '{SignaturePrefix}' and the HMAC-SHA256 of the body with the bank's secret, in hexadecimal.";
    }

    private static Result<List<CallbackItem>> Read(byte[] body, string prefix)
    {
        Body? callback;
        try
        {
            callback = JsonSerializer.Deserialize<Body>(body, Json);
        }
        catch (JsonException exception)
        {
            return new Refusal("CALLBACK_UNREADABLE", $"The body is no callback (at {exception.Path}); write {{\"payments\": [{{\"payment_reference_number\": …, \"status\": \"PAID\"}}]}}.");
        }

        if (callback?.Payments is not { Count: > 0 and <= MostPayments } payments)
        {
            return new Refusal("CALLBACK_UNREADABLE", $"payments must have between one and {MostPayments} elements.");
        }

        var items = new List<CallbackItem>(payments.Count);
        for (var i = 0; i < payments.Count; i++)
        {
            if (payments[i] is not { PaymentReferenceNumber: { Length: > 0 and <= BankCallback.LongestReference } reference } item || HasControl(reference))
            {
                return new Refusal("CALLBACK_UNREADABLE", $"payments[{i}].payment_reference_number must be a text of at most {BankCallback.LongestReference} characters.");
            }

            if (!WireText.TryReadCapitals<CallbackStatus>(item.Status?.Trim().ToUpperInvariant(), out var status))
            {
                return new Refusal("CALLBACK_UNREADABLE", $"payments[{i}].status is ACCEPTED, PAID, REFUSED or RETURNED.");
            }

            if (item.ReasonCode is { Length: > BankCallback.LongestCode } || item.Currency is { Length: > 3 } || HasControl(item.ReasonCode) || HasControl(item.Reason) || HasControl(item.Currency)
                || (item.Amount is { } amount && (amount < 0 || amount >= CurrencyUnits.AmountLimit || CurrencyUnits.DecimalsIn(amount) > CurrencyUnits.StoredDecimals)))
            {
                return new Refusal("CALLBACK_UNREADABLE", $"payments[{i}]: reason_code has at most {BankCallback.LongestCode} characters, currency three, amount at most four decimals, and no text has control characters.");
            }

            var isOurs = PaymentReference.TryParse(reference, prefix, out var payment);
            var said = Masked.Text(item.Reason);
            items.Add(new CallbackItem(
                isOurs ? reference : Masked.Text(reference), isOurs ? payment : null, status, Masked.Text(item.ReasonCode),
                said is { Length: > BankCallback.LongestReason } ? said[..BankCallback.LongestReason] : said, item.Amount, item.Currency));
        }

        return items;
    }

    private static async Task<byte[]?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var part = new byte[64 << 10];
        while (await stream.ReadAsync(part, cancellationToken) is var read and > 0)
        {
            body.Write(part, 0, read);
            if (body.Length > MostBytes)
            {
                return null;
            }
        }

        return body.ToArray();
    }

    private static bool HasControl(string? text) => text is not null && text.Any(char.IsControl);

    private static string? Named(IBankConnectors banks, string code) => banks.Codes.FirstOrDefault(known => string.Equals(known, code, StringComparison.OrdinalIgnoreCase));

    private static Refusal NoBank(string code) => new(DispatchCodes.BankNotConfigured, $"There is no sponsor bank '{code}' in the settings.", RefusalKind.NotFound);

    [LoggerMessage(3092, LogLevel.Warning, "A callback in the name of bank {Bank} was refused: {Why}")]
    private static partial void LogRefused(ILogger logger, string bank, string why);

    [LoggerMessage(3093, LogLevel.Information, "{Payments} payments were called back by bank {Bank}, {Unknown} of them under unknown references")]
    private static partial void LogReceived(ILogger logger, int payments, string bank, int unknown);
}
