using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>The questions and orders of other modules (Contracts), one handler each.</summary>
internal static class AnswerAboutFunds
{
    internal sealed class AccountOfProgramme(IOptionsMonitor<SponsorBanksOptions> options) : IRequestHandler<FindSponsorAccount, SponsorAccount?>
    {
        public Task<SponsorAccount?> Handle(FindSponsorAccount request, CancellationToken cancellationToken) =>
            Task.FromResult(options.CurrentValue.AccountFor(request.ProgrammeId, request.BenefitCodeId));
    }

    /// <summary>Configured accounts first, then accounts that envelopes were paid from before the configuration changed.</summary>
    internal sealed class AccountByNumber(IOptionsMonitor<SponsorBanksOptions> options, FundsDbContext db) : IRequestHandler<FindSponsorAccountByNumber, SponsorAccount?>
    {
        public async Task<SponsorAccount?> Handle(FindSponsorAccountByNumber request, CancellationToken cancellationToken)
        {
            var configured = options.CurrentValue.Accounts.Append(options.CurrentValue.Default).FirstOrDefault(account => account?.AccountNumber == request.AccountNumber);
            if (configured is not null)
            {
                return configured.ToAccount();
            }

            var row = await db.EnvelopeFunds.AsNoTracking()
                .Where(funds => funds.AccountNumber == request.AccountNumber && funds.State == FundsState.Blocked)
                .OrderByDescending(funds => funds.EnvelopeNumber)
                .FirstOrDefaultAsync(cancellationToken);
            return row is null ? null : FundsRows.AccountOf(row);
        }
    }

    internal sealed class NewlyFunded(FundsDbContext db) : IRequestHandler<ListNewFundedEnvelopes, IReadOnlyList<FundedEnvelope>>
    {
        public async Task<IReadOnlyList<FundedEnvelope>> Handle(ListNewFundedEnvelopes request, CancellationToken cancellationToken)
        {
            var rows = await db.EnvelopeFunds.AsNoTracking()
                .Where(funds => funds.State == FundsState.Blocked && funds.AcknowledgedAt == null)
                .OrderBy(funds => funds.EnvelopeNumber)
                .Take(request.Limit)
                .ToListAsync(cancellationToken);
            return [.. rows.Select(row => new FundedEnvelope(row.EnvelopeId, row.EnvelopeNumber, FundsRows.AccountOf(row)!, row.Currency, row.BlockedAmount, row.BlockReference!))];
        }
    }

    internal sealed class Acknowledge(FundsRows rows) : AsyncRequestHandler<AcknowledgeFundedEnvelopes>
    {
        protected override Task Handle(AcknowledgeFundedEnvelopes request, CancellationToken cancellationToken) => rows.AcknowledgeAsync(request.EnvelopeIds, cancellationToken);
    }

    internal sealed class Release(FundsRows rows, WorkSignal signal) : AsyncRequestHandler<ReleaseUnusedFunds>
    {
        protected override async Task Handle(ReleaseUnusedFunds request, CancellationToken cancellationToken)
        {
            if (await rows.RequestReleaseAsync([request.EnvelopeId], request.Used, "nothing more will be sent", cancellationToken) > 0)
            {
                await signal.RaiseAsync(FundsModule.ReleaseFunds, cancellationToken);
            }
        }
    }

    internal sealed class Status(FundsReads reads) : IRequestHandler<ReadFundsStatus, IReadOnlyList<FundsStatus>>
    {
        public async Task<IReadOnlyList<FundsStatus>> Handle(ReadFundsStatus request, CancellationToken cancellationToken) =>
            await reads.StatusAsync(request.EnvelopeIds, cancellationToken);
    }
}
