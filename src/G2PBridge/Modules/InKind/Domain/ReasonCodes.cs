namespace G2PBridge.Modules.InKind.Domain;

/// <summary>Why somebody or some place was left out, and why an attempt failed; connectors add codes of their own to the latter.</summary>
internal static class ReasonCodes
{
    public const string NotInRegistry = "NOT_IN_REGISTRY";
    public const string NoZoneInRegistry = "NO_ZONE_IN_REGISTRY";
    public const string NoWarehouse = "NO_WAREHOUSE_SERVES_THE_ZONE";
    public const string NoAgency = "NO_AGENCY_SERVES_THE_ZONE";
    public const string AgencyWithoutAccount = "AGENCY_WITHOUT_ACCOUNT";

    public const string RegistryNotConfigured = "REGISTRY_NOT_CONFIGURED";
    public const string DirectoryNotConfigured = "DIRECTORY_NOT_CONFIGURED";
    public const string ConnectorFault = "CONNECTOR_FAULT";
    public const string LeaseEnded = "LEASE_EXPIRED";
}
