using System.Globalization;
using System.Text.Json;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.PartnerApi;
using MediatR;

namespace G2PBridge.Views.Partner;

/// <summary>get_disbursement_status: what the statements say of each disbursement (contract, section 1.4.3). Five set queries, however many ids.</summary>
internal static class GetDisbursementStatus
{
    public const string Path = "get_disbursement_status";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Query(IReadOnlyList<string> Ids, AccessScope Scope) : IRequest<Result<Answers>>;

    /// <param name="Archived">Ids whose lines lie in an archive; they stand among the statuses as ids of which nothing is known here.</param>
    internal sealed record Answers(List<Response> Statuses, IReadOnlyList<string> Archived);

    internal sealed record Response(string Id, FoundLine? Line, MatchedEntry? Debit, MatchedEntry? Return, bool NothingToPay, IReadOnlyList<UnmatchedEntry> Errors);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var ids = ReadIds(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        if (ids.Count == 0)
        {
            return PartnerAnswer.Error(PartnerCodes.EmptyRequestPayload, "request_payload names no disbursement; send at least one id.", PartnerAnswer.EmptyList);
        }

        var answered = await services.GetRequiredService<IMediator>().Send(new Query(ids, request.Scope), cancellationToken);
        if (answered.Refusal is { } foreign)
        {
            return PartnerAnswer.Error(foreign, PartnerAnswer.EmptyList);
        }

        var statuses = answered.Value.Statuses;
        void WriteAll(Utf8JsonWriter writer)
        {
            writer.WriteStartArray();
            foreach (var status in statuses)
            {
                Write(writer, status, request.Generation);
                writer.FlushIfLarge();
            }

            writer.WriteEndArray();
        }

        return answered.Value.Archived is [var first, ..]
            ? PartnerAnswer.Error(
                PartnerCodes.DisbursementArchived,
                string.Create(CultureInfo.InvariantCulture, $"{answered.Value.Archived.Count} of these disbursements were settled and lie in an archive, such as '{first}'; an operator can look there. The others are answered."), WriteAll)
            : PartnerAnswer.Success(WriteAll);
    }

    private static List<string> ReadIds(PartnerRequest request, WireErrors errors)
    {
        var ids = new List<string>();
        if (!request.HasPayload)
        {
            return ids;
        }

        var reader = request.PayloadReader();
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && request.Generation == WireGeneration.First)
        {
            ids.Add(WireValue.Text(ref reader, "message", errors) ?? "");
            return ids;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            errors.Add("request_payload", "Input should be a valid list");
            return ids;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray && request.HasRoom(ids.Count, errors))
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"request_payload[{ids.Count}]");
            if (reader.TokenType == JsonTokenType.Null)
            {
                errors.Add(field, "Input should be a valid string");
                continue;
            }

            ids.Add(WireValue.Text(ref reader, field, errors) ?? "");
        }

        return ids;
    }

    private static void Write(Utf8JsonWriter writer, Response status, WireGeneration generation)
    {
        writer.WriteStartObject();
        writer.WriteString("reconciliation_id"u8, status.Id);
        if (generation == WireGeneration.First)
        {
            writer.WriteString("disbursement_id"u8, status.Id);
        }

        writer.WriteStartObject("disbursement_recon_records"u8);
        writer.WriteStartArray("disbursement_recon_payloads"u8);
        if (status.Line is { } line && (status.Debit is not null || status.NothingToPay))
        {
            WriteMatch(writer, line, status.Debit, status.Return);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("disbursement_error_recon_payloads"u8);
        foreach (var error in status.Errors)
        {
            WriteError(writer, status, error);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMatch(Utf8JsonWriter writer, FoundLine line, MatchedEntry? debit, MatchedEntry? back)
    {
        writer.WriteStartObject();
        writer.WriteString("disbursement_batch_control_id"u8, line.BatchId);
        writer.WriteString("disbursement_id"u8, line.IsPayout ? null : line.DisbursementId);
        writer.WriteString("disbursement_batch_control_geo_id"u8, line.IsPayout ? line.DisbursementId : null);
        writer.WriteString("disbursement_envelope_id"u8, line.EnvelopeId);
        writer.WriteString("beneficiary_name_from_bank"u8, debit?.NameFromBank);
        writer.WriteString("remittance_reference_number"u8, debit?.BankReference);
        writer.WriteString("remittance_statement_id"u8, debit?.StatementId.ToString());
        writer.WriteString("remittance_statement_number"u8, debit?.StatementNumber);
        writer.WriteString("remittance_statement_sequence"u8, debit?.StatementSequence);
        writer.WriteString("remittance_entry_sequence"u8, debit?.EntryNo.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("remittance_entry_date"u8, WireText.Midnight(debit?.EntryDate));
        writer.WriteString("remittance_value_date"u8, WireText.Midnight(debit?.ValueDate));
        writer.WriteBoolean("reversal_found"u8, back is not null);
        writer.WriteString("reversal_statement_id"u8, back?.StatementId.ToString());
        writer.WriteString("reversal_statement_number"u8, back?.StatementNumber);
        writer.WriteString("reversal_statement_sequence"u8, back?.StatementSequence);
        writer.WriteString("reversal_entry_sequence"u8, back?.EntryNo.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("reversal_entry_date"u8, WireText.Midnight(back?.EntryDate));
        writer.WriteString("reversal_value_date"u8, WireText.Midnight(back?.ValueDate));
        writer.WriteString("reversal_reason"u8, back is null ? null : back.Reason ?? back.ReasonCode);
        writer.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter writer, Response status, UnmatchedEntry error)
    {
        writer.WriteStartObject();
        writer.WriteString("statement_id"u8, error.StatementId.ToString());
        writer.WriteString("statement_number"u8, error.StatementNumber);
        writer.WriteString("statement_sequence"u8, error.StatementSequence);
        writer.WriteString("entry_sequence"u8, error.EntryNo.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("entry_date"u8, WireText.Midnight(error.EntryDate));
        writer.WriteString("value_date"u8, WireText.Midnight(error.ValueDate));
        writer.WriteString("error_reason"u8, error.ErrorReason);
        writer.WriteString("reconciliation_id"u8, status.Id);
        writer.WriteString("disbursement_batch_control_geo_id"u8, status.Line is { IsPayout: true } payout ? payout.DisbursementId : null);
        writer.WriteString("bank_reference_number"u8, error.BankReference);
        writer.WriteEndObject();
    }

    internal sealed class Handler(IMediator mediator) : IRequestHandler<Query, Result<Answers>>
    {
        public async Task<Result<Answers>> Handle(Query request, CancellationToken cancellationToken)
        {
            var lines = (await mediator.Send(new FindLinesById(request.Ids), cancellationToken)).ToDictionary(line => line.DisbursementId, StringComparer.Ordinal);
            string[] unknown = [.. request.Ids.Where(id => !lines.ContainsKey(id)).Distinct(StringComparer.Ordinal)];
            var archived = unknown.Length == 0 ? [] : await mediator.Send(new FindArchivedLines(unknown), cancellationToken);
            if (request.Scope.Programmes is not null
                && (await mediator.Send(new ReadEnvelopes([.. lines.Values.Select(line => line.EnvelopeId).Concat(archived.Select(line => line.EnvelopeId)).Distinct(StringComparer.Ordinal)]), cancellationToken))
                    .Select(envelope => request.Scope.Refuse(envelope.ProgrammeMnemonic)).FirstOrDefault(refused => refused is not null) is { } foreign)
            {
                return foreign;
            }

            var seqs = lines.Values.Select(line => line.Seq).ToList();
            var matching = seqs.Count == 0 ? Task.FromResult<IReadOnlyList<MatchedEntry>>([]) : mediator.Send(new FindMatches(seqs), cancellationToken);
            // An entry that names no line of ours may be any programme's.
            var texts = request.Scope.Programmes is null ? request.Ids : [.. lines.Keys];
            var missing = mediator.Send(new FindUnmatched(seqs, texts), cancellationToken);
            await Task.WhenAll(matching, missing);
            var (matches, unmatched) = (await matching, await missing);
            var zeroes = lines.Values.Where(line => line.Quantity == 0).Select(line => line.Seq).ToList();
            var nothing = zeroes.Count == 0
                ? []
                : (await mediator.Send(new FindInstructionsOfLines(zeroes), cancellationToken)).Where(line => line.State == LineState.NothingToPay).Select(line => line.Line).ToHashSet();
            var matchesOf = matches.ToLookup(match => match.Line);
            var errorsOfLine = unmatched.Where(error => error.Line is not null).ToLookup(error => error.Line!.Value);
            var errorsOfText = unmatched.Where(error => error.Line is null).ToLookup(error => error.ReconciliationId, StringComparer.Ordinal);
            return new Answers(
                [.. request.Ids.Select(id => One(id, lines.GetValueOrDefault(id), matchesOf, errorsOfLine, errorsOfText, nothing))], [.. archived.Select(line => line.DisbursementId)]);
        }

        private static Response One(
            string id, FoundLine? line, ILookup<long, MatchedEntry> matches, ILookup<long, UnmatchedEntry> errorsOfLine, ILookup<string, UnmatchedEntry> errorsOfText, HashSet<long> nothing)
        {
            if (line is null)
            {
                return new Response(id, null, null, null, false, [.. errorsOfText[id]]);
            }

            // The newest attempt is the one that counts; an earlier one is in the line's timeline.
            var newest = matches[line.Seq].GroupBy(match => match.Generation).MaxBy(group => group.Key) ?? Enumerable.Empty<MatchedEntry>();
            return new Response(
                id, line, newest.FirstOrDefault(match => !match.IsReturn), newest.FirstOrDefault(match => match.IsReturn), nothing.Contains(line.Seq),
                [.. errorsOfLine[line.Seq], .. errorsOfText[id]]);
        }
    }
}
