using System.Text.Json.Nodes;

namespace G2PBridge.PartnerApi.Documentation;

// The shapes of the partner's wire (contract, sections 1.2 and 1.4) for the OpenAPI document. Endpoints read and write the wire
// themselves; nothing here is ever filled.

/// <summary>Who asks, and under which id. The same sender and request_id with the same body is answered as the first time; with another body it is refused.</summary>
/// <param name="SenderAppMnemonic">The programme system's short name.</param>
/// <param name="SenderAppUrl">May be empty.</param>
/// <param name="RequestId">At most 128 characters, unique for the sender; comes back in the answer.</param>
/// <param name="RequestTimestamp">ISO 8601.</param>
internal sealed record RequestHeader(string SenderAppMnemonic, string SenderAppUrl, string RequestId, DateTimeOffset RequestTimestamp, string? InstanceId = null);

/// <summary>Used by the beneficiary portal alone, there without sorting, filters and search; elsewhere accepted and not used.</summary>
internal sealed record PaginationRequest(int CurrentPage, int PageSize, string? SortBy = null, JsonNode? FilterBy = null, string? SearchText = null);

internal sealed record PaginationResponse(int NumberOfItems, int NumberOfPages);

/// <param name="ResponseErrorCode">Null on success, else one of the codes listed in this document's description (and under its x-codes).</param>
/// <param name="ResponseErrorMessage">The same as the code, as the contract's clients expect.</param>
/// <param name="ResponseTimestamp">UTC without a zone, to the microsecond. A repeated request gives the time of its first answer.</param>
/// <param name="ResponseErrorDetail">One sentence for a person, only with an error; an addition of ours that clients of the contract ignore.</param>
internal sealed record ResponseHeader(
    string RequestId, ResponseStatus ResponseStatus, string? ResponseErrorCode, string? ResponseErrorMessage, DateTime ResponseTimestamp, string? ResponseErrorDetail = null);

/// <summary>What a programme wants paid in one cycle.</summary>
/// <param name="Id">Yours, at most 128 characters; left out, the bridge gives one and answers with it.</param>
/// <param name="BenefitProgramMnemonic">The programme's short name. Where programmes are configured, one of them.</param>
/// <param name="BenefitType">Only CASH_DIGITAL unless in-kind programmes are switched on.</param>
/// <param name="CycleCodeMnemonic">The cycle's short name, for example 2026-06.</param>
/// <param name="NumberOfDisbursements">How many disbursements will follow; money is asked for once all have arrived.</param>
/// <param name="TotalDisbursementQuantity">Their sum, with no more decimals than the currency has. Written as a JSON number of any length; nothing is rounded.</param>
/// <param name="MeasurementUnit">ISO 4217 currency code for cash, a unit of measure otherwise.</param>
/// <param name="DisbursementScheduleDate">The day to pay, in the programme's time zone; not in the past.</param>
/// <param name="ReceiptTimeStamp">Null in every answer.</param>
/// <param name="CancellationStatus">Null in every answer.</param>
/// <param name="CancellationTimestamp">Null in every answer.</param>
internal sealed record EnvelopePayload(
    string? Id = null,
    int? BenefitProgramId = null,
    string? BenefitProgramMnemonic = null,
    string? BenefitProgramDescription = null,
    string? TargetRegistry = null,
    int? BenefitCodeId = null,
    string? BenefitCodeMnemonic = null,
    string? BenefitCodeDescription = null,
    BenefitType? BenefitType = null,
    int? DisbursementCycleId = null,
    DisbursementFrequency? DisbursementFrequency = null,
    string? CycleCodeMnemonic = null,
    int? NumberOfBeneficiaries = null,
    int? NumberOfDisbursements = null,
    decimal? TotalDisbursementQuantity = null,
    string? MeasurementUnit = null,
    DateOnly? DisbursementScheduleDate = null,
    DateTime? ReceiptTimeStamp = null,
    EnvelopeCancellation? CancellationStatus = null,
    DateTime? CancellationTimestamp = null);

internal sealed record EnvelopesRequest(RequestHeader RequestHeader, EnvelopesRequestBody RequestBody);

internal sealed record EnvelopesRequestBody(IReadOnlyList<EnvelopePayload> RequestPayload, PaginationRequest? PaginationRequest = null);

internal sealed record EnvelopesResponse(ResponseHeader ResponseHeader, EnvelopesResponseBody ResponseBody);

/// <param name="ResponsePayload">The envelopes as they were sent, ids filled in; empty with an error.</param>
internal sealed record EnvelopesResponseBody(PaginationResponse? PaginationResponse, IReadOnlyList<EnvelopePayload> ResponsePayload);

/// <summary>One payment to one person.</summary>
/// <param name="DisbursementId">Yours, at most 128 characters, unique for ever; what get_disbursement_status is asked with.</param>
/// <param name="DisbursementEnvelopeId">The same for every disbursement of a call.</param>
/// <param name="BeneficiaryId">The id under which the mapper knows the person, at most 256 characters.</param>
/// <param name="DisbursementQuantity">Zero or more, with no more decimals than the envelope's currency has. Zero is reconciled without a payment.</param>
/// <param name="ComputeElements">How the quantity came about; handed to the bank's connector as it is.</param>
/// <param name="Narrative">What the person reads on the bank's statement.</param>
/// <param name="ResponseErrorCodes">Only in answers: what is wrong with this one.</param>
internal sealed record DisbursementPayload(
    string DisbursementId,
    string? DisbursementEnvelopeId = null,
    string? BeneficiaryId = null,
    string? BeneficiaryName = null,
    decimal? DisbursementQuantity = null,
    JsonObject? ComputeElements = null,
    string? Narrative = null,
    DateTime? ReceiptTimeStamp = null,
    DisbursementCancellation? CancellationStatus = null,
    DateTime? CancellationTimeStamp = null,
    int? DisbursementCycleId = null,
    string? DisbursementBatchControlId = null,
    IReadOnlyList<string>? ResponseErrorCodes = null);

internal sealed record DisbursementsRequest(RequestHeader RequestHeader, DisbursementsRequestBody RequestBody);

/// <param name="DisbursementBatchControlId">Your name for this call's batch, unique for ever. Left out, the bridge makes one and, as the contract has it, does not tell.</param>
internal sealed record DisbursementsRequestBody(
    IReadOnlyList<DisbursementPayload> RequestPayload, string? DisbursementBatchControlId = null, PaginationRequest? PaginationRequest = null);

internal sealed record DisbursementsResponse(ResponseHeader ResponseHeader, DisbursementsResponseBody ResponseBody);

/// <param name="DisbursementBatchControlId">Always null, as the contract's server leaves it.</param>
/// <param name="ResponsePayload">The disbursements as they were sent; with an error too, each with its response_error_codes.</param>
internal sealed record DisbursementsResponseBody(PaginationResponse? PaginationResponse, string? DisbursementBatchControlId, IReadOnlyList<DisbursementPayload> ResponsePayload);

internal sealed record IdsRequest(RequestHeader RequestHeader, IdsRequestBody RequestBody);

/// <param name="RequestPayload">Ids of disbursements.</param>
internal sealed record IdsRequestBody(IReadOnlyList<string> RequestPayload, PaginationRequest? PaginationRequest = null);

internal sealed record IdRequest(RequestHeader RequestHeader, IdRequestBody RequestBody);

/// <param name="RequestPayload">One id.</param>
internal sealed record IdRequestBody(string RequestPayload, PaginationRequest? PaginationRequest = null);

internal sealed record OwnRequest(RequestHeader RequestHeader, OwnRequestBody RequestBody);

/// <param name="RequestPayload">Not used: who is asked about stands in the token.</param>
internal sealed record OwnRequestBody(PaginationRequest? PaginationRequest = null, JsonNode? RequestPayload = null);

internal sealed record OwnDisbursementsResponse(ResponseHeader ResponseHeader, OwnDisbursementsResponseBody ResponseBody);

internal sealed record OwnDisbursementsResponseBody(PaginationResponse? PaginationResponse, IReadOnlyList<OwnDisbursement> ResponsePayload);

/// <summary>What is meant for the person in the token; not what was cancelled.</summary>
/// <param name="DisbursementQuantity">In measurement_unit.</param>
/// <param name="AgencyMnemonic">Who hands it out; null for digital cash, and until an agency is allocated.</param>
internal sealed record OwnDisbursement(
    string DisbursementId, string DisbursementEnvelopeId, string? ProgramMnemonic, string? CycleCodeMnemonic, decimal DisbursementQuantity, string? BenefitCode, BenefitType BenefitType,
    string? AgencyMnemonic, string MeasurementUnit, DateOnly DisbursementScheduleDate);

internal sealed record OwnSummaryResponse(ResponseHeader ResponseHeader, OwnSummaryResponseBody ResponseBody);

internal sealed record OwnSummaryResponseBody(PaginationResponse? PaginationResponse, IReadOnlyList<OwnSummary> ResponsePayload);

/// <param name="TotalQuantityReceived">What is proved: digital cash by a bank's statement, everything else by a proof of delivery.</param>
internal sealed record OwnSummary(string? BenefitCodeMnemonic, BenefitType BenefitType, string MeasurementUnit, decimal TotalQuantityReceived);

internal sealed record UploadResponse(ResponseHeader ResponseHeader, UploadResponseBody ResponseBody);

internal sealed record UploadResponseBody(PaginationResponse? PaginationResponse, UploadedStatement? ResponsePayload);

/// <param name="StatementId">Under which the statement's entries are named in get_disbursement_status.</param>
internal sealed record UploadedStatement(Guid StatementId);

/// <summary>Why a request was not even looked at: malformed, too large, no such path. One entry for each problem.</summary>
internal sealed record ErrorList(IReadOnlyList<ErrorListItem> Errors);

internal sealed record ErrorListItem(string Code, string Message);
