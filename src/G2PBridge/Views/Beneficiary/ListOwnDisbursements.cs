using System.Text.Json;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Views.Beneficiary;

/// <summary>get_all_disbursements of the beneficiary portal: what is meant for the person in the token, newest first (contract, end of section 2).</summary>
internal static class ListOwnDisbursements
{
    public const string Path = "bene-portal/disbursement/get_all_disbursements";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapUnsigned(Path, HandleAsync).WithMetadata(new SpeaksForBeneficiary()).WithName("get_all_disbursements");

    internal sealed record Query(string BeneficiaryId, PageRequest Page) : IRequest<Response>;

    internal sealed record Response(int Items, IReadOnlyList<(LineOfPerson Line, string? Agency)> Lines);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var page = PageRequest.Read(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        var found = await services.GetRequiredService<IMediator>().Send(new Query(services.GetRequiredService<CurrentBeneficiary>().Id, page), cancellationToken);
        return found.Lines.Count == 0
            ? PartnerAnswer.Error(PartnerCodes.DisbursementNotFound, "There is no disbursement for you on this page.", PartnerAnswer.EmptyList)
            : PartnerAnswer.Page(found.Items, page.PagesOf(found.Items), writer => Write(writer, found.Lines));
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<(LineOfPerson Line, string? Agency)> lines)
    {
        writer.WriteStartArray();
        foreach (var (line, agency) in lines)
        {
            writer.WriteStartObject();
            writer.WriteString("disbursement_id"u8, line.DisbursementId);
            writer.WriteString("disbursement_envelope_id"u8, line.EnvelopeId);
            writer.WriteString("program_mnemonic"u8, line.ProgrammeMnemonic);
            writer.WriteString("cycle_code_mnemonic"u8, line.CycleMnemonic);
            writer.WriteQuantity("disbursement_quantity"u8, line.Quantity);
            writer.WriteString("benefit_code"u8, line.BenefitCodeMnemonic);
            writer.WriteString("benefit_type"u8, WireText.Capitals(line.BenefitType));
            writer.WriteString("agency_mnemonic"u8, agency);
            writer.WriteString("measurement_unit"u8, line.Unit);
            writer.WriteString("disbursement_schedule_date"u8, WireText.Date(line.ScheduleDate));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    internal sealed class Handler(IMediator mediator, FeatureFlags flags) : IRequestHandler<Query, Response>
    {
        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await mediator.Send(new ListLinesOfPerson(request.BeneficiaryId, request.Page.Skip, request.Page.Size), cancellationToken);
            var placed = found.Lines.Where(line => line.BenefitType != BenefitType.CashDigital).Select(line => line.Seq).ToList();
            var agencies = !flags.InKind || placed.Count == 0
                ? []
                : (await mediator.Send(new FindHandouts(placed), cancellationToken)).ToDictionary(handout => handout.Seq, handout => handout.AgencyMnemonic);
            return new(found.Total, [.. found.Lines.Select(line => (line, agencies.GetValueOrDefault(line.Seq)))]);
        }
    }
}
