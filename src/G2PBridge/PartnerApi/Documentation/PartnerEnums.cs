using System.Text.Json.Serialization;

namespace G2PBridge.PartnerApi.Documentation;

// The closed lists of the contract (section 1.5) as its documents spell them. Only the description uses these; what reads and
// writes the wire has its own, since it is lenient where a description must be exact.

internal enum ResponseStatus
{
    [JsonStringEnumMemberName("SUCCESS")] Success,
    [JsonStringEnumMemberName("ERROR")] Error,
}

internal enum BenefitType
{
    [JsonStringEnumMemberName("COMMODITY")] Commodity,
    [JsonStringEnumMemberName("SERVICE")] Service,
    [JsonStringEnumMemberName("CASH_DIGITAL")] CashDigital,
    [JsonStringEnumMemberName("CASH_PHYSICAL")] CashPhysical,
    [JsonStringEnumMemberName("COMBINATION")] Combination,
}

internal enum DisbursementFrequency
{
    [JsonStringEnumMemberName("Daily")] Daily,
    [JsonStringEnumMemberName("Weekly")] Weekly,
    [JsonStringEnumMemberName("Fortnightly")] Fortnightly,
    [JsonStringEnumMemberName("Monthly")] Monthly,
    [JsonStringEnumMemberName("BiMonthly")] BiMonthly,
    [JsonStringEnumMemberName("Quarterly")] Quarterly,
    [JsonStringEnumMemberName("SemiAnnually")] SemiAnnually,
    [JsonStringEnumMemberName("Annually")] Annually,
    [JsonStringEnumMemberName("OnDemand")] OnDemand,
}

internal enum EnvelopeCancellation
{
    [JsonStringEnumMemberName("Not_Cancelled")] NotCancelled,
    [JsonStringEnumMemberName("Cancelled")] Cancelled,
}

internal enum DisbursementCancellation
{
    [JsonStringEnumMemberName("NOT_CANCELLED")] NotCancelled,
    [JsonStringEnumMemberName("CANCELLED")] Cancelled,
}

internal enum FundsAvailability
{
    [JsonStringEnumMemberName("NOT_APPLICABLE")] NotApplicable,
    [JsonStringEnumMemberName("PENDING_CHECK")] PendingCheck,
    [JsonStringEnumMemberName("CHECK_IN_PROGRESS")] CheckInProgress,
    [JsonStringEnumMemberName("FUNDS_AVAILABLE")] FundsAvailable,
    [JsonStringEnumMemberName("FUNDS_NOT_AVAILABLE")] FundsNotAvailable,
    [JsonStringEnumMemberName("ERROR")] Error,
}

internal enum FundsBlocking
{
    [JsonStringEnumMemberName("NOT_APPLICABLE")] NotApplicable,
    [JsonStringEnumMemberName("PENDING_CHECK")] PendingCheck,
    [JsonStringEnumMemberName("CHECK_IN_PROGRESS")] CheckInProgress,
    [JsonStringEnumMemberName("FUNDS_BLOCK_SUCCESS")] FundsBlockSuccess,
    [JsonStringEnumMemberName("FUNDS_BLOCK_FAILURE")] FundsBlockFailure,
    [JsonStringEnumMemberName("ERROR")] Error,
}

internal enum TaskProgress
{
    [JsonStringEnumMemberName("PENDING")] Pending,
    [JsonStringEnumMemberName("PROCESSING")] Processing,
    [JsonStringEnumMemberName("PROCESSED")] Processed,
    [JsonStringEnumMemberName("ERROR")] Error,
    [JsonStringEnumMemberName("NOT_APPLICABLE")] NotApplicable,
}

/// <summary>The closed list that error_reason takes its values from; codes of ours never appear in it.</summary>
internal enum BridgeErrorCode
{
    [JsonStringEnumMemberName("REQUEST_VALIDATION_ERROR")] RequestValidationError,
    [JsonStringEnumMemberName("INVALID_PROGRAM_ID")] InvalidProgramId,
    [JsonStringEnumMemberName("INVALID_PROGRAM_MNEMONIC")] InvalidProgramMnemonic,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_FREQUENCY")] InvalidDisbursementFrequency,
    [JsonStringEnumMemberName("INVALID_CYCLE_CODE_MNEMONIC")] InvalidCycleCodeMnemonic,
    [JsonStringEnumMemberName("INVALID_NO_OF_BENEFICIARIES")] InvalidNoOfBeneficiaries,
    [JsonStringEnumMemberName("INVALID_NO_OF_DISBURSEMENTS")] InvalidNoOfDisbursements,
    [JsonStringEnumMemberName("INVALID_TOTAL_DISBURSEMENT_QUANTITY")] InvalidTotalDisbursementQuantity,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_CURRENCY_CODE")] InvalidDisbursementCurrencyCode,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_SCHEDULE_DATE")] InvalidDisbursementScheduleDate,
    [JsonStringEnumMemberName("DISBURSEMENT_ENVELOPE_NOT_FOUND")] DisbursementEnvelopeNotFound,
    [JsonStringEnumMemberName("DISBURSEMENT_ENVELOPE_ALREADY_CANCELED")] DisbursementEnvelopeAlreadyCanceled,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_ENVELOPE_ID")] InvalidDisbursementEnvelopeId,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_QUANTITY")] InvalidDisbursementQuantity,
    [JsonStringEnumMemberName("INVALID_BENEFICIARY_ID")] InvalidBeneficiaryId,
    [JsonStringEnumMemberName("INVALID_BENEFICIARY_NAME")] InvalidBeneficiaryName,
    [JsonStringEnumMemberName("INVALID_NARRATIVE")] InvalidNarrative,
    [JsonStringEnumMemberName("INVALID_RECEIPT_TIME_STAMP")] InvalidReceiptTimeStamp,
    [JsonStringEnumMemberName("INVALID_TARGET_REGISTRY")] InvalidTargetRegistry,
    [JsonStringEnumMemberName("INVALID_BENEFIT_CODE_ID")] InvalidBenefitCodeId,
    [JsonStringEnumMemberName("INVALID_BENEFIT_CODE_MNEMONIC")] InvalidBenefitCodeMnemonic,
    [JsonStringEnumMemberName("DISBURSEMENT_ENVELOPE_DATE_PASSED")] DisbursementEnvelopeDatePassed,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_ID")] InvalidDisbursementId,
    [JsonStringEnumMemberName("INVALID_RECONCILIATION_ID")] InvalidReconciliationId,
    [JsonStringEnumMemberName("INVALID_DISBURSEMENT_PAYLOAD")] InvalidDisbursementPayload,
    [JsonStringEnumMemberName("ENVELOPE_ALREADY_CANCELLED")] EnvelopeAlreadyCancelled,
    [JsonStringEnumMemberName("NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED")] NoOfDisbursementsExceedsDeclared,
    [JsonStringEnumMemberName("NO_OF_DISBURSEMENTS_LESS_THAN_ZERO")] NoOfDisbursementsLessThanZero,
    [JsonStringEnumMemberName("TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED")] TotalDisbursementQuantityExceedsDeclared,
    [JsonStringEnumMemberName("TOTAL_DISBURSEMENT_QUANTITY_LESS_THAN_ZERO")] TotalDisbursementQuantityLessThanZero,
    [JsonStringEnumMemberName("MULTIPLE_ENVELOPES_FOUND")] MultipleEnvelopesFound,
    [JsonStringEnumMemberName("DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED")] DisbursementEnvelopeScheduleDateReached,
    [JsonStringEnumMemberName("DISBURSEMENT_ALREADY_CANCELED")] DisbursementAlreadyCanceled,
    [JsonStringEnumMemberName("STATEMENT_UPLOAD_ERROR")] StatementUploadError,
    [JsonStringEnumMemberName("DUPLICATE_DISBURSEMENT")] DuplicateDisbursement,
    [JsonStringEnumMemberName("INVALID_REVERSAL")] InvalidReversal,
    [JsonStringEnumMemberName("INVALID_ACCOUNT_NUMBER")] InvalidAccountNumber,
    [JsonStringEnumMemberName("DATABASE_CONNECTION_ERROR")] DatabaseConnectionError,
    [JsonStringEnumMemberName("DATABASE_QUERY_ERROR")] DatabaseQueryError,
    [JsonStringEnumMemberName("DATABASE_TRANSACTION_ERROR")] DatabaseTransactionError,
}
