using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>
/// One step for one envelope: is the money there, or block it. Each step claims, asks the bank with no transaction open, and settles
/// under its fence. A block is asked for again only under the key it was first asked with, and only where the bank honours the key.
/// </summary>
internal static partial class FundNextEnvelope
{
    private const string Busy = "the bank is busy with other envelopes";

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        FundsRows rows, IMediator mediator, IBankConnectors banks, IOptions<FundsOptions> options, IOptionsMonitor<SponsorBanksOptions> accounts, TimeProvider clock, WorkSignal signal,
        [FromKeyedServices(FundsModule.Funding)] Lanes lanes, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        private readonly FundsOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await rows.ClaimDueAsync(_options.Lease, cancellationToken) is not { } claim)
            {
                return false;
            }

            var (settled, cause) = await StepAsync(claim.Row, claim.From, cancellationToken);
            if (!await rows.SettleAsync(claim.Row, settled, cause, CancellationToken.None))
            {
                LogLeaseLost(claim.Row.EnvelopeId, claim.Row.Fence);
                return true;
            }

            LogMoved(claim.Row.EnvelopeId, claim.Row.State, settled.State, settled.CheckErrorCode ?? settled.BlockErrorCode);
            if (settled.State == FundsState.Blocked)
            {
                await signal.RaiseAsync(Work.TakeFundedWork, cancellationToken);
            }

            return true;
        }

        private async Task<(EnvelopeFunds Settled, string Cause)> StepAsync(EnvelopeFunds row, FundsState from, CancellationToken cancellationToken)
        {
            // Not after an unknown answer: a block that may exist has to be found before it can be given back.
            if (from != FundsState.BlockUnknown && await IsCancelledAsync(row.EnvelopeId, cancellationToken))
            {
                return (row with { State = FundsState.Withdrawn }, "envelope cancelled");
            }

            return row.State == FundsState.Checking ? await CheckAsync(row) : await BlockAsync(row, from);
        }

        private async Task<(EnvelopeFunds, string)> CheckAsync(EnvelopeFunds row)
        {
            // A block that failed starts over here, so a corrected configuration takes effect; from the block on the account is fixed.
            var account = accounts.CurrentValue.AccountFor(row.ProgrammeId, row.BenefitCodeId);
            if (account is null || banks.Find(account.SponsorBankCode) is not { } bank)
            {
                return (CheckFailed(row, PartnerCodes.SponsorBankNotConfigured, "no sponsor bank is configured for this programme"), "not configured");
            }

            row = row with { BankCode = account.SponsorBankCode, AccountNumber = account.AccountNumber, AccountType = account.AccountType, BranchCode = account.BranchCode };
            if (row.Amount == 0)
            {
                return (Funded(Checked(row), "none", 0), "nothing to fund");
            }

            using var lane = lanes.TryEnter(account.SponsorBankCode);
            if (lane is null)
            {
                return (row with { State = FundsState.CheckPending, DueAt = clock.GetUtcNow() + _options.FirstRetry }, Busy);
            }

            var answer = await AskAsync(
                token => bank.CheckFundsAsync(new FundsRequest(account.AccountNumber, row.Currency, row.Amount, $"check-{row.EnvelopeNumber}-{row.CheckAttempts}"), token),
                why => new FundsCheck.NotKnown(why));
            return answer switch
            {
                FundsCheck.Sufficient => (Checked(row) with { State = FundsState.BlockPending, DueAt = clock.GetUtcNow() }, "bank says sufficient"),
                // The money may arrive any day, so there is no last try.
                FundsCheck.Insufficient no => (row with
                {
                    State = FundsState.NotAvailable,
                    DueAt = Later(row.CheckAttempts),
                    CheckFailures = 0,
                    CheckErrorCode = FundsCodes.Insufficient,
                    CheckError = Short(no.Reason),
                    CheckedAt = clock.GetUtcNow(),
                }, "bank says insufficient"),
                FundsCheck.NotKnown unknown => (CheckFailed(row, FundsCodes.CheckNotAnswered, unknown.Why), "no usable answer"),
                _ => throw new InvalidOperationException($"{answer.GetType()} is not a funds check."),
            };
        }

        private async Task<(EnvelopeFunds, string)> BlockAsync(EnvelopeFunds row, FundsState from)
        {
            if (banks.Find(row.BankCode!) is not { } bank)
            {
                return (row with { State = from == FundsState.BlockUnknown ? from : FundsState.BlockPending, DueAt = clock.GetUtcNow() + _options.LongestRetry, BlockErrorCode = PartnerCodes.SponsorBankNotConfigured },
                    "not configured");
            }

            if (from == FundsState.BlockUnknown && !bank.Capabilities.IdempotentBlock)
            {
                return (row with { State = FundsState.BlockUnknown, DueAt = null, BlockErrorCode = FundsCodes.BlockOutcomeUnknown }, "bank does not honour the key");
            }

            using var lane = lanes.TryEnter(row.BankCode!);
            if (lane is null)
            {
                return (row with { State = from, DueAt = clock.GetUtcNow() + _options.FirstRetry }, Busy);
            }

            var answer = await AskAsync(
                token => bank.BlockFundsAsync(new FundsRequest(row.AccountNumber!, row.Currency, row.Amount, row.BlockKey!), token),
                why => new FundsBlock.NotKnown(why));
            return answer switch
            {
                FundsBlock.Blocked granted when granted.Amount >= row.Amount => (Funded(row, granted.Reference, granted.Amount), "bank blocked it"),
                FundsBlock.Blocked less => (row with
                {
                    State = FundsState.Short,
                    BlockReference = less.Reference,
                    BlockedAmount = less.Amount,
                    BlockFailures = row.BlockFailures + 1,
                    BlockErrorCode = FundsCodes.BlockShort,
                    BlockError = "the bank granted less than was asked for",
                    BlockedAt = clock.GetUtcNow(),
                    ReleaseState = ReleaseState.Requested,
                    ReleaseDueAt = clock.GetUtcNow(),
                }, "bank granted less"),
                FundsBlock.Refused no => (row with
                {
                    State = FundsState.BlockFailed,
                    DueAt = Later(row.BlockFailures + 1),
                    BlockKey = null,
                    BlockFailures = row.BlockFailures + 1,
                    BlockErrorCode = FundsCodes.BlockRefused,
                    BlockError = Short(no.Reason),
                    BlockedAt = clock.GetUtcNow(),
                }, "bank refused"),
                FundsBlock.NotSent unsent => (row with
                {
                    // An earlier request with this key may still be unknown, and stays so.
                    State = from,
                    DueAt = Later(row.BlockFailures + 1),
                    BlockFailures = row.BlockFailures + 1,
                    BlockErrorCode = from == FundsState.BlockUnknown ? FundsCodes.BlockOutcomeUnknown : FundsCodes.BlockNotSent,
                    BlockError = Short(unsent.Why),
                }, "bank could not be reached"),
                FundsBlock.NotKnown unknown => (row with
                {
                    State = FundsState.BlockUnknown,
                    DueAt = bank.Capabilities.IdempotentBlock ? Later(row.BlockFailures + 1) : null,
                    BlockFailures = row.BlockFailures + 1,
                    BlockErrorCode = FundsCodes.BlockOutcomeUnknown,
                    BlockError = Short(unknown.Why),
                    BlockedAt = clock.GetUtcNow(),
                }, "no usable answer"),
                _ => throw new InvalidOperationException($"{answer.GetType()} is not an answer to a block."),
            };
        }

        private async Task<TAnswer> AskAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> call, Func<string, TAnswer> notKnown)
        {
            // Not ended by a shutdown: a call that is on its way is worth the wait, its outcome would be lost.
            using var limit = new CancellationTokenSource(_options.CallTimeout);
            try
            {
                return await call(limit.Token).WaitAsync(_options.CallTimeout, CancellationToken.None);
            }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return notKnown(exception.GetType().Name);
            }
        }

        private async Task<bool> IsCancelledAsync(string envelopeId, CancellationToken cancellationToken) =>
            (await mediator.Send(new ReadEnvelopes([envelopeId]), cancellationToken)) is [{ Status: EnvelopeStatus.Cancelled }];

        private EnvelopeFunds Funded(EnvelopeFunds row, string reference, decimal amount) => row with
        {
            State = FundsState.Blocked,
            BlockReference = reference,
            BlockedAmount = amount,
            BlockedAt = clock.GetUtcNow(),
            BlockFailures = 0,
            BlockErrorCode = null,
            BlockError = null,
            WatchAt = clock.GetUtcNow() + _options.CancelWatchInterval,
        };

        private EnvelopeFunds Checked(EnvelopeFunds row) => row with { CheckFailures = 0, CheckErrorCode = null, CheckError = null, CheckedAt = clock.GetUtcNow() };

        private EnvelopeFunds CheckFailed(EnvelopeFunds row, string code, string why)
        {
            var failures = row.CheckFailures + 1;
            var given = failures >= _options.MaxAttempts;
            return row with
            {
                State = given ? FundsState.CheckError : FundsState.CheckPending,
                DueAt = given ? clock.GetUtcNow() + _options.LongestRetry : Later(failures),
                CheckFailures = failures,
                CheckErrorCode = code,
                CheckError = Short(why),
                CheckedAt = clock.GetUtcNow(),
            };
        }

        private DateTimeOffset Later(int failures) => clock.GetUtcNow() + BackOff.After(failures, _options.FirstRetry, _options.LongestRetry);

        private static string Short(string text) => text.Length <= 500 ? text : text[..500];

        [LoggerMessage(2510, LogLevel.Information, "Funds of envelope {EnvelopeId}: {From} to {To}, code {Code}")]
        private partial void LogMoved(string envelopeId, FundsState from, FundsState to, string? code);

        [LoggerMessage(2511, LogLevel.Warning, "Funds of envelope {EnvelopeId}: the lease of claim {Fence} was lost; its outcome is left to whoever took over")]
        private partial void LogLeaseLost(string envelopeId, long fence);
    }
}
