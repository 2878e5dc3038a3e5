namespace G2PBridge.PartnerApi.Documentation;

/// <summary>Examples for the OpenAPI document: one programme, one month, three people. Constructed; a test reads every one.</summary>
internal static class PartnerExamples
{
    public const string Envelope = "01981f6a-6d0c-7d3e-9a41-0f2f8a5f2106";
    private const string Statement = "01982a10-31f2-7c55-8b0e-5d1c7f4e0001";

    public const string NewEnvelope =
        """
        [{"benefit_program_id": 4100, "benefit_program_mnemonic": "SEEDS", "benefit_program_description": "Seed money for small farms",
          "target_registry": "FARMER", "benefit_code_id": 4101, "benefit_code_mnemonic": "SEEDS_USD", "benefit_type": "CASH_DIGITAL",
          "disbursement_cycle_id": 7, "disbursement_frequency": "Monthly", "cycle_code_mnemonic": "2026-07", "number_of_beneficiaries": 3,
          "number_of_disbursements": 3, "total_disbursement_quantity": 361.50, "measurement_unit": "USD", "disbursement_schedule_date": "2026-07-15"}]
        """;

    public const string StoredEnvelope =
        $$"""
        [{"id": "{{Envelope}}", "benefit_program_id": 4100, "benefit_program_mnemonic": "SEEDS", "benefit_program_description": "Seed money for small farms",
          "target_registry": "FARMER", "benefit_code_id": 4101, "benefit_code_mnemonic": "SEEDS_USD", "benefit_code_description": null, "benefit_type": "CASH_DIGITAL",
          "disbursement_cycle_id": 7, "disbursement_frequency": "Monthly", "cycle_code_mnemonic": "2026-07", "number_of_beneficiaries": 3,
          "number_of_disbursements": 3, "total_disbursement_quantity": 361.5, "measurement_unit": "USD", "disbursement_schedule_date": "2026-07-15",
          "receipt_time_stamp": null, "cancellation_status": null, "cancellation_timestamp": null}]
        """;

    public const string EnvelopeToCancel = $$"""[{"id": "{{Envelope}}"}]""";

    public const string EnvelopeToAmend =
        $$"""
        [{"id": "{{Envelope}}", "benefit_program_id": 4100, "benefit_program_mnemonic": "SEEDS", "number_of_beneficiaries": 4,
          "number_of_disbursements": 4, "total_disbursement_quantity": 482.00, "disbursement_schedule_date": "2026-07-20"}]
        """;

    public const string NewDisbursements =
        $$"""
        [{"disbursement_id": "SEEDS-07-0001", "disbursement_envelope_id": "{{Envelope}}", "beneficiary_id": "FR-20931", "beneficiary_name": "Amara Diallo",
          "disbursement_quantity": 120.50, "disbursement_cycle_id": 7, "narrative": "Seed money July"},
         {"disbursement_id": "SEEDS-07-0002", "disbursement_envelope_id": "{{Envelope}}", "beneficiary_id": "FR-20932",
          "disbursement_quantity": 120.50, "compute_elements": {"hectares": 1.5}, "disbursement_cycle_id": 7, "narrative": "Seed money July"}]
        """;

    public const string StoredDisbursements =
        $$"""
        [{"disbursement_id": "SEEDS-07-0001", "disbursement_envelope_id": "{{Envelope}}", "beneficiary_id": "FR-20931", "beneficiary_name": "Amara Diallo",
          "disbursement_quantity": 120.5, "compute_elements": null, "narrative": "Seed money July", "receipt_time_stamp": null, "cancellation_status": null,
          "cancellation_time_stamp": null, "disbursement_cycle_id": 7, "disbursement_batch_control_id": null, "response_error_codes": []},
         {"disbursement_id": "SEEDS-07-0002", "disbursement_envelope_id": "{{Envelope}}", "beneficiary_id": "FR-20932", "beneficiary_name": null,
          "disbursement_quantity": 120.5, "compute_elements": {"hectares": 1.5}, "narrative": "Seed money July", "receipt_time_stamp": null, "cancellation_status": null,
          "cancellation_time_stamp": null, "disbursement_cycle_id": 7, "disbursement_batch_control_id": null, "response_error_codes": []}]
        """;

    public const string RefusedDisbursements =
        $$"""
        [{"disbursement_id": "SEEDS-07-0003", "disbursement_envelope_id": "{{Envelope}}", "beneficiary_id": null, "beneficiary_name": null,
          "disbursement_quantity": 120.505, "compute_elements": null, "narrative": null, "receipt_time_stamp": null, "cancellation_status": null,
          "cancellation_time_stamp": null, "disbursement_cycle_id": 7, "disbursement_batch_control_id": null,
          "response_error_codes": ["INVALID_DISBURSEMENT_QUANTITY", "INVALID_BENEFICIARY_ID", "INVALID_NARRATIVE"]}]
        """;

    public const string DisbursementsToCancel = """[{"disbursement_id": "SEEDS-07-0002"}]""";

    public const string CancelledDisbursements =
        """
        [{"disbursement_id": "SEEDS-07-0002", "disbursement_envelope_id": null, "beneficiary_id": null, "beneficiary_name": null,
          "disbursement_quantity": null, "compute_elements": null, "narrative": null, "receipt_time_stamp": null, "cancellation_status": null,
          "cancellation_time_stamp": null, "disbursement_cycle_id": null, "disbursement_batch_control_id": null, "response_error_codes": []}]
        """;

    public const string Statuses =
        $$"""
        [{"reconciliation_id": "SEEDS-07-0001", "disbursement_recon_records": {"disbursement_recon_payloads": [
           {"disbursement_batch_control_id": "SEEDS-07-A", "disbursement_id": "SEEDS-07-0001", "disbursement_batch_control_geo_id": null, "disbursement_envelope_id": "{{Envelope}}",
            "beneficiary_name_from_bank": "A DIALLO", "remittance_reference_number": "FT26196XK31", "remittance_statement_id": "{{Statement}}", "remittance_statement_number": "196",
            "remittance_statement_sequence": "1", "remittance_entry_sequence": "1", "remittance_entry_date": "2026-07-15T00:00:00", "remittance_value_date": "2026-07-15T00:00:00",
            "reversal_found": true, "reversal_statement_id": "{{Statement}}", "reversal_statement_number": "197", "reversal_statement_sequence": "1", "reversal_entry_sequence": "4",
            "reversal_entry_date": "2026-07-16T00:00:00", "reversal_value_date": "2026-07-16T00:00:00", "reversal_reason": "Account closed"}],
           "disbursement_error_recon_payloads": []} },
         {"reconciliation_id": "SEEDS-07-0002", "disbursement_recon_records": {"disbursement_recon_payloads": [], "disbursement_error_recon_payloads": [
           {"statement_id": "{{Statement}}", "statement_number": "196", "statement_sequence": "1", "entry_sequence": "2", "entry_date": "2026-07-15T00:00:00",
            "value_date": "2026-07-15T00:00:00", "error_reason": "DUPLICATE_DISBURSEMENT", "reconciliation_id": "SEEDS-07-0002", "disbursement_batch_control_geo_id": null,
            "bank_reference_number": "FT26196XK32"}]} }]
        """;

    public const string BatchControl =
        $$"""
        {"disbursement_batch_control_id": "SEEDS-07-A", "disbursement_cycle_id": 7, "disbursement_cycle_code_mnemonic": "2026-07", "disbursement_envelope_id": "{{Envelope}}",
         "benefit_code_id": 4101, "benefit_code_mnemonic": "SEEDS_USD", "benefit_type": "CASH_DIGITAL", "measurement_unit": "USD",
         "fa_resolution_status": "PROCESSED", "fa_resolution_timestamp": "2026-07-14T08:30:12.250000", "fa_resolution_latest_error_code": null, "fa_resolution_attempts": 1,
         "sponsor_bank_dispatch_status": "PENDING", "sponsor_bank_dispatch_timestamp": null, "sponsor_bank_dispatch_latest_error_code": null, "sponsor_bank_dispatch_attempts": 0,
         "geo_resolution_status": "NOT_APPLICABLE", "geo_resolution_timestamp": null, "geo_resolution_latest_error_code": null, "geo_resolution_attempts": 0,
         "warehouse_allocation_status": "NOT_APPLICABLE", "warehouse_allocation_timestamp": null, "warehouse_allocation_latest_error_code": null, "warehouse_allocation_attempts": 0,
         "agency_allocation_status": "NOT_APPLICABLE", "agency_allocation_timestamp": null, "agency_allocation_latest_error_code": null, "agency_allocation_attempts": 0,
         "disbursement_batch_control_geos": []}
        """;

    public const string EnvelopeStatus =
        $$"""
        {"disbursement_envelope_id": "{{Envelope}}", "benefit_code_id": 4101, "benefit_code_mnemonic": "SEEDS_USD", "benefit_type": "CASH_DIGITAL", "measurement_unit": "USD",
         "number_of_beneficiaries_received": 3, "number_of_beneficiaries_declared": 3, "number_of_disbursements_declared": 3, "number_of_disbursements_received": 3,
         "total_disbursement_quantity_declared": 361.5, "total_disbursement_quantity_received": 361.5, "funds_available_with_bank": "FUNDS_AVAILABLE",
         "funds_available_latest_timestamp": "2026-07-15T00:00:07.500000", "funds_available_latest_error_code": null, "funds_available_attempts": 1,
         "funds_blocked_with_bank": "FUNDS_BLOCK_SUCCESS", "funds_blocked_latest_timestamp": "2026-07-15T00:00:08.120000", "funds_blocked_latest_error_code": null,
         "funds_blocked_attempts": 1, "funds_blocked_reference_number": "BLK-778120", "number_of_disbursements_shipped": 3, "number_of_disbursements_reconciled": 2,
         "number_of_disbursements_reversed": 1, "no_of_warehouses_allocated": 0, "no_of_warehouses_notified": 0, "no_of_agencies_allocated": 0, "no_of_agencies_notified": 0,
         "no_of_beneficiaries_notified": 0, "no_of_pods_received": null, "disbursement_batch_control_geos": null}
        """;

    public const string Uploaded = $$"""{"statement_id": "{{Statement}}"}""";

    public const string OwnRequest =
        """
        {"request_header": {"sender_app_mnemonic": "BENE_PORTAL", "sender_app_url": "", "request_id": "p-1", "request_timestamp": "2026-07-10T06:00:00Z", "instance_id": null},
         "request_body": {"pagination_request": {"current_page": 1, "page_size": 30} } }
        """;

    public const string OwnDisbursements =
        $$"""
        {"response_header": {"request_id": "p-1", "response_status": "SUCCESS", "response_error_code": null, "response_error_message": null, "response_timestamp": "2026-07-10T06:00:00.412207"},
         "response_body": {"pagination_response": {"number_of_items": 1, "number_of_pages": 1}, "response_payload": [
           {"disbursement_id": "SEEDS-07-0001", "disbursement_envelope_id": "{{Envelope}}", "program_mnemonic": "SEEDS", "cycle_code_mnemonic": "2026-07", "disbursement_quantity": 120.5,
            "benefit_code": "SEEDS_USD", "benefit_type": "CASH_DIGITAL", "agency_mnemonic": null, "measurement_unit": "USD", "disbursement_schedule_date": "2026-07-15"}]} }
        """;

    public const string Malformed =
        """{"errors": [{"code": "G2P-REQ-102", "message": "Invalid Input. request_header.request_id: Field required"}]}""";

    public const string TooLarge =
        """{"errors": [{"code": "G2P-REQ-102", "message": "Invalid Input. The request is longer than 67108864 bytes; send fewer disbursements at a time."}]}""";

    public const string Faulty = """{"errors": [{"code": "G2P-REQ-100", "message": "Unknown Error."}]}""";

    public const string FirstEnvelope =
        """
        {"signature": null,
         "header": {"version": "1.0.0", "message_id": "m-2107", "message_ts": "2026-07-10T06:00:00Z", "action": "create_disbursement_envelope", "sender_id": "SEEDS_PBMS", "total_count": 1},
         "message": {"benefit_program_mnemonic": "SEEDS", "disbursement_frequency": "Monthly", "cycle_code_mnemonic": "2026-07", "number_of_beneficiaries": 3,
                     "number_of_disbursements": 3, "total_disbursement_amount": 361.50, "disbursement_currency_code": "USD", "disbursement_schedule_date": "2026-07-15"}}
        """;

    /// <summary>A request of the newest generation around a payload.</summary>
    public static string Request(string payload, string? batchControlId = null) =>
        $$"""
        {"request_header": {"sender_app_mnemonic": "SEEDS_PBMS", "sender_app_url": "", "request_id": "2107-1", "request_timestamp": "2026-07-10T06:00:00Z", "instance_id": null},
         "request_body": {"pagination_request": null, {{(batchControlId is null ? "" : $"\"disbursement_batch_control_id\": \"{batchControlId}\", ")}}"request_payload": {{payload}} } }
        """;

    public static string Success(string payload, bool hasBatchControlField = false, string requestId = "2107-1") =>
        $$"""
        {"response_header": {"request_id": "{{requestId}}", "response_status": "SUCCESS", "response_error_code": null, "response_error_message": null, "response_timestamp": "2026-07-10T06:00:00.412207"},
         "response_body": {"pagination_response": null, {{(hasBatchControlField ? "\"disbursement_batch_control_id\": null, " : "")}}"response_payload": {{payload}} } }
        """;

    public static string Refusal(string code, string detail, string payload, bool hasBatchControlField = false) =>
        $$"""
        {"response_header": {"request_id": "2107-1", "response_status": "ERROR", "response_error_code": "{{code}}", "response_error_message": "{{code}}", "response_timestamp": "2026-07-10T06:00:00.412207",
                             "response_error_detail": "{{detail}}"},
         "response_body": {"pagination_response": null, {{(hasBatchControlField ? "\"disbursement_batch_control_id\": null, " : "")}}"response_payload": {{payload}} } }
        """;
}
