using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Growth;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Finds out which payment each entry of a set is about, and compares account, currency and amount. A set of thousands costs one
/// question to the paying side; two more where entries name the partner's id in place of our reference, or an order in place of a payment.
/// </summary>
internal sealed class RecogniseEntries(IMediator mediator, EnvelopeKeys envelopes, ArchivedNumbers archived)
{
    public async Task ApplyAsync(IReadOnlyList<ReadEntry> entries, CancellationToken cancellationToken)
    {
        var open = entries.Where(entry => entry.Kind is EntryKind.Unknown || entry is { Kind: EntryKind.PaymentStatus, Cause: null, IsAboutOrder: false }).ToList();
        var known = new Dictionary<PaymentReference, InstructionFacts>();
        var gone = await archived.ClosedAsync(NumberSeries.Lines, cancellationToken);
        await AskAsync(open.Where(entry => entry.Ours is not null).Select(entry => entry.Ours!.Value), known, cancellationToken);
        var foreign = open.Where(entry => entry.ReferenceTexts is { Length: > 0 } && (entry.Ours is not { } ours || !known.ContainsKey(ours))).ToList();
        if (foreign.Count > 0)
        {
            await RecogniseForeignAsync(foreign, known, cancellationToken);
        }

        var orders = new Dictionary<string, (OrderFacts Order, IReadOnlyList<InstructionFacts> Payments)>(StringComparer.Ordinal);
        await AskOrdersAsync([.. open.Where(entry => entry is { Ours: null, OrderKey: not null }).Select(entry => entry.OrderKey!).Distinct(StringComparer.Ordinal)], orders, cancellationToken);
        var keys = await envelopes.FindAsync(known.Values.Select(facts => facts.EnvelopeId).Concat(orders.Values.Select(order => order.Order.EnvelopeId)).Distinct(StringComparer.Ordinal), cancellationToken);
        foreach (var entry in open)
        {
            if (entry.Kind == EntryKind.PaymentStatus)
            {
                JudgeStatus(entry, entry.Ours is { } reported ? known.GetValueOrDefault(reported) : null);
                continue;
            }

            if (entry.Ours is null && entry.OrderKey is { } key && orders.TryGetValue(key, out var order))
            {
                entry.Envelope = keys[order.Order.EnvelopeId];
                JudgeBatch(entry, order.Order, order.Payments);
                continue;
            }

            if (entry.Ours is { } old && gone.Exists(range => range.Contains(old.Line)))
            {
                entry.Ours = null;
                entry.Refuse(PartnerCodes.InvalidReconciliationId, UnmatchedCause.UnknownReference, "The entry names a payment that lies in an archive: it was settled, and its rows were taken out. A person has to look at it.");
                continue;
            }

            if (entry.Ours is { } reference && known.TryGetValue(reference, out var facts))
            {
                entry.Envelope = keys[facts.EnvelopeId];
                Judge(entry, facts);
            }
            else
            {
                var text = entry.Ours is null ? "Nothing in the entry names a payment of this installation." : "The reference has our form, but no payment was ever written under it.";
                entry.Ours = null;
                entry.Refuse(PartnerCodes.InvalidReconciliationId, UnmatchedCause.UnknownReference, text);
            }
        }
    }

    private static void Judge(ReadEntry entry, InstructionFacts facts)
    {
        if (entry.IsNotAPayout)
        {
            entry.Refuse(PartnerCodes.InvalidReversal, UnmatchedCause.NotAPayout, "The entry names a payment of ours, but takes back something that had come in.");
            return;
        }

        entry.Kind = entry.IsDebit ? EntryKind.Debit : EntryKind.Return;
        // A debit proves that the bank has the payment, even where its figures are wrong.
        entry.Tell = entry.IsDebit && facts.State is not (LineState.Sent or LineState.Returned);
        if (facts.AccountNumber != entry.SponsorAccount)
        {
            entry.Refuse(PartnerCodes.InvalidAccountNumber, UnmatchedCause.AccountDiffers, "The payment was ordered from another account.");
        }
        else if (facts.Currency != entry.Currency)
        {
            entry.Refuse(
                entry.IsDebit ? PartnerCodes.InvalidDisbursementCurrencyCode : PartnerCodes.InvalidReversal, UnmatchedCause.CurrencyDiffers,
                Figures(entry.IsDebit ? "debited" : "returned", entry, facts));
        }
        else if (facts.Amount != entry.Amount)
        {
            entry.Refuse(
                entry.IsDebit ? PartnerCodes.InvalidDisbursementQuantity : PartnerCodes.InvalidReversal,
                entry.IsDebit ? UnmatchedCause.AmountDiffers : UnmatchedCause.ReturnAmountDiffers,
                Figures(entry.IsDebit ? "debited" : "returned", entry, facts));
        }
        else if (!entry.IsDebit && !entry.IsReturn)
        {
            entry.Refuse(PartnerCodes.InvalidReversal, UnmatchedCause.CreditWithoutReturnSignal, "The credit carries the reference of a payment of ours and does not say that it returns it.");
        }
    }

    /// <summary>One debit for an order: its sum must be that of the order's payments, with or without those that the bank refused.</summary>
    private static void JudgeBatch(ReadEntry entry, OrderFacts order, IReadOnlyList<InstructionFacts> payments)
    {
        var taken = payments.Where(payment => payment.State != LineState.Refused).ToList();
        var (amount, ordered) = (taken.Sum(payment => payment.Amount), payments.Sum(payment => payment.Amount));
        if (order.AccountNumber != entry.SponsorAccount)
        {
            entry.Refuse(PartnerCodes.InvalidAccountNumber, UnmatchedCause.AccountDiffers, "The order was given for another account.");
        }
        else if (order.Currency != entry.Currency)
        {
            entry.Refuse(
                PartnerCodes.InvalidDisbursementCurrencyCode, UnmatchedCause.CurrencyDiffers,
                string.Create(CultureInfo.InvariantCulture, $"{entry.Amount:0.00##} {entry.Currency} debited for an order of {ordered:0.00##} {order.Currency}."));
        }
        else if (entry.Amount is { } debited && (debited == amount || debited == ordered) && payments.Count > 0)
        {
            entry.Kind = EntryKind.Batch;
            entry.Batch =
            [
                .. (debited == amount ? taken : payments).Select(payment => new BatchPart(
                    new PaymentReference(payment.Line, payment.Generation), payment.Amount, payment.State is not (LineState.Sent or LineState.Returned))),
            ];
        }
        else
        {
            entry.Refuse(
                PartnerCodes.InvalidDisbursementQuantity, UnmatchedCause.AmountDiffers,
                string.Create(CultureInfo.InvariantCulture, $"{entry.Amount:0.00##} {entry.Currency} debited, {amount:0.00##} {order.Currency} ordered in {taken.Count} payments of one order."));
        }
    }

    /// <summary>What a report says is told where it is news; whether a debit contradicts a rejection is judged when it is booked.</summary>
    private static void JudgeStatus(ReadEntry entry, InstructionFacts? facts)
    {
        if (facts is null)
        {
            entry.Ours = null;
            if (StatusMeanings.Of(entry.Type) != StatusMeaning.Mixed)
            {
                entry.Refuse(PartnerCodes.InvalidReconciliationId, UnmatchedCause.UnknownReference, "Nothing in the report names a payment of this installation.");
            }

            return;
        }

        entry.SponsorAccount = facts.AccountNumber;
        switch (StatusMeanings.Of(entry.Type))
        {
            case StatusMeaning.Rejected:
                entry.Tell = facts.State is not (LineState.Refused or LineState.Returned);
                break;
            case StatusMeaning.Settled when facts.State == LineState.Refused:
                entry.Refuse(null, UnmatchedCause.SettledAfterRefusal, "The bank reports the payment as done after it had refused it. It counts as unpaid until a statement shows the debit: ask the bank before it is paid again.");
                break;
            case StatusMeaning.UnderWay or StatusMeaning.Settled:
                entry.Tell = facts.State is LineState.Prepared or LineState.Sending or LineState.Unknown;
                break;
            default:
                break;
        }
    }

    private static string Figures(string what, ReadEntry entry, InstructionFacts facts) => string.Create(
        CultureInfo.InvariantCulture, $"{entry.Amount:0.00##} {entry.Currency} {what}, {facts.Amount:0.00##} {facts.Currency} ordered.");

    /// <summary>A statement in OpenG2P's own layout names the partner's disbursement id: then the newest payment of that line is meant.</summary>
    private async Task RecogniseForeignAsync(List<ReadEntry> entries, Dictionary<PaymentReference, InstructionFacts> known, CancellationToken cancellationToken)
    {
        string[] texts = [.. entries.SelectMany(entry => entry.ReferenceTexts!).Distinct(StringComparer.Ordinal)];
        var lines = (await mediator.Send(new FindLinesById(texts), cancellationToken)).ToDictionary(line => line.DisbursementId, line => line.Seq, StringComparer.Ordinal);
        if (lines.Count == 0)
        {
            return;
        }

        var newest = (await mediator.Send(new FindInstructionsOfLines([.. lines.Values]), cancellationToken))
            .Where(instruction => instruction.Generation > 0)
            .ToDictionary(instruction => instruction.Line, instruction => new PaymentReference(instruction.Line, instruction.Generation));
        foreach (var entry in entries)
        {
            foreach (var text in entry.ReferenceTexts!)
            {
                if (lines.TryGetValue(text, out var line) && newest.TryGetValue(line, out var reference))
                {
                    entry.Ours = reference;
                    break;
                }
            }
        }

        await AskAsync(newest.Values, known, cancellationToken);
    }

    /// <summary>One order at a time: an order is some thousands of payments.</summary>
    private async Task AskOrdersAsync(
        IReadOnlyCollection<string> keys, Dictionary<string, (OrderFacts Order, IReadOnlyList<InstructionFacts> Payments)> orders, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
        {
            return;
        }

        foreach (var order in await mediator.Send(new FindOrders(keys), cancellationToken))
        {
            orders[order.Key] = (order, await mediator.Send(new ReadPaymentsOfOrder(order.ChunkId), cancellationToken));
        }
    }

    private async Task AskAsync(IEnumerable<PaymentReference> references, Dictionary<PaymentReference, InstructionFacts> known, CancellationToken cancellationToken)
    {
        PaymentReference[] asked = [.. references.Where(reference => !known.ContainsKey(reference)).Distinct()];
        if (asked.Length == 0)
        {
            return;
        }

        foreach (var facts in await mediator.Send(new FindInstructions(asked), cancellationToken))
        {
            known[new PaymentReference(facts.Line, facts.Generation)] = facts;
        }
    }
}
