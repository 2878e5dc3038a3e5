namespace G2PBridge.Platform.Identity;

/// <summary>A feature of a request whose caller has shown who he is.</summary>
/// <param name="Actor">How he stands in the histories.</param>
internal sealed record RecognisedCaller(string Actor);
