using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>Who wakes whom: an accepted batch the booking, a booking the statements, a statement its delivery.</summary>
internal sealed class BankSignals : IDisposable
{
    public Signal BatchAccepted { get; } = new();

    public Signal Booked { get; } = new();

    public Signal StatementCut { get; } = new();

    public Signal CallbackDue { get; } = new();

    public void Dispose()
    {
        BatchAccepted.Dispose();
        Booked.Dispose();
        StatementCut.Dispose();
        CallbackDue.Dispose();
    }
}
