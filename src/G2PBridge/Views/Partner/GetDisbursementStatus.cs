using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.PartnerApi;
using MediatR;

namespace G2PBridge.Views.Partner;

/// <summary>
/// get_disbursement_status: what the statements say of each disbursement (contract, section 1.4.3). A long list is answered part by part, so that it needs no more
/// memory than its ids and the numbers of their lines. Two parts are asked about and written at once, whatever the length; within one, look-ups go in the order of
/// the indexes, where neighbours share pages.
/// </summary>
internal static class GetDisbursementStatus
{
    public const string Path = "get_disbursement_status";

    /// <summary>Ids that are looked up at once, half of them on either connection.</summary>
    private const int MostAtOnce = 2_500;

    /// <summary>From here on two connections are worth it: some milliseconds of index look-ups.</summary>
    private const int WorthDividing = 400;

    /// <summary>Of an answer with a debit; one with a return has some more.</summary>
    private const int BytesOfAnswer = 1_024;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Query(IReadOnlyList<string> Ids, AccessScope Scope) : IRequest<Result<Answers>>;

    /// <param name="Parts">In the order of the ids, each asked for when it is called.</param>
    /// <param name="Archived">Ids whose lines lie in an archive; of the parts they are ids of which nothing is known here.</param>
    internal sealed record Answers(IReadOnlyList<Func<Task<Response[]>>> Parts, IReadOnlyList<string> Archived);

    internal readonly record struct Response(string Id, LineLocation? Line, MatchedEntry? Debit, MatchedEntry? Return, bool NothingToPay, IReadOnlyList<UnmatchedEntry> Errors);

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

        var archived = answered.Value.Archived;
        return PartnerAnswer.List(
            PartsAsync(answered.Value.Parts, request.Generation),
            archived.Count == 0 ? null : new Refusal(
                PartnerCodes.DisbursementArchived,
                string.Create(CultureInfo.InvariantCulture, $"{archived.Count} of these disbursements were settled and lie in an archive, such as '{archived[0]}'; an operator can look there. The others are answered.")));
    }

    private static async IAsyncEnumerable<Action<Utf8JsonWriter>> PartsAsync(IReadOnlyList<Func<Task<Response[]>>> parts, WireGeneration generation)
    {
        var begun = new Queue<Task<PreparedElements>>();
        try
        {
            for (var next = 0; next < parts.Count || begun.Count > 0;)
            {
                while (next < parts.Count && begun.Count < 2)
                {
                    begun.Enqueue(PrepareAsync(parts[next++], generation));
                }

                using var elements = await begun.Dequeue();
                yield return elements.CopyTo;
            }
        }
        finally
        {
            // What still runs uses this request's services.
            foreach (var part in begun)
            {
                await ((Task)part).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (part.IsCompletedSuccessfully)
                {
                    (await part).Dispose();
                }
            }
        }
    }

    private static async Task<PreparedElements> PrepareAsync(Func<Task<Response[]>> part, WireGeneration generation)
    {
        var answers = await part();
        return PreparedElements.Write(answers, answers.Length * BytesOfAnswer, (writer, status) => Write(writer, status, generation));
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
            if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
            {
                // As in WireValue: such text cannot fail.
                ids.Add(reader.GetString()!);
                continue;
            }

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

    private static void WriteMatch(Utf8JsonWriter writer, LineLocation line, MatchedEntry? debit, MatchedEntry? back)
    {
        writer.WriteStartObject();
        writer.WriteString("disbursement_batch_control_id"u8, line.BatchId);
        writer.WriteString("disbursement_id"u8, line.IsPayout ? null : line.DisbursementId);
        writer.WriteString("disbursement_batch_control_geo_id"u8, line.IsPayout ? line.DisbursementId : null);
        writer.WriteString("disbursement_envelope_id"u8, line.EnvelopeId);
        writer.WriteString("beneficiary_name_from_bank"u8, debit?.NameFromBank);
        writer.WriteString("remittance_reference_number"u8, debit?.BankReference);
        writer.WriteIdOrNull("remittance_statement_id"u8, debit?.StatementId);
        writer.WriteString("remittance_statement_number"u8, debit?.StatementNumber);
        writer.WriteString("remittance_statement_sequence"u8, debit?.StatementSequence);
        writer.WriteDigits("remittance_entry_sequence"u8, debit?.EntryNo);
        writer.WriteMidnight("remittance_entry_date"u8, debit?.EntryDate);
        writer.WriteMidnight("remittance_value_date"u8, debit?.ValueDate);
        writer.WriteBoolean("reversal_found"u8, back is not null);
        writer.WriteIdOrNull("reversal_statement_id"u8, back?.StatementId);
        writer.WriteString("reversal_statement_number"u8, back?.StatementNumber);
        writer.WriteString("reversal_statement_sequence"u8, back?.StatementSequence);
        writer.WriteDigits("reversal_entry_sequence"u8, back?.EntryNo);
        writer.WriteMidnight("reversal_entry_date"u8, back?.EntryDate);
        writer.WriteMidnight("reversal_value_date"u8, back?.ValueDate);
        writer.WriteString("reversal_reason"u8, back is null ? null : back.Reason ?? back.ReasonCode);
        writer.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter writer, in Response status, UnmatchedEntry error)
    {
        writer.WriteStartObject();
        writer.WriteString("statement_id"u8, error.StatementId);
        writer.WriteString("statement_number"u8, error.StatementNumber);
        writer.WriteString("statement_sequence"u8, error.StatementSequence);
        writer.WriteDigits("entry_sequence"u8, error.EntryNo);
        writer.WriteMidnight("entry_date"u8, error.EntryDate);
        writer.WriteMidnight("value_date"u8, error.ValueDate);
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
            var lines = await LocateAsync(request.Ids, cancellationToken);
            string[] unknown = lines.Count >= request.Ids.Count ? [] : [.. request.Ids.Where(id => !lines.ContainsKey(id)).Distinct(StringComparer.Ordinal)];
            var archived = unknown.Length == 0 ? [] : await mediator.Send(new FindArchivedLines(unknown), cancellationToken);
            if (request.Scope.Programmes is not null
                && (await mediator.Send(new ReadEnvelopes([.. lines.Values.Select(line => line.EnvelopeId).Concat(archived.Select(line => line.EnvelopeId)).Distinct(StringComparer.Ordinal)]), cancellationToken))
                    .Select(envelope => request.Scope.Refuse(envelope.ProgrammeMnemonic)).FirstOrDefault(refused => refused is not null) is { } foreign)
            {
                return foreign;
            }

            return new Answers(
                [.. Divide(request.Ids).Select(ids => (Func<Task<Response[]>>)(() => AnswerAsync(ids, lines, isLimited: request.Scope.Programmes is not null, cancellationToken)))], [.. archived.Select(line => line.DisbursementId)]);
        }

        private async Task<Dictionary<string, LineLocation>> LocateAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken)
        {
            var lines = new Dictionary<string, LineLocation>(ids.Count, StringComparer.Ordinal);
            var different = ids.Distinct(StringComparer.Ordinal);
            foreach (var part in (ids.Count > MostAtOnce ? different.Order(StringComparer.Ordinal) : different).Chunk(MostAtOnce))
            {
                foreach (var line in (await Task.WhenAll(Divide(part).Select(some => mediator.Send(new LocateLines(some), cancellationToken)))).SelectMany(found => found))
                {
                    lines[line.DisbursementId] = line;
                }
            }

            return lines;
        }

        private static IEnumerable<string[]> Divide(IReadOnlyList<string> ids) => ids.Chunk(ids.Count < WorthDividing ? ids.Count : Math.Min(MostAtOnce, ids.Count + 1) / 2);

        private async Task<Response[]> AnswerAsync(string[] ids, Dictionary<string, LineLocation> all, bool isLimited, CancellationToken cancellationToken)
        {
            var lines = Array.ConvertAll(ids, all.GetValueOrDefault);
            long[] seqs = [.. lines.Where(line => line is not null).Select(line => line!.Seq).Distinct().Order()];
            string[] envelopes = [.. lines.Where(line => line is not null).Select(line => line!.EnvelopeId).Distinct(StringComparer.Ordinal)];
            // An entry that names no line of ours may be any programme's.
            var texts = isLimited ? Array.FindAll(ids, all.ContainsKey) : ids;
            var zero = mediator.Send(new FindNothingToPay(seqs, envelopes), cancellationToken);
            var finding = mediator.Send(new FindEntriesOfLines(seqs, envelopes, texts), cancellationToken);
            await Task.WhenAll(zero, finding);
            var (nothing, (matched, unmatched)) = ((await zero).ToHashSet(), await finding);
            var payments = Newest(seqs.Length, matched);
            var errorsOfLine = unmatched.Where(error => error.Line is not null).ToLookup(error => error.Line!.Value);
            var errorsOfText = unmatched.Where(error => error.Line is null).ToLookup(error => error.ReconciliationId, StringComparer.Ordinal);
            var answers = new Response[ids.Length];
            for (var i = 0; i < ids.Length; i++)
            {
                var (id, line) = (ids[i], lines[i]);
                var (_, debit, back) = line is null ? default : payments.GetValueOrDefault(line.Seq);
                IReadOnlyList<UnmatchedEntry> errors = unmatched.Count == 0 ? [] : line is null ? [.. errorsOfText[id]] : [.. errorsOfLine[line.Seq], .. errorsOfText[id]];
                answers[i] = new Response(id, line, debit, back, line is not null && nothing.Contains(line.Seq), errors);
            }

            return answers;
        }

        /// <summary>The newest attempt is the one that counts; an earlier one is in the line's timeline.</summary>
        private static Dictionary<long, (int Generation, MatchedEntry? Debit, MatchedEntry? Return)> Newest(int lines, IEnumerable<MatchedEntry> matched)
        {
            var payments = new Dictionary<long, (int Generation, MatchedEntry? Debit, MatchedEntry? Return)>(lines);
            foreach (var match in matched)
            {
                ref var payment = ref CollectionsMarshal.GetValueRefOrAddDefault(payments, match.Line, out _);
                if (match.Generation > payment.Generation)
                {
                    payment = (match.Generation, null, null);
                }

                if (match.Generation < payment.Generation)
                {
                    continue;
                }

                if (match.IsReturn)
                {
                    payment.Return ??= match;
                }
                else
                {
                    payment.Debit ??= match;
                }
            }

            return payments;
        }
    }
}
