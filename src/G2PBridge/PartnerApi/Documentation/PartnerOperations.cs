namespace G2PBridge.PartnerApi.Documentation;

/// <summary>What the OpenAPI document says of one endpoint.</summary>
/// <param name="Request">Null for an endpoint without a JSON body.</param>
internal sealed record PartnerOperation(
    string Path, string Summary, string Description, Type? Request, Type Response, IReadOnlyDictionary<string, string> Requests, IReadOnlyDictionary<string, string> Responses);

internal static class PartnerOperations
{
    public const string Upload = "upload_mt940";

    private const string EmptyList = "[]";

    public static IReadOnlyDictionary<string, PartnerOperation> All { get; } = new PartnerOperation[]
    {
        new("create_disbursement_envelopes", "Announce what is to be paid",
            "Stores all envelopes of the call or none. An envelope's money is asked for once every declared disbursement has arrived and its schedule date has come.",
            typeof(EnvelopesRequest), typeof(EnvelopesResponse),
            Examples(("One envelope", PartnerExamples.Request(PartnerExamples.NewEnvelope))),
            Examples(("Stored", PartnerExamples.Success(PartnerExamples.StoredEnvelope)),
                ("Refused", PartnerExamples.Refusal(PartnerCodes.InvalidProgramId, "request_payload[0].benefit_program_id is missing; give the programme's number.", EmptyList)))),
        new("create_disbursement_envelope", "Announce what is to be paid, version 1.0",
            "The path of version 1.0; it takes either form of the envelope and answers in the same.",
            typeof(EnvelopesRequest), typeof(EnvelopesResponse),
            Examples(("Version 1.0", PartnerExamples.FirstEnvelope), ("Newest form", PartnerExamples.Request(PartnerExamples.NewEnvelope))),
            Examples(("Stored", PartnerExamples.Success(PartnerExamples.StoredEnvelope)))),
        new("cancel_disbursement_envelope", "Cancel an envelope",
            "Only the first element and its id are used. Possible until the first payment of the envelope is on its way to the bank; what was blocked is given back.",
            typeof(EnvelopesRequest), typeof(EnvelopesResponse),
            Examples(("Cancel", PartnerExamples.Request(PartnerExamples.EnvelopeToCancel))),
            Examples(("Cancelled", PartnerExamples.Success(PartnerExamples.EnvelopeToCancel)),
                ("Refused", PartnerExamples.Refusal(PartnerCodes.DisbursementEnvelopeAlreadyCanceled, "The envelope is cancelled already.", EmptyList)))),
        new("amend_disbursement_envelope", "Change counts, total and schedule date of an envelope",
            "Only the first element is used. Possible until the day before the schedule date and before money was asked for; never to less than has arrived.",
            typeof(EnvelopesRequest), typeof(EnvelopesResponse),
            Examples(("Amend", PartnerExamples.Request(PartnerExamples.EnvelopeToAmend))),
            Examples(("Amended", PartnerExamples.Success(PartnerExamples.EnvelopeToAmend)),
                ("Refused", PartnerExamples.Refusal(PartnerCodes.DisbursementEnvelopeDatePassed, "The envelope is due and cannot be amended any more.", EmptyList)))),
        new("create_disbursements", "Send disbursements of one envelope",
            "Stores all disbursements of the call or none, as one batch. Any number of calls for one envelope may run at once and arrive in any order.",
            typeof(DisbursementsRequest), typeof(DisbursementsResponse),
            Examples(("Two people", PartnerExamples.Request(PartnerExamples.NewDisbursements, "SEEDS-07-A"))),
            Examples(("Stored", PartnerExamples.Success(PartnerExamples.StoredDisbursements, hasBatchControlField: true)),
                ("Disbursements refused", PartnerExamples.Refusal(
                    PartnerCodes.InvalidDisbursementPayload, "Nothing was stored: see response_error_codes of the disbursements, correct them and send the call again.", PartnerExamples.RefusedDisbursements, true)),
                ("Call refused", PartnerExamples.Refusal(
                    PartnerCodes.NoOfDisbursementsExceedsDeclared, "The envelope declares 3 disbursements, 3 have arrived and this call brings 2.", PartnerExamples.StoredDisbursements, true)))),
        new("cancel_disbursements", "Cancel single disbursements",
            "Only disbursement_id is used; all of the call are cancelled or none. Possible until the day before the envelope's schedule date; others can be sent in their place.",
            typeof(DisbursementsRequest), typeof(DisbursementsResponse),
            Examples(("Cancel", PartnerExamples.Request(PartnerExamples.DisbursementsToCancel))),
            Examples(("Cancelled", PartnerExamples.Success(PartnerExamples.CancelledDisbursements, hasBatchControlField: true)),
                ("Refused", PartnerExamples.Refusal(
                    PartnerCodes.DisbursementEnvelopeScheduleDateReached, "The envelope is due since 2026-07-15; single disbursements can be cancelled until the day before.", PartnerExamples.CancelledDisbursements, true)))),
        new("get_disbursement_status", "What the bank's statements say of disbursements",
            "A disbursement is paid when its first list is not empty and reversal_found is false. An id that nobody sent is answered with two empty lists, and SUCCESS.",
            typeof(IdsRequest), typeof(StatusesResponse),
            Examples(("Two disbursements", PartnerExamples.Request("""["SEEDS-07-0001", "SEEDS-07-0002"]"""))),
            Examples(("A return and a double debit", PartnerExamples.Success(PartnerExamples.Statuses)),
                ("Refused", PartnerExamples.Refusal(PartnerCodes.EmptyRequestPayload, "request_payload names no disbursement; send at least one id.", EmptyList)))),
        new("get_disbursement_batch_control", "Where each task of a batch stands",
            "The payload is the batch's id alone. A batch that does not exist is answered with a null payload, and SUCCESS.",
            typeof(IdRequest), typeof(BatchControlResponse),
            Examples(("One batch", PartnerExamples.Request("\"SEEDS-07-A\""))),
            Examples(("Resolved, not sent", PartnerExamples.Success(PartnerExamples.BatchControl)), ("No such batch", PartnerExamples.Success("null")))),
        new("get_disbursement_envelope_status", "The counters of an envelope",
            "The payload is the envelope's id alone. Counters are kept as things happen, so asking often costs little.",
            typeof(IdRequest), typeof(EnvelopeStatusResponse),
            Examples(("One envelope", PartnerExamples.Request($"\"{PartnerExamples.Envelope}\""))),
            Examples(("Two paid, one of them returned", PartnerExamples.Success(PartnerExamples.EnvelopeStatus)),
                ("No such envelope", PartnerExamples.Refusal(
                    PartnerCodes.DisbursementEnvelopeNotFound, "There is no such envelope; use the id that create_disbursement_envelopes answered with.", "null")))),
        new(Upload, "Hand over a statement of a sponsor account",
            "One file of at most 10 MiB, sent as a form. It is read in the background; uploading the same statement again changes nothing. This endpoint takes no signature.",
            null, typeof(UploadResponse),
            Examples(),
            Examples(("Taken in", PartnerExamples.Success(PartnerExamples.Uploaded, requestId: "")),
                ("Refused", PartnerExamples.Refusal(PartnerCodes.FileTypeInvalid, "A statement comes as text/plain or application/vnd.swift.mt940.", "null")))),
        new("bene-portal/disbursement/get_all_disbursements", "What is meant for me",
            "For the person whose bearer token (401 without one that holds) comes with the call; no parameter asks about anybody else. Newest first, 30 to a page unless page_size (1 to 200) says otherwise.",
            typeof(OwnRequest), typeof(OwnDisbursementsResponse),
            Examples(("First page", PartnerExamples.OwnRequest)),
            Examples(("One", PartnerExamples.OwnDisbursements), ("None", PartnerExamples.Refusal(PartnerCodes.DisbursementNotFound, "There is no disbursement for you on this page.", EmptyList)))),
        new("bene-portal/disbursement/get_disbursement_summary_till_date", "What I have received",
            "For the person in the token, by benefit. Received is what a bank's statement or a proof of delivery proves.",
            typeof(OwnRequest), typeof(OwnSummaryResponse),
            Examples(("All", PartnerExamples.OwnRequest)),
            Examples(("One benefit", PartnerExamples.Success("""[{"benefit_code_mnemonic": "SEEDS_USD", "benefit_type": "CASH_DIGITAL", "measurement_unit": "USD", "total_quantity_received": 120.5}]""")),
                ("None", PartnerExamples.Refusal(PartnerCodes.DisbursementSummaryNotFound, "There is no disbursement for you.", EmptyList)))),
        new("bene-portal/ping", "Whether the beneficiary portal is there", "Answers pong, to everybody.", null, typeof(string), Examples(), Examples(("Here", "\"pong\""))),
        new("ping", "Whether the bridge is there", "Answers pong as long as the process serves requests; it asks neither database nor bank.", null, typeof(string), Examples(), Examples(("Here", "\"pong\""))),
    }.ToDictionary(operation => operation.Path, StringComparer.Ordinal);

    private static Dictionary<string, string> Examples(params (string Name, string Json)[] examples) =>
        examples.ToDictionary(example => example.Name, example => example.Json, StringComparer.Ordinal);
}
