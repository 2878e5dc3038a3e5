namespace G2PBridge.Platform.Jobs;

/// <summary>The names under which work is woken, in one place, so that a module can nudge the next one without knowing it.</summary>
internal static class Work
{
    public const string TakeBatches = "take-batches";
    public const string TakeReleasedLines = "take-released-lines";
    public const string CheckSharedAddresses = "check-shared-addresses";
    public const string ResolveSlices = "resolve-slices";
    public const string TakeEnvelopesDue = "take-envelopes-due";
    public const string FundEnvelopes = "fund-envelopes";
    public const string TakeFundedWork = "take-funded-work";
    public const string SendChunks = "send-chunks";
    public const string InquireUnknown = "inquire-unknown";
    public const string FinishEnvelopes = "finish-envelopes";
    public const string TakePlacedBatches = "take-placed-batches";
    public const string ResolvePlaces = "resolve-places";
    public const string AllocateServicePoints = "allocate-service-points";
    public const string AddPayouts = "add-payouts";
    public const string TakeNotices = "take-notices";
    public const string SendNotifications = "send-notifications";
    public const string WatchPayments = "watch-payments";
    public const string ReadStatements = "read-statements";
}
