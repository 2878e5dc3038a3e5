namespace G2PBridge.PartnerApi.Documentation;

/// <summary>Every code that the partner API can answer with: what it means and what mends it.</summary>
/// <param name="IsOurs">Not in the contract. Such a code appears only in free-text code fields.</param>
internal sealed record DocumentedCode(string Code, bool IsOurs, string Meaning, string Remedy);

internal static class PartnerCodeCatalogue
{
    public static IReadOnlyList<DocumentedCode> All { get; } =
    [
        Theirs(PartnerCodes.InvalidProgramId, "`benefit_program_id` is missing.", "Give the programme's number."),
        Theirs(PartnerCodes.InvalidProgramMnemonic, "`benefit_program_mnemonic` is missing, or is no programme of this installation.", "Give the programme's short name, or have an administrator add the programme."),
        Theirs(PartnerCodes.InvalidDisbursementFrequency, "`disbursement_frequency` is not one of the list.", "Use a value of the list, in its spelling."),
        Theirs(PartnerCodes.InvalidCycleCodeMnemonic, "`cycle_code_mnemonic` is missing.", "Name the cycle, for example 2026-06."),
        Theirs(PartnerCodes.InvalidNoOfBeneficiaries, "`number_of_beneficiaries` is missing or below 1.", "Give the number of people."),
        Theirs(PartnerCodes.InvalidNoOfDisbursements, "`number_of_disbursements` is missing or below 1.", "Give the number of disbursements that will follow."),
        Theirs(PartnerCodes.InvalidDisbursementQuantity, "A quantity is missing, negative, or has more decimals than its currency.", "Give zero or more, to the currency's smallest unit; nothing is rounded."),
        Theirs(PartnerCodes.InvalidDisbursementCurrencyCode, "Version 1.0: the currency is not usable.", "Give a three-letter ISO 4217 code."),
        Theirs(PartnerCodes.InvalidDisbursementScheduleDate, "The schedule date is missing or in the past.", "Give today, in the programme's time zone, or a later day."),
        Theirs(PartnerCodes.InvalidBenefitCodeId, "`benefit_code_id` is missing.", "Give the benefit code's number."),
        Theirs(PartnerCodes.InvalidTargetRegistry, "`target_registry` is missing.", "Name the registry, for example FARMER."),
        Theirs(PartnerCodes.InvalidDisbursementEnvelopeId, "The envelope's id is missing.", "Give the id that create_disbursement_envelopes answered with."),
        Theirs(PartnerCodes.InvalidDisbursementId, "The disbursement's id is missing, too long, or names none.", "Give the id that the disbursement was sent with, at most 128 characters."),
        Theirs(PartnerCodes.InvalidReconciliationId, "A statement entry names a reference that is none of ours.", "Nothing to send again; the bank or an operator explains the entry."),
        Theirs(PartnerCodes.InvalidBeneficiaryId, "`beneficiary_id` is missing or longer than 256 characters.", "Give the id under which the mapper knows the person."),
        Theirs(PartnerCodes.InvalidBeneficiaryName, "Version 1.0: `beneficiary_name` is missing.", "Give the person's name."),
        Theirs(PartnerCodes.InvalidNarrative, "`narrative` is missing.", "Say in a few words what is paid."),
        Theirs(PartnerCodes.InvalidDisbursementPayload, "At least one disbursement of the call is wrong; nothing was stored or changed.", "See `response_error_codes` of each, correct them, send the whole call again."),
        Theirs(PartnerCodes.InvalidReversal, "A statement returns a payment that it never showed as made.", "Nothing to send again; the bank or an operator explains the entry."),
        Theirs(PartnerCodes.InvalidAccountNumber, "A statement is of an account that no programme pays from.", "Send the statement of a sponsor account, or have an administrator configure the account."),
        Theirs(PartnerCodes.DisbursementEnvelopeNotFound, "There is no such envelope.", "Use the id that create_disbursement_envelopes answered with."),
        Theirs(PartnerCodes.DisbursementEnvelopeAlreadyCanceled, "The envelope is cancelled.", "Create another envelope; this one stays as it is."),
        Theirs(PartnerCodes.DisbursementEnvelopeDatePassed, "The envelope is due, so it is not amended any more.", "Cancel it, if nothing was sent yet, and create another."),
        Theirs(PartnerCodes.DisbursementEnvelopeScheduleDateReached, "The envelope is due, so single disbursements are not cancelled any more.", "Cancel the whole envelope, if nothing was sent yet."),
        Theirs(PartnerCodes.DisbursementAlreadyCanceled, "The disbursement is cancelled, or is named twice in the call.", "Leave it out."),
        Theirs(PartnerCodes.DuplicateDisbursement, "The disbursement's id was used before; or a statement shows the payment a second time.", "Give every disbursement an id of its own; a double debit is for the bank to explain."),
        Theirs(PartnerCodes.MultipleEnvelopesFound, "The disbursements of a call belong to several envelopes.", "Make one call for each envelope."),
        Theirs(PartnerCodes.NoOfDisbursementsExceedsDeclared, "More disbursements than the envelope declares. (The misspelling is the contract's.)", "Amend the envelope, or send fewer."),
        Theirs(PartnerCodes.NoOfDisbursementsLessThanZero, "A cancellation would leave less than no disbursements.", "Report it; it does not happen unless something is broken."),
        Theirs(PartnerCodes.TotalDisbursementQuantityExceedsDeclared, "A larger sum than the envelope declares.", "Amend the envelope, or send less."),
        Theirs(PartnerCodes.TotalDisbursementQuantityLessThanZero, "A cancellation would leave a sum below zero.", "Report it; it does not happen unless something is broken."),
        Theirs(PartnerCodes.StatementUploadError, "The uploaded file could not be taken in.", "Send it again; if that does not help, see the detail."),
        Theirs(PartnerCodes.RequestValidationError, "A text is too long, or the request breaks a rule that has no code of its own.", "See the detail."),
        Theirs(PartnerCodes.FileSizeExceeded, "The uploaded file is larger than 10 MiB.", "Ask the bank for smaller statements."),
        Theirs(PartnerCodes.FileTypeInvalid, "The uploaded file is not of a type that statements come in.", "Send MT940 or the like as text/plain or application/vnd.swift.mt940."),
        Theirs(PartnerCodes.SignatureInvalid, "The `Signature` header is missing or does not fit the body.", "Sign the body as the contract says, with the key that is registered for the sender."),
        Theirs(PartnerCodes.InvalidTotalDisbursementAmount, "Version 1.0: the total is missing or negative.", "Give zero or more."),
        Theirs(PartnerCodes.InvalidDisbursementAmount, "Version 1.0: the amount is missing, zero or negative.", "Give more than zero."),
        Theirs(PartnerCodes.TotalDisbursementAmountExceedsDeclared, "Version 1.0: a larger sum than the envelope declares.", "Send less."),
        Theirs(PartnerCodes.TotalDisbursementAmountLessThanZero, "Version 1.0: a cancellation would leave a sum below zero.", "Report it; it does not happen unless something is broken."),
        Theirs(PartnerCodes.DisbursementNotFound, "Beneficiary portal: the page asked for has no disbursement of the person.", "Ask for an earlier page; on the first there is none at all."),
        Theirs(PartnerCodes.DisbursementSummaryNotFound, "Beneficiary portal: there is no disbursement of the person.", "Nothing to mend."),

        Ours(PartnerCodes.RequestExpired, "`request_timestamp` (1.0: `message_ts`) is missing or too far from the present; only when requests must be signed.", "Set the clock right, date the request anew and sign it again."),
        Ours(PartnerCodes.RequestReplayed, "This very request was received before; only when requests must be signed.", "Date the request anew, keep its `request_id`, and sign it again: a repetition gets the first answer."),
        Ours(PartnerCodes.ProgramNotPermitted, "The sender may not act for the programme of the envelope; nothing was stored, and nothing is shown.", "Send it as the programme's own sender, or have an administrator bind this one to the programme."),
        Ours(PartnerCodes.EmptyRequestPayload, "`request_payload` is missing or an empty list.", "Send at least one element."),
        Ours(PartnerCodes.InvalidBenefitType, "`benefit_type` is missing.", "Use a value of the list."),
        Ours(PartnerCodes.BenefitTypeNotEnabled, "This installation does not hand out benefits of this type.", "Use CASH_DIGITAL, or have an administrator set Features:InKind."),
        Ours(PartnerCodes.InvalidMeasurementUnit, "`measurement_unit` is missing, or is no currency code although the benefit is cash.", "Give a three-letter ISO 4217 code such as USD."),
        Ours(PartnerCodes.DisbursementEnvelopeAlreadyExists, "An envelope with this id exists.", "Leave `id` out, or give one of its own to each envelope."),
        Ours(PartnerCodes.DisbursementBatchAlreadyExists, "A batch with this `disbursement_batch_control_id` exists.", "Give every call an id of its own; to repeat a call, repeat its `request_id` too."),
        Ours(PartnerCodes.InvalidDisbursementBatchControlId, "`disbursement_batch_control_id` is empty or longer than 128 characters.", "Shorten it, or leave it out."),
        Ours(PartnerCodes.DuplicateBeneficiaryInEnvelope, "The person is in this envelope already, and the programme allows each person once.", "Leave the second one out, or have the programme's DuplicateBeneficiary policy set to Allow."),
        Ours(PartnerCodes.DuplicatePayment, "The person has a disbursement of the same programme, cycle and benefit code in another envelope, which was not cancelled and is not proved unpaid.", "Leave it out, or have the programme's DuplicatePayment policy set to Hold or Allow."),
        Ours(PartnerCodes.DisbursementsHeld, "Disbursements of the batch are held: their people have one of the same kind in another envelope, or share an address. The others are paid.", "Two operators release or drop them; see the envelope's holds."),
        Ours(PartnerCodes.RequestIdReused, "The sender used this `request_id` before, for another body.", "Give every request an id of its own."),
        Ours(PartnerCodes.EnvelopeFundsAlreadyBlocked, "The money of the envelope was asked for, so its figures and disbursements are fixed.", "Create another envelope for what is missing."),
        Ours(PartnerCodes.AmendBelowReceived, "The new figures are below what has arrived already.", "Cancel disbursements first, or give larger figures."),
        Ours(PartnerCodes.DisbursementAlreadySent, "Payments are with the bank and cannot be stopped any more.", "Leave those out; what the bank cannot pay comes back and is shown as returned."),
        Ours(PartnerCodes.DisbursementArchived, "Some of the disbursements asked for were settled long ago and lie in an archive; the others are answered in the payload as usual.", "Have an operator look into the archive. The ids stay taken."),
        Ours(PartnerCodes.SponsorBankNotConfigured, "No sponsor account is configured for the programme and benefit code.", "Have an administrator add it under SponsorBanks."),
    ];

    private static DocumentedCode Theirs(string code, string meaning, string remedy) => new(code, false, meaning, remedy);

    private static DocumentedCode Ours(string code, string meaning, string remedy) => new(code, true, meaning, remedy);
}
