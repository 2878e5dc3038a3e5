using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>
/// Gives one block back: what an envelope did not use, or a block that was too small. Releasing may be repeated, so whatever is not a
/// definite answer is asked again, at most at the longest pause, until it is one.
/// </summary>
internal static partial class ReleaseNextBlock
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        FundsRows rows, IBankConnectors banks, [FromKeyedServices(FundsModule.Releasing)] Lanes lanes, IOptions<FundsOptions> options, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        private readonly FundsOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await rows.ClaimReleaseAsync(_options.Lease, cancellationToken) is not { } claim)
            {
                return false;
            }

            var (settled, cause) = await ReleaseAsync(claim.Row);
            if (!await rows.SettleAsync(claim.Row, settled, cause, CancellationToken.None))
            {
                LogLeaseLost(claim.Row.EnvelopeId, claim.Row.Fence);
                return true;
            }

            LogReleased(claim.Row.EnvelopeId, settled.ReleaseState, settled.ReleaseErrorCode);
            if (settled.State != claim.Row.State)
            {
                await signal.RaiseAsync(Work.FundEnvelopes, cancellationToken);
            }

            return true;
        }

        private async Task<(EnvelopeFunds Settled, string Cause)> ReleaseAsync(EnvelopeFunds row)
        {
            if (banks.Find(row.BankCode!) is not { } bank)
            {
                return (Again(row, PartnerCodes.SponsorBankNotConfigured), "not configured");
            }

            if (!bank.Capabilities.CanRelease)
            {
                return (row with { ReleaseState = ReleaseState.Impossible, ReleaseErrorCode = FundsCodes.ReleaseImpossible }, "the bank cannot release");
            }

            using var lane = lanes.TryEnter(row.BankCode!);
            if (lane is null)
            {
                return (row with { ReleaseState = ReleaseState.Requested, ReleaseDueAt = clock.GetUtcNow() + _options.FirstRetry }, "the bank is busy with other blocks");
            }

            return await AskAsync(bank, row.BlockReference!) switch
            {
                BlockRelease.Released released when row.State == FundsState.Short => (row with
                {
                    // Gone entirely: the wish for the whole amount starts over, with a key of its own.
                    State = FundsState.BlockFailed,
                    DueAt = clock.GetUtcNow() + BackOff.After(row.BlockFailures, _options.FirstRetry, _options.LongestRetry),
                    BlockKey = null,
                    BlockReference = null,
                    BlockedAmount = 0,
                    ReleaseState = ReleaseState.None,
                    ReleaseErrorCode = null,
                }, string.Create(CultureInfo.InvariantCulture, $"short block of {released.Amount} given back")),
                BlockRelease.Released released => (row with
                {
                    ReleaseState = ReleaseState.Released,
                    ReleasedAmount = decimal.Clamp(released.Amount, 0, row.BlockedAmount),
                    ReleaseErrorCode = null,
                }, "given back"),
                BlockRelease.Refused => (Again(row, FundsCodes.ReleaseRefused), "bank refused"),
                _ => (Again(row, FundsCodes.ReleaseNotAnswered), "no usable answer"),
            };
        }

        private async Task<BlockRelease> AskAsync(IBankConnector bank, string reference)
        {
            // Not ended by a shutdown: a call that is on its way is worth the wait, its outcome would be lost.
            using var limit = new CancellationTokenSource(_options.CallTimeout);
            try
            {
                return await bank.ReleaseBlockAsync(reference, limit.Token).WaitAsync(_options.CallTimeout, CancellationToken.None);
            }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return new BlockRelease.NotKnown(exception.GetType().Name);
            }
        }

        private EnvelopeFunds Again(EnvelopeFunds row, string code) => row with
        {
            ReleaseState = ReleaseState.Requested,
            ReleaseErrorCode = code,
            ReleaseDueAt = clock.GetUtcNow() + BackOff.After(row.ReleaseAttempts, _options.FirstRetry, _options.LongestRetry),
        };

        [LoggerMessage(2520, LogLevel.Information, "Block of envelope {EnvelopeId}: release is {State}, code {Code}")]
        private partial void LogReleased(string envelopeId, ReleaseState state, string? code);

        [LoggerMessage(2521, LogLevel.Warning, "Block of envelope {EnvelopeId}: the lease of claim {Fence} was lost")]
        private partial void LogLeaseLost(string envelopeId, long fence);
    }
}
