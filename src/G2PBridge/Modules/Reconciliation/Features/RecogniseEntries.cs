using System.Globalization;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Finds out which payment each entry of a set is about, and compares account, currency and amount. A set of thousands costs one
/// question to the paying side; two more where entries name the partner's id in place of our reference.
/// </summary>
internal sealed class RecogniseEntries(IMediator mediator, EnvelopeKeys envelopes)
{
    public async Task ApplyAsync(IReadOnlyList<ReadEntry> entries, CancellationToken cancellationToken)
    {
        var open = entries.Where(entry => entry.Kind is EntryKind.Unknown).ToList();
        var known = new Dictionary<PaymentReference, InstructionFacts>();
        await AskAsync(open.Where(entry => entry.Ours is not null).Select(entry => entry.Ours!.Value), known, cancellationToken);
        var foreign = open.Where(entry => entry.ReferenceTexts is { Length: > 0 } && (entry.Ours is not { } ours || !known.ContainsKey(ours))).ToList();
        if (foreign.Count > 0)
        {
            await RecogniseForeignAsync(foreign, known, cancellationToken);
        }

        var keys = await envelopes.FindAsync(known.Values.Select(facts => facts.EnvelopeId).Distinct(), cancellationToken);
        foreach (var entry in open)
        {
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
