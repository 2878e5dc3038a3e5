namespace G2PBridge.SharedKernel;

/// <summary>
/// The codes of the partner API as the wire spells them (contract, section 1.5), misspellings included, followed by the few that are
/// ours. Ours appear only in free-text code fields, never where the contract has a closed enum.
/// </summary>
internal static class PartnerCodes
{
    public const string InvalidProgramId = "INVALID_PROGRAM_ID";
    public const string InvalidProgramMnemonic = "INVALID_PROGRAM_MNEMONIC";
    public const string InvalidDisbursementFrequency = "INVALID_DISBURSEMENT_FREQUENCY";
    public const string InvalidCycleCodeMnemonic = "INVALID_CYCLE_CODE_MNEMONIC";
    public const string InvalidNoOfBeneficiaries = "INVALID_NO_OF_BENEFICIARIES";
    public const string InvalidNoOfDisbursements = "INVALID_NO_OF_DISBURSEMENTS";
    public const string InvalidDisbursementQuantity = "INVALID_DISBURSEMENT_QUANTITY";
    public const string InvalidDisbursementCurrencyCode = "INVALID_DISBURSEMENT_CURRENCY_CODE";
    public const string InvalidDisbursementScheduleDate = "INVALID_DISBURSEMENT_SCHEDULE_DATE";
    public const string InvalidBenefitCodeId = "INVALID_BENEFIT_CODE_ID";
    public const string InvalidTargetRegistry = "INVALID_TARGET_REGISTRY";
    public const string InvalidDisbursementEnvelopeId = "INVALID_DISBURSEMENT_ENVELOPE_ID";
    public const string InvalidDisbursementId = "INVALID_DISBURSEMENT_ID";
    public const string InvalidReconciliationId = "INVALID_RECONCILIATION_ID";
    public const string InvalidBeneficiaryId = "INVALID_BENEFICIARY_ID";
    public const string InvalidBeneficiaryName = "INVALID_BENEFICIARY_NAME";
    public const string InvalidNarrative = "INVALID_NARRATIVE";
    public const string InvalidDisbursementPayload = "INVALID_DISBURSEMENT_PAYLOAD";
    public const string InvalidReversal = "INVALID_REVERSAL";
    public const string InvalidAccountNumber = "INVALID_ACCOUNT_NUMBER";
    public const string DisbursementEnvelopeNotFound = "DISBURSEMENT_ENVELOPE_NOT_FOUND";
    public const string DisbursementEnvelopeAlreadyCanceled = "DISBURSEMENT_ENVELOPE_ALREADY_CANCELED";
    public const string DisbursementEnvelopeDatePassed = "DISBURSEMENT_ENVELOPE_DATE_PASSED";
    public const string DisbursementEnvelopeScheduleDateReached = "DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED";
    public const string DisbursementAlreadyCanceled = "DISBURSEMENT_ALREADY_CANCELED";
    public const string DuplicateDisbursement = "DUPLICATE_DISBURSEMENT";
    public const string MultipleEnvelopesFound = "MULTIPLE_ENVELOPES_FOUND";

    /// <summary>Misspelled on the wire in every version of the contract.</summary>
    public const string NoOfDisbursementsExceedsDeclared = "NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED";
    public const string NoOfDisbursementsLessThanZero = "NO_OF_DISBURSEMENTS_LESS_THAN_ZERO";
    public const string TotalDisbursementQuantityExceedsDeclared = "TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED";
    public const string TotalDisbursementQuantityLessThanZero = "TOTAL_DISBURSEMENT_QUANTITY_LESS_THAN_ZERO";
    public const string StatementUploadError = "STATEMENT_UPLOAD_ERROR";
    public const string RequestValidationError = "REQUEST_VALIDATION_ERROR";
    public const string FileSizeExceeded = "rjct.file.size.exceeded";
    public const string FileTypeInvalid = "rjct.file.type.invalid";
    public const string SignatureInvalid = "rjct.jwt.invalid";

    // The 1.0 generation names amounts (contract, section 1.5).
    public const string InvalidTotalDisbursementAmount = "INVALID_TOTAL_DISBURSEMENT_AMOUNT";
    public const string InvalidDisbursementAmount = "INVALID_DISBURSEMENT_AMOUNT";
    public const string TotalDisbursementAmountExceedsDeclared = "TOTAL_DISBURSEMENT_AMOUNT_EXCEEDS_DECLARED";
    public const string TotalDisbursementAmountLessThanZero = "TOTAL_DISBURSEMENT_AMOUNT_LESS_THAN_ZERO";

    // Of the beneficiary portal.
    public const string DisbursementNotFound = "DISBURSEMENT_NOT_FOUND";
    public const string DisbursementSummaryNotFound = "DISBURSEMENT_SUMMARY_NOT_FOUND";

    // Ours: each is described in the OpenAPI document (PartnerApi/Documentation/PartnerCodeCatalogue.cs).
    public const string RequestExpired = "REQUEST_EXPIRED";
    public const string RequestReplayed = "REQUEST_REPLAYED";
    public const string EmptyRequestPayload = "EMPTY_REQUEST_PAYLOAD";
    public const string InvalidBenefitType = "INVALID_BENEFIT_TYPE";
    public const string BenefitTypeNotEnabled = "BENEFIT_TYPE_NOT_ENABLED";
    public const string InvalidMeasurementUnit = "INVALID_MEASUREMENT_UNIT";
    public const string DisbursementEnvelopeAlreadyExists = "DISBURSEMENT_ENVELOPE_ALREADY_EXISTS";
    public const string DisbursementBatchAlreadyExists = "DISBURSEMENT_BATCH_ALREADY_EXISTS";
    public const string InvalidDisbursementBatchControlId = "INVALID_DISBURSEMENT_BATCH_CONTROL_ID";
    public const string DuplicateBeneficiaryInEnvelope = "DUPLICATE_BENEFICIARY_IN_ENVELOPE";
    public const string DuplicatePayment = "DUPLICATE_PAYMENT";
    public const string DisbursementsHeld = "DISBURSEMENTS_HELD";
    public const string RequestIdReused = "REQUEST_ID_REUSED";
    public const string EnvelopeFundsAlreadyBlocked = "ENVELOPE_FUNDS_ALREADY_BLOCKED";
    public const string AmendBelowReceived = "AMEND_BELOW_RECEIVED";
    public const string DisbursementAlreadySent = "DISBURSEMENT_ALREADY_SENT";
    public const string DisbursementArchived = "DISBURSEMENT_ARCHIVED";
    public const string ProgramNotPermitted = AccessScope.ProgrammeNotPermitted;
    public const string SponsorBankNotConfigured = "SPONSOR_BANK_NOT_CONFIGURED";
}
