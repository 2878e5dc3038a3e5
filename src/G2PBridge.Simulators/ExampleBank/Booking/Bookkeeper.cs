using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;

namespace G2PBridge.Simulators.ExampleBank.Booking;

/// <summary>
/// Books accepted batches: claim and booking are one transaction, so a crash leaves a batch accepted and nothing half done.
/// </summary>
internal sealed class Bookkeeper(SimulatorsDatabase database, IOptions<SimulatorsOptions> options, TimeProvider clock)
{
    private readonly ExampleBankOptions _bank = options.Value.ExampleBank;

    /// <returns>How many payments were booked; null when nothing waits.</returns>
    public async Task<long?> BookNextAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        var now = clock.GetUtcNow();
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(BookingSql.Plan, ct);
        var batches = (await connection.ListAsync(
            BookingSql.Claim, r => r.GetInt64(0), ct, now - _bank.BookingDelay, (long)_bank.PaymentsPerBooking)).ToArray();
        if (batches.Length == 0)
            return null;

        await connection.ExecuteAsync(BookingSql.TakeTurn, ct);
        await connection.ExecuteAsync(BookingSql.LockRemitters, ct, [batches]);
        var payers = await connection.ListAsync(
            BookingSql.Entries, r => (Id: r.GetInt64(0), Paid: r.GetDecimal(1), Returned: r.GetDecimal(2)), ct, batches, now);
        await connection.ExecuteAsync(
            BookingSql.Balances, ct, batches, payers.Select(p => p.Id).ToArray(), payers.Select(p => p.Paid).ToArray(), payers.Select(p => p.Returned).ToArray());
        var counts = await connection.ListAsync(BookingSql.Finish, r => r.GetInt32(0), ct, batches, now);
        if (_bank.OutcomeCallbackUrl.Length > 0)
            await connection.ExecuteAsync(BookingSql.OweCallbacks, ct, batches, now);
        await transaction.CommitAsync(ct);
        return counts.Sum(c => (long)c);
    }

    public async Task ExpireBlocksAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await connection.ExecuteAsync(BookingSql.ExpireBlocks, ct, clock.GetUtcNow());
    }
}
