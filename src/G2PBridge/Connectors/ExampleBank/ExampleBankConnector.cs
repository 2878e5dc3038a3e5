using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using static G2PBridge.Connectors.ExampleBank.ExampleBankWire;

namespace G2PBridge.Connectors.ExampleBank;

/// <summary>
/// The Example Bank (contract, section 4). Only what the bank documents counts as an answer: its "success" and "failed", and its
/// refusal of a body it cannot read. Everything else leaves the outcome open.
/// </summary>
internal sealed class ExampleBankConnector(ExampleBankSettings settings, BankCall bank, HttpMessageHandler? connections = null, bool signs = false) : IBankConnector, IDisposable
{
    public const string Kind = "example-bank";

    /// <summary>The bank's word for "I have this reference already", which proves the opposite of a refusal.</summary>
    private const string DuplicateReference = "DUPLICATE_REFERENCE";
    private const string Success = "success";
    private const string Failed = "failed";
    private const string InvalidRequestCode = "G2P-REQ-102";
    private const int LongestAnswer = 64 << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public BankCapabilities Capabilities { get; } = new(
        settings.CanInquire, settings.CanRelease, settings.IdempotentBlock, settings.IdempotentPayments, settings.PerLineOutcome,
        settings.CanInquire ? settings.NotFoundIsFinalAfter : null, settings.MostPaymentsPerOrder);

    public static IBankConnector Create(IServiceProvider provider, string bankCode, IConfigurationSection section)
    {
        var settings = BankConnectors.Read<ExampleBankSettings>(section);
        var security = CallSecurity.Read(provider, section, $"bank {bankCode}");
        // One for each bank: what it shows and trusts is the bank's own.
        var connections = security.Secure(Handler());
        return BankConnectors.Guard(
            provider, new ExampleBankConnector(settings, new BankCall(() => Prepare(new HttpClient(connections, disposeHandler: false)), settings, security), connections, security.Signs), section);
    }

    public void Dispose() => connections?.Dispose();

    /// <summary>No redirects, which would send a payment twice, and a connection attempt that ends as such instead of as a doubt.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(ConnectTimeout);
                await socket.ConnectAsync(context.DnsEndPoint, limit.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                socket.Dispose();
                throw new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    public async Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        var reply = await ReadAsync("check_funds", Write(new CheckRequest(request.AccountNumber, request.Currency, Amount(request.Amount)), ExampleBankJson.Default.CheckRequest), cancellationToken);
        return Read(reply, ExampleBankJson.Default.CheckResponse) switch
        {
            { Status: Success, HasSufficientFunds: null or true } => new FundsCheck.Sufficient(),
            { Status: Failed or Success } no => new FundsCheck.Insufficient(no.ErrorMessage is { Length: > 0 } why ? why : "insufficient"),
            _ => new FundsCheck.NotKnown(Why(reply)),
        };
    }

    public async Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        var body = Write(new BlockRequest(request.AccountNumber, request.Currency, Amount(request.Amount)), ExampleBankJson.Default.BlockRequest);
        var reply = await bank.PostAsync("block_funds", body, Key(settings.IdempotentBlock, request.Key), false, cancellationToken);
        return Read(reply, ExampleBankJson.Default.BlockResponse) switch
        {
            { Status: Success, BlockReferenceNo: { Length: > 0 and <= 64 } reference } granted => new FundsBlock.Blocked(reference, granted.GrantedAmount ?? request.Amount),
            { Status: Failed } no => new FundsBlock.Refused(no.ErrorMessage is { Length: > 0 } why ? why : "refused"),
            _ when reply is BankReply.NotSent unsent => throw new BankUnavailableException(unsent.Why, unsent.RetryAfter),
            _ => new FundsBlock.NotKnown(Why(reply)),
        };
    }

    public async Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken)
    {
        var reply = await bank.PostAsync("release_block", Write(new ReleaseRequest(blockReference), ExampleBankJson.Default.ReleaseRequest), null, false, cancellationToken);
        return Read(reply, ExampleBankJson.Default.ReleaseResponse) switch
        {
            { Status: Success } released => new BlockRelease.Released(released.ReleasedAmount ?? 0),
            { Status: Failed } no => new BlockRelease.Refused(no.ErrorMessage ?? "refused"),
            _ => new BlockRelease.NotKnown(Why(reply)),
        };
    }

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        var date = order.PaymentDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var body = Write([.. order.Payments.Select(payment => Line(order, payment, date))], ExampleBankJson.Default.PaymentRequestArray);
        var reply = await bank.PostAsync("initiate_payment", body, Key(settings.IdempotentPayments, order.IdempotencyKey), settings.PerLineOutcome, cancellationToken);
        return reply switch
        {
            BankReply.NotSent unsent => new PaymentAnswer.NotSent(unsent.Why, unsent.RetryAfter),
            BankReply.Answered { Status: HttpStatusCode.BadRequest } invalid when IsInvalidRequest(invalid) =>
                new PaymentAnswer.Refused("INVALID_REQUEST", "the bank could not read the order"),
            _ => Understand(order, Read(reply, ExampleBankJson.Default.PaymentResponse), reply),
        };
    }

    public async Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        var reply = await ReadAsync("inquire_payments", Write(new InquiryRequest(references), ExampleBankJson.Default.InquiryRequest), cancellationToken);
        return Read(reply, ExampleBankJson.Default.InquiryResponse) is { Status: Success, Payments: { } payments }
            ? [.. payments.Select(Inquired).OfType<PaymentInquiry>()]
            : [];
    }

    public RecognisedEntry Recognise(StatementEntryText entry)
    {
        var reference = Text(entry.CustomerReference) ?? Narrative(entry, 4);
        return new RecognisedEntry(reference, Narrative(entry, 3), entry.IsReversal ? entry.Narratives.Select(Text).LastOrDefault(text => text is not null) : null);
    }

    /// <summary>What did not reach the bank is told apart, with the time that the bank asked for.</summary>
    private async Task<BankReply> ReadAsync(string endpoint, byte[] body, CancellationToken cancellationToken) =>
        await bank.PostAsync(endpoint, body, null, false, cancellationToken) is var reply && reply is BankReply.NotSent unsent ? throw new BankUnavailableException(unsent.Why, unsent.RetryAfter) : reply;

    private static PaymentAnswer Understand(PaymentOrder order, PaymentResponse? answer, BankReply reply)
    {
        if (answer is { Payments: { } lines, Status: Success or Failed or "partial" })
        {
            return PerLine(order, lines);
        }

        return answer switch
        {
            { Status: Success } => PaymentAnswer.Accepted.All,
            { Status: Failed } no when !(no.ErrorMessage ?? "").Contains(DuplicateReference, StringComparison.OrdinalIgnoreCase) =>
                new PaymentAnswer.Refused("REFUSED_BY_BANK", no.ErrorMessage is { Length: > 0 } why ? why : "refused"),
            { Status: Failed } => new PaymentAnswer.NotKnown("the bank says that it has one of the references already"),
            _ => new PaymentAnswer.NotKnown(Why(reply)),
        };
    }

    private static PaymentAnswer.Accepted PerLine(PaymentOrder order, IReadOnlyList<PaymentAnswerLine> lines)
    {
        var byReference = new Dictionary<string, PaymentAnswerLine>(lines.Count, StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.PaymentReferenceNumber is { } reference)
            {
                byReference[reference] = line;
            }
        }

        var (refused, unknown) = (new List<PaymentRefusal>(), new List<string>());
        foreach (var payment in order.Payments)
        {
            switch (byReference.GetValueOrDefault(payment.Reference))
            {
                case { Status: "ACCEPTED" }:
                    break;
                case { Status: "REFUSED" } no when no.Reason != DuplicateReference:
                    refused.Add(new PaymentRefusal(payment.Reference, no.Reason ?? "REFUSED_BY_BANK", null));
                    break;
                default:
                    unknown.Add(payment.Reference);
                    break;
            }
        }

        return refused.Count == 0 && unknown.Count == 0 ? PaymentAnswer.Accepted.All : new PaymentAnswer.Accepted(refused, unknown);
    }

    /// <summary>A returned payment counts as accepted: the bank had it, and the statement brings the return.</summary>
    private static PaymentInquiry? Inquired(PaymentAnswerLine line) => line switch
    {
        { PaymentReferenceNumber: { } reference, Status: "ACCEPTED" or "PAID" or "RETURNED" } => new PaymentInquiry(reference, PaymentKnowledge.Accepted, null, null),
        { PaymentReferenceNumber: { } reference, Status: "REFUSED" } => new PaymentInquiry(reference, PaymentKnowledge.Refused, line.Reason ?? "REFUSED_BY_BANK", null),
        { PaymentReferenceNumber: { } reference, Status: "NOT_FOUND" } => new PaymentInquiry(reference, PaymentKnowledge.NotFound, null, null),
        _ => null,
    };

    /// <summary>Signed amounts lose their trailing zeros: a bank that writes the numbers anew before it checks the signature leaves them out.</summary>
    private decimal Amount(decimal amount) => signs ? amount / 1.0000000000000000000000000000m : amount;

    private PaymentRequest Line(PaymentOrder order, Payment payment, string date) => new(
        payment.Reference, order.AccountNumber, order.Currency, Amount(payment.Amount), order.BlockReference, payment.BeneficiaryName ?? "N/A",
        payment.AccountNumber, order.Currency, payment.AddressKind, payment.BankCode, payment.BranchCode, payment.MobileWalletProvider,
        payment.MobileNumber, payment.EmailAddress, payment.EmailWalletProvider, payment.Narrative ?? "", order.ProgrammeMnemonic ?? "",
        order.CycleMnemonic ?? "", payment.BeneficiaryId, payment.DisbursementId, "", date);

    private static HttpClient Prepare(HttpClient client)
    {
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.MaxResponseContentBufferSize = LongestAnswer;
        return client;
    }

    private static bool IsInvalidRequest(BankReply.Answered reply) =>
        Parse(reply.Body, ExampleBankJson.Default.InvalidRequest)?.Errors?.Any(error => error.Code == InvalidRequestCode) == true;

    private static T? Read<T>(BankReply reply, JsonTypeInfo<T> type)
        where T : class => reply is BankReply.Answered { IsSuccess: true } answer ? Parse(answer.Body, type) : null;

    private static T? Parse<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    private static string? Key(bool honoured, string key) => honoured ? key : null;

    private static string? Narrative(StatementEntryText entry, int place) => place < entry.Narratives.Count ? Text(entry.Narratives[place]) : null;

    /// <summary>The bank writes "None" where it has nothing.</summary>
    private static string? Text(string? text) => text?.Trim() is { Length: > 0 } trimmed && trimmed != "None" ? trimmed : null;

    private static string Why(BankReply reply) => reply switch
    {
        BankReply.NotSent unsent => unsent.Why,
        BankReply.NotKnown unknown => unknown.Why,
        BankReply.Answered { IsSuccess: false } answer => $"HTTP {(int)answer.Status}",
        _ => "an answer that nobody can read",
    };
}
