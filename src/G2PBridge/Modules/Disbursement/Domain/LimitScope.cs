namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>What an amount per day is limited for.</summary>
internal enum LimitScope
{
    Bank,
    Programme,
}

/// <summary>The most that may be ordered with one payment date.</summary>
/// <param name="Value">Bank code or programme mnemonic.</param>
/// <param name="Amount">In the envelope's currency; each currency has its own account of the day.</param>
internal readonly record struct DayLimit(LimitScope Scope, string Value, decimal Amount);
