namespace G2PBridge.PartnerApi.Documentation;

// The answers of the three questions (contract, section 1.4.3); see PartnerMessages.cs.

internal sealed record StatusesResponse(ResponseHeader ResponseHeader, StatusesResponseBody ResponseBody);

/// <param name="ResponsePayload">One for each id of the request, in its order.</param>
internal sealed record StatusesResponseBody(PaginationResponse? PaginationResponse, IReadOnlyList<DisbursementStatusPayload> ResponsePayload);

/// <param name="ReconciliationId">The id that was asked for.</param>
internal sealed record DisbursementStatusPayload(string ReconciliationId, ReconRecords DisbursementReconRecords);

/// <summary>Both lists are empty for a disbursement that no statement shows yet, and for an id that nobody sent.</summary>
/// <param name="DisbursementReconPayloads">What the bank's statements prove; not empty means paid, or returned where reversal_found is true.</param>
/// <param name="DisbursementErrorReconPayloads">Statement entries that name this id and cannot be right.</param>
internal sealed record ReconRecords(IReadOnlyList<ReconPayload> DisbursementReconPayloads, IReadOnlyList<ErrorReconPayload> DisbursementErrorReconPayloads);

/// <param name="RemittanceReferenceNumber">The bank's reference of the payment.</param>
/// <param name="ReversalFound">The money came back.</param>
internal sealed record ReconPayload(
    string? DisbursementBatchControlId,
    string? DisbursementId,
    string? DisbursementBatchControlGeoId,
    string? DisbursementEnvelopeId,
    string? BeneficiaryNameFromBank,
    string? RemittanceReferenceNumber,
    string? RemittanceStatementId,
    string? RemittanceStatementNumber,
    string? RemittanceStatementSequence,
    string? RemittanceEntrySequence,
    DateTime? RemittanceEntryDate,
    DateTime? RemittanceValueDate,
    bool? ReversalFound,
    string? ReversalStatementId,
    string? ReversalStatementNumber,
    string? ReversalStatementSequence,
    string? ReversalEntrySequence,
    DateTime? ReversalEntryDate,
    DateTime? ReversalValueDate,
    string? ReversalReason);

/// <param name="ErrorReason">Why the entry was not matched; a value of the closed list only.</param>
internal sealed record ErrorReconPayload(
    string? StatementId,
    string? StatementNumber,
    string? StatementSequence,
    string? EntrySequence,
    DateTime? EntryDate,
    DateTime? ValueDate,
    BridgeErrorCode? ErrorReason,
    string ReconciliationId,
    string? DisbursementBatchControlGeoId,
    string? BankReferenceNumber);

internal sealed record BatchControlResponse(ResponseHeader ResponseHeader, BatchControlResponseBody ResponseBody);

/// <param name="ResponsePayload">Null, with SUCCESS, when there is no such batch.</param>
internal sealed record BatchControlResponseBody(PaginationResponse? PaginationResponse, BatchControlPayload? ResponsePayload);

/// <summary>Where each task of one batch stands. Tasks that the kind of benefit does not need are NOT_APPLICABLE.</summary>
/// <param name="FaResolutionStatus">Finding everybody's financial address.</param>
/// <param name="FaResolutionLatestErrorCode">The mapper's reason when the latest attempt failed.</param>
/// <param name="SponsorBankDispatchStatus">Handing the payments to the bank.</param>
/// <param name="DisbursementBatchControlGeos">Empty for digital cash.</param>
internal sealed record BatchControlPayload(
    string DisbursementBatchControlId,
    int DisbursementCycleId,
    string? DisbursementCycleCodeMnemonic,
    string DisbursementEnvelopeId,
    int? BenefitCodeId,
    string? BenefitCodeMnemonic,
    BenefitType BenefitType,
    string MeasurementUnit,
    TaskProgress? FaResolutionStatus,
    DateTime? FaResolutionTimestamp,
    string? FaResolutionLatestErrorCode,
    int? FaResolutionAttempts,
    TaskProgress? SponsorBankDispatchStatus,
    DateTime? SponsorBankDispatchTimestamp,
    string? SponsorBankDispatchLatestErrorCode,
    int? SponsorBankDispatchAttempts,
    TaskProgress? GeoResolutionStatus,
    DateTime? GeoResolutionTimestamp,
    string? GeoResolutionLatestErrorCode,
    int? GeoResolutionAttempts,
    TaskProgress? WarehouseAllocationStatus,
    DateTime? WarehouseAllocationTimestamp,
    string? WarehouseAllocationLatestErrorCode,
    int? WarehouseAllocationAttempts,
    TaskProgress? AgencyAllocationStatus,
    DateTime? AgencyAllocationTimestamp,
    string? AgencyAllocationLatestErrorCode,
    int? AgencyAllocationAttempts,
    IReadOnlyList<GeoPayload> DisbursementBatchControlGeos);

/// <summary>One zone of a batch that is handed out by hand.</summary>
internal sealed record GeoPayload(
    string DisbursementBatchControlGeoId,
    string DisbursementCycleId,
    string DisbursementEnvelopeId,
    string DisbursementBatchControlId,
    string? AdministrativeZoneIdLarge,
    string? AdministrativeZoneMnemonicLarge,
    string? AdministrativeZoneIdSmall,
    string? AdministrativeZoneMnemonicSmall,
    int? NoOfBeneficiaries,
    decimal? TotalQuantity,
    string? WarehouseId,
    string? WarehouseMnemonic,
    string? WarehouseAdditionalAttributes,
    string? AgencyId,
    string? AgencyMnemonic,
    string? AgencyAdditionalAttributes,
    string? WarehouseNotificationStatus,
    string? AgencyNotificationStatus);

internal sealed record EnvelopeStatusResponse(ResponseHeader ResponseHeader, EnvelopeStatusResponseBody ResponseBody);

/// <param name="ResponsePayload">Null with an error.</param>
internal sealed record EnvelopeStatusResponseBody(PaginationResponse? PaginationResponse, EnvelopeStatusPayload? ResponsePayload);

/// <summary>The counters of one envelope.</summary>
/// <param name="NumberOfBeneficiariesReceived">The declared number, as the contract's server gives it.</param>
/// <param name="TotalDisbursementQuantityReceived">Written without decimals where it has none.</param>
/// <param name="FundsAvailableLatestErrorCode">The bank's reason, or one of our codes.</param>
/// <param name="FundsBlockedReferenceNumber">The bank's name for the block.</param>
/// <param name="NumberOfDisbursementsShipped">Handed to the bank, those included whose outcome is still asked about.</param>
/// <param name="NumberOfDisbursementsReconciled">Shown as paid by a statement, those included that came back later.</param>
/// <param name="NumberOfDisbursementsReversed">Came back.</param>
/// <param name="NoOfPodsReceived">Always null.</param>
/// <param name="DisbursementBatchControlGeos">Null for digital cash.</param>
internal sealed record EnvelopeStatusPayload(
    string DisbursementEnvelopeId,
    int? BenefitCodeId,
    string? BenefitCodeMnemonic,
    BenefitType? BenefitType,
    string? MeasurementUnit,
    int? NumberOfBeneficiariesReceived,
    int? NumberOfBeneficiariesDeclared,
    int? NumberOfDisbursementsDeclared,
    int NumberOfDisbursementsReceived,
    decimal TotalDisbursementQuantityDeclared,
    decimal TotalDisbursementQuantityReceived,
    FundsAvailability? FundsAvailableWithBank,
    DateTime? FundsAvailableLatestTimestamp,
    string? FundsAvailableLatestErrorCode,
    int FundsAvailableAttempts,
    FundsBlocking? FundsBlockedWithBank,
    DateTime? FundsBlockedLatestTimestamp,
    string? FundsBlockedLatestErrorCode,
    int FundsBlockedAttempts,
    string? FundsBlockedReferenceNumber,
    int NumberOfDisbursementsShipped,
    int NumberOfDisbursementsReconciled,
    int NumberOfDisbursementsReversed,
    int NoOfWarehousesAllocated,
    int NoOfWarehousesNotified,
    int NoOfAgenciesAllocated,
    int NoOfAgenciesNotified,
    int NoOfBeneficiariesNotified,
    int? NoOfPodsReceived,
    IReadOnlyList<GeoPayload>? DisbursementBatchControlGeos);
