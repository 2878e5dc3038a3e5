using MediatR;

namespace G2PBridge.Modules.InKind.Contracts;

/// <summary>A place that is served, so that its warehouse, agency and beneficiaries can be told.</summary>
internal sealed record NoticeFacts(long Place, string EnvelopeId, string? WarehouseId, string AgencyId);

/// <summary>Served places that nobody has taken charge of telling yet; given again until acknowledged.</summary>
internal sealed record ListNewNotices(int Limit) : IRequest<IReadOnlyList<NoticeFacts>>;

internal sealed record AcknowledgeNotices(IReadOnlyCollection<long> Places) : IRequest;

/// <summary>Places by their numbers.</summary>
internal sealed record FindGeos(IReadOnlyCollection<long> Places) : IRequest<IReadOnlyList<GeoFacts>>;

/// <summary>A line with its beneficiary, as the registry knew him when he was placed.</summary>
internal sealed record PlacedBeneficiary(long Seq, long Place, string BeneficiaryId, decimal Quantity, string? Name, string? Email, string? Phone);

/// <summary>The beneficiaries of these places in line order, without those who are cancelled.</summary>
internal sealed record ReadBeneficiaries(IReadOnlyCollection<long> Places) : IRequest<IReadOnlyList<PlacedBeneficiary>>;

/// <summary>Beneficiaries by their lines; lines without a place are left out.</summary>
internal sealed record FindBeneficiaries(IReadOnlyCollection<long> Lines) : IRequest<IReadOnlyList<PlacedBeneficiary>>;

/// <summary>How to reach a person, as the registry knows it now.</summary>
internal sealed record Contact(string BeneficiaryId, string? Name, string? Email, string? Phone);

/// <summary>Contacts from a registry; null when it did not answer.</summary>
internal sealed record FindContacts(string? TargetRegistry, IReadOnlyCollection<string> BeneficiaryIds) : IRequest<IReadOnlyList<Contact>?>;
