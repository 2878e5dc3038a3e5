using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Views.Beneficiary;

/// <summary>
/// get_disbursement_summary_till_date of the beneficiary portal: what the person in the token has received so far, by benefit. Received is what is proved:
/// digital cash by a debit on a statement that was not returned, everything else by a proof of delivery.
/// </summary>
internal static class SummariseOwnDisbursements
{
    public const string Path = "bene-portal/disbursement/get_disbursement_summary_till_date";

    /// <summary>Lines looked at in one go; nobody has so many.</summary>
    private const int LinesPerStep = 1_000;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapUnsigned(Path, HandleAsync).WithMetadata(new SpeaksForBeneficiary()).WithName("get_disbursement_summary_till_date");

    internal sealed record Query(string BeneficiaryId) : IRequest<IReadOnlyList<Benefit>>;

    internal sealed record Benefit(string? CodeMnemonic, BenefitType Type, string Unit, decimal Received);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var benefits = await services.GetRequiredService<IMediator>().Send(new Query(services.GetRequiredService<CurrentBeneficiary>().Id), cancellationToken);
        return benefits.Count == 0
            ? PartnerAnswer.Error(PartnerCodes.DisbursementSummaryNotFound, "There is no disbursement for you.", PartnerAnswer.EmptyList)
            : PartnerAnswer.Success(writer =>
            {
                writer.WriteStartArray();
                foreach (var benefit in benefits)
                {
                    writer.WriteStartObject();
                    writer.WriteString("benefit_code_mnemonic"u8, benefit.CodeMnemonic);
                    writer.WriteString("benefit_type"u8, WireText.Capitals(benefit.Type));
                    writer.WriteString("measurement_unit"u8, benefit.Unit);
                    writer.WriteQuantity("total_quantity_received"u8, benefit.Received);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
    }

    internal sealed class Handler(IMediator mediator, FeatureFlags flags) : IRequestHandler<Query, IReadOnlyList<Benefit>>
    {
        public async Task<IReadOnlyList<Benefit>> Handle(Query request, CancellationToken cancellationToken)
        {
            var received = new Dictionary<(string? Code, BenefitType Type, string Unit), decimal>();
            for (var skip = 0L; ; skip += LinesPerStep)
            {
                var page = await mediator.Send(new ListLinesOfPerson(request.BeneficiaryId, skip, LinesPerStep), cancellationToken);
                var quantities = await ReceivedAsync(page.Lines, cancellationToken);
                foreach (var line in page.Lines)
                {
                    var key = (line.BenefitCodeMnemonic, line.BenefitType, line.Unit);
                    received[key] = received.GetValueOrDefault(key) + quantities.GetValueOrDefault(line.Seq);
                }

                if (page.Lines.Count < LinesPerStep)
                {
                    return [.. received.Select(benefit => new Benefit(benefit.Key.Code, benefit.Key.Type, benefit.Key.Unit, benefit.Value)).OrderBy(benefit => benefit.CodeMnemonic, StringComparer.Ordinal)];
                }
            }
        }

        private async Task<Dictionary<long, decimal>> ReceivedAsync(IReadOnlyList<LineOfPerson> lines, CancellationToken cancellationToken)
        {
            var quantities = new Dictionary<long, decimal>();
            var digital = lines.Where(line => line.BenefitType == BenefitType.CashDigital).Select(line => line.Seq).ToList();
            if (digital.Count > 0)
            {
                foreach (var matches in (await mediator.Send(new FindMatches(digital), cancellationToken)).GroupBy(match => match.Line))
                {
                    // Only the newest payment of a line can have arrived; those before it are proved unpaid.
                    var newest = matches.Where(match => match.Generation == matches.Max(other => other.Generation)).ToList();
                    quantities[matches.Key] = newest.Exists(match => match.IsReturn) ? 0 : newest.First(match => !match.IsReturn).Amount;
                }
            }

            var placed = lines.Where(line => line.BenefitType != BenefitType.CashDigital).Select(line => line.Seq).ToList();
            if (flags.InKind && placed.Count > 0)
            {
                foreach (var handout in await mediator.Send(new FindHandouts(placed), cancellationToken))
                {
                    quantities[handout.Seq] = handout.Delivered ?? 0;
                }
            }

            return quantities;
        }
    }
}
