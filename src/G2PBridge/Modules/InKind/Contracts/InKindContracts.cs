using MediatR;

namespace G2PBridge.Modules.InKind.Contracts;

/// <summary>A warehouse or an agency as it was when it was allocated.</summary>
internal sealed record AllocatedPoint(
    string Id, string Mnemonic, string? Name, string? AdditionalInfo, string? AdminName, string? AdminEmail, string? AdminPhone, string? BenefitDescription);

/// <summary>
/// The beneficiaries of one batch who live in one place (contract, <c>disbursement_batch_control_geo</c>). Counts and quantities leave out cancelled lines.
/// </summary>
/// <param name="Number">From the same well as line numbers: under it an agency is paid.</param>
/// <param name="WarehouseReason">Why there is no warehouse; null when there is one or none is needed or none was looked for yet.</param>
internal sealed record GeoFacts(
    string Id, long Number, string EnvelopeId, string BatchId, string LargeZoneId, string? LargeZoneMnemonic, string SmallZoneId, string? SmallZoneMnemonic,
    int Beneficiaries, decimal Quantity, AllocatedPoint? Warehouse, string? WarehouseReason, AllocatedPoint? Agency, string? AgencyReason);

internal sealed record ReadGeosOfBatch(string BatchId) : IRequest<IReadOnlyList<GeoFacts>>;

internal sealed record ReadGeosOfEnvelope(string EnvelopeId) : IRequest<IReadOnlyList<GeoFacts>>;

/// <summary>One task of a batch in the contract's words: PENDING, PROCESSING, PROCESSED or ERROR.</summary>
/// <param name="Task">geo_resolution, warehouse_allocation or agency_allocation.</param>
internal sealed record InKindTask(string Task, string Status, DateTimeOffset? At, string? LatestErrorCode, int Attempts);

/// <summary>Tasks that have not begun to be due are left out.</summary>
internal sealed record ReadInKindTasks(string BatchId) : IRequest<IReadOnlyList<InKindTask>>;

/// <summary>Counts of one envelope.</summary>
/// <param name="Missing">Lines whose people the registry does not know or has no place for.</param>
/// <param name="Unallocated">Lines of places that no warehouse or no agency serves.</param>
/// <param name="Waiting">Something is still to be looked up for the first time.</param>
/// <param name="Delivered">Lines with a proof of delivery.</param>
internal sealed record InKindProgress(
    string EnvelopeId, int Places, int Placed, decimal PlacedQuantity, int Missing, decimal MissingQuantity, int Unallocated, decimal UnallocatedQuantity,
    int Warehouses, int Agencies, int Delivered, decimal DeliveredQuantity, bool Waiting);

internal sealed record ReadInKindProgress(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<InKindProgress>>;

/// <summary>A person who has no place.</summary>
internal sealed record MissingLine(long Seq, string ReasonCode, int Attempts, DateTimeOffset LastAttemptAt, DateTimeOffset? NextAttemptAt);

/// <summary>In line order, after <paramref name="After"/>; without those who are cancelled.</summary>
internal sealed record ListMissingLines(string EnvelopeId, long After, int Limit, string? ReasonCode) : IRequest<IReadOnlyList<MissingLine>>;

internal sealed record MissingCount(string ReasonCode, int Lines);

internal sealed record CountMissingLines(string EnvelopeId) : IRequest<IReadOnlyList<MissingCount>>;

/// <summary>Looks again now for everybody who has no place and for every place that nobody serves. Gives the number of tasks that are due for it.</summary>
internal sealed record LookAgain(string EnvelopeId, string Actor) : IRequest<int>;

/// <summary>Where a line is handed out, and whether it was.</summary>
/// <param name="AgencyMnemonic">Null while no agency is allocated.</param>
/// <param name="Delivered">What its proof of delivery says; null without one.</param>
internal sealed record Handout(long Seq, string? AgencyMnemonic, decimal? Delivered);

/// <summary>Lines that have neither a place nor a proof are left out.</summary>
internal sealed record FindHandouts(IReadOnlyCollection<long> Lines) : IRequest<IReadOnlyList<Handout>>;
