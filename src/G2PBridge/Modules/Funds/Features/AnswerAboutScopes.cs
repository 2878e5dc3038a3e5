using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>Which bank an envelope or an account belongs to, for whoever may see some banks only.</summary>
internal static class AnswerAboutScopes
{
    internal sealed class Accounts(IOptionsMonitor<SponsorBanksOptions> options, FundsDbContext db) : IRequestHandler<ListSponsorAccounts, IReadOnlyList<string>>
    {
        public async Task<IReadOnlyList<string>> Handle(ListSponsorAccounts request, CancellationToken cancellationToken)
        {
            var banks = request.SponsorBankCodes.ToHashSet(StringComparer.OrdinalIgnoreCase);
            var configured = options.CurrentValue.Accounts.Append(options.CurrentValue.Default).OfType<SponsorBanksOptions.AccountOptions>().ToList();
            var paidFrom = await db.EnvelopeFunds.AsNoTracking().Where(funds => funds.AccountNumber != null).Select(funds => new { funds.BankCode, funds.AccountNumber }).Distinct().ToListAsync(cancellationToken);

            // Of an account that moved from one bank to another, the settings say whose it is now.
            return
            [
                .. configured.Where(account => banks.Contains(account.SponsorBankCode)).Select(account => account.AccountNumber)
                    .Concat(paidFrom.Where(row => row.BankCode is { } code && banks.Contains(code) && configured.TrueForAll(account => account.AccountNumber != row.AccountNumber)).Select(row => row.AccountNumber!))
                    .Distinct(StringComparer.Ordinal),
            ];
        }
    }

    internal sealed class Scopes(IOptionsMonitor<SponsorBanksOptions> options, FundsDbContext db, IMediator mediator) : IRequestHandler<FindEnvelopeScopes, IReadOnlyList<EnvelopeScope>>
    {
        public async Task<IReadOnlyList<EnvelopeScope>> Handle(FindEnvelopeScopes request, CancellationToken cancellationToken)
        {
            var banks = await db.EnvelopeFunds.AsNoTracking().Where(funds => request.EnvelopeIds.Contains(funds.EnvelopeId) && funds.BankCode != null)
                .ToDictionaryAsync(funds => funds.EnvelopeId, funds => funds.BankCode!, StringComparer.Ordinal, cancellationToken);
            return
            [
                .. (await mediator.Send(new ReadEnvelopes(request.EnvelopeIds), cancellationToken)).Select(envelope => new EnvelopeScope(
                    envelope.Id, envelope.ProgrammeMnemonic,
                    banks.GetValueOrDefault(envelope.Id) ?? options.CurrentValue.AccountFor(envelope.ProgrammeId, envelope.BenefitCodeId)?.SponsorBankCode)),
            ];
        }
    }
}
