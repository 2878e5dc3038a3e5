using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Tells the paying side what a booked file proves: payments whose outcome was open are with the bank, others came back. The debt stands
/// in the file's row (told_at), so that a process that dies here only delays it; telling twice changes nothing.
/// </summary>
internal sealed class TellPayments(IMediator mediator, BridgeDatabase source, DataProtector protector, FileQueue queue, DecisionStore decisions, IReadObserver observer, IOptions<StatementsOptions> options)
{
    private const int SetSize = 10_000;

    /// <summary>False when nothing is owed.</summary>
    public async Task<bool> TellNextAsync(CancellationToken cancellationToken)
    {
        if (await decisions.FindUntoldAsync(cancellationToken) is { } decision)
        {
            await TellDecisionAsync(decision, cancellationToken);
            return true;
        }

        if (await queue.FindUntoldAsync(cancellationToken) is not { } file)
        {
            return false;
        }

        await TellAsync(file.Id, file.Number, cancellationToken);
        return true;
    }

    public async Task TellAsync(Guid id, long number, CancellationToken cancellationToken)
    {
        try
        {
            var fence = await queue.FindFenceAsync(id, cancellationToken);
            await TellDebitsAsync(id, number, cancellationToken);
            var isWhole = await TellReportsAsync(id, number, cancellationToken);
            await TellReturnsAsync(number, cancellationToken);
            observer.Reached(ReadStep.Told);
            if (isWhole)
            {
                await queue.MarkToldAsync(id, fence, cancellationToken);
            }
            else
            {
                await queue.TellLaterAsync(id, options.Value.FirstRetry);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            await queue.TellLaterAsync(id, options.Value.FirstRetry);
            throw;
        }
    }

    /// <summary>What two persons decided, owed and told in the same way.</summary>
    private async Task TellDecisionAsync(Guid decision, CancellationToken cancellationToken)
    {
        try
        {
            var payments = await decisions.PaymentsAsync(decision, cancellationToken);
            PaymentReference[] debits = [.. payments.Where(payment => !payment.IsReturn).Select(payment => payment.Payment)];
            ReturnedPayment[] returns = [.. payments.Where(payment => payment.IsReturn).Select(payment => new ReturnedPayment(payment.Payment, payment.ReasonCode!, $"decision {decision}"))];
            if (debits.Length > 0)
            {
                await mediator.Send(new ConfirmSent(debits, $"decision {decision}"), cancellationToken);
            }

            if (returns.Length > 0)
            {
                await mediator.Send(new RecordReturned(returns), cancellationToken);
            }

            observer.Reached(ReadStep.Told);
            await decisions.MarkToldAsync(decision, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            await decisions.TellLaterAsync(decision, options.Value.FirstRetry);
            throw;
        }
    }

    /// <summary>Only payments that were not known to be sent when the entry was read; in an ordinary statement there is none.</summary>
    private async Task TellDebitsAsync(Guid id, long number, CancellationToken cancellationToken)
    {
        for (var after = 0; ;)
        {
            var set = await source.QueryAsync(
                """
                select e.no, e.line, e.generation from reconciliation.entry e
                where e.file = $1 and e.no > $2 and e.tell and e.kind <> 9 and e.statement in (select no from reconciliation.statement where file = $1 and state = 'Booked')
                order by e.no limit $3
                """,
                [number, after, SetSize], reader => (No: reader.GetInt32(0), Reference: new PaymentReference(reader.GetInt64(1), reader.GetInt16(2))), cancellationToken);
            if (set.Count == 0)
            {
                break;
            }

            await mediator.Send(new ConfirmSent([.. set.Select(row => row.Reference).Distinct()], $"statement {id}"), cancellationToken);
            after = set[^1].No;
        }

        for (var after = 0L; ;)
        {
            var set = await source.QueryAsync(
                BatchBooking.Told, [number, after, SetSize], reader => new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), cancellationToken);
            if (set.Count == 0)
            {
                return;
            }

            await mediator.Send(new ConfirmSent(set, $"statement {id}, a debit for the whole order"), cancellationToken);
            after = set[^1].Line;
        }
    }

    /// <summary>
    /// What a status report says. Under the booking lock: a debit that is booked a moment later is then told a moment later too, so that the
    /// debit has the last word. False when some payments are on their way this moment and have to be told of again.
    /// </summary>
    private async Task<bool> TellReportsAsync(Guid id, long number, CancellationToken cancellationToken)
    {
        var isWhole = true;
        for (var after = 0; ;)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var set = await ReadReportsAsync(connection, id, number, after, cancellationToken);
            if (set.Count == 0)
            {
                return isWhole;
            }

            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var take = await connection.PreparedAsync("select pg_advisory_xact_lock($1, 0)", cancellationToken, Booking.BookingLock))
            {
                take.CommandTimeout = 0;
                await take.ExecuteNonQueryAsync(cancellationToken);
            }

            var current = await ReadReportsAsync(connection, id, number, after, cancellationToken);
            if (current.Count > 0)
            {
                isWhole &= await mediator.Send(new RecordPaymentReports([.. current.Select(row => row.Report)]), cancellationToken) == 0;
            }

            await source.CommitAsync(transaction, cancellationToken);
            after = Math.Max(set[^1].No, current.Count > 0 ? current[^1].No : 0);
        }
    }

    private Task<List<(int No, PaymentReport Report)>> ReadReportsAsync(NpgsqlConnection connection, Guid id, long number, int after, CancellationToken cancellationToken) => connection.QueryAsync(
        StatusBooking.Told, [number, after, SetSize, StatusMeanings.Rejections],
        reader => (
            reader.GetInt32(0),
            new PaymentReport(
                new PaymentReference(reader.GetInt64(1), reader.GetInt16(2)), reader.GetBoolean(3), reader.TextOrNull(4),
                EntryTexts.Open(protector, reader.GetInt64(6), reader.GetInt32(0), reader.IsDBNull(5) ? null : reader.GetFieldValue<byte[]>(5)).Reason, $"status report {id}, entry {reader.GetInt32(0)}")),
        cancellationToken);

    private async Task TellReturnsAsync(long number, CancellationToken cancellationToken)
    {
        for (var after = 0L; ;)
        {
            var set = await source.QueryAsync(
                """
                select m.line, m.generation, m.reason_code, f.id, m.entry_no
                from reconciliation.match m join reconciliation.statement_file f on f.number = m.file
                where m.booked_by = $1 and m.kind = 1 and m.line > $2
                order by m.line limit $3
                """,
                [number, after, SetSize],
                reader => new ReturnedPayment(
                    new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), reader.GetString(2), $"statement {reader.GetGuid(3)}, entry {reader.GetInt32(4)}"),
                cancellationToken);
            if (set.Count == 0)
            {
                return;
            }

            await mediator.Send(new RecordReturned(set), cancellationToken);
            after = set[^1].Reference.Line;
        }
    }
}
