using System.Globalization;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Platform.Persistence;
using MediatR;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>Lines that are fit to be stored, with the numbers they are stored under.</summary>
internal sealed record IntakeCall(
    RequestIdentity Request, string[]? GivenIds, Envelope Envelope, string BatchId, IReadOnlyList<DisbursementPayload> Lines, SeqRange Numbers, decimal Quantity,
    ProgrammeOptions Rules, DateTimeOffset At);

/// <summary>What came of storing a call. Nothing is stored unless it is Stored.</summary>
internal abstract record IntakeOutcome
{
    private IntakeOutcome()
    {
    }

    /// <param name="IsComplete">These were the last lines of the envelope.</param>
    internal sealed record Stored(bool IsComplete, int Held) : IntakeOutcome;

    /// <summary>The envelope does not take them, by its state or its figures.</summary>
    internal sealed record NotTaken : IntakeOutcome;

    /// <summary>Some lines are for people who have theirs already; they are marked.</summary>
    internal sealed record PeopleRefused : IntakeOutcome;
}

/// <summary>
/// Stores one call in one transaction. First as if nobody collided, which is a plain COPY; where the index of places objects, once more with
/// a look at each collision. The envelope's totals are raised last, so that parallel calls for one envelope queue for a moment only.
/// </summary>
internal sealed class Intake(BridgeDatabase source, IMediator mediator)
{
    private const string Actor = "intake";
    private const int MostAttempts = 4;

    public async Task<IntakeOutcome> StoreAsync(IntakeCall call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await StoreAsync(call, isFirst: attempt == 1, cancellationToken);
            }
            catch (PostgresException conflict) when (attempt < MostAttempts && MayPass(conflict))
            {
                // The transaction is gone with everything it did; now with a look at who collides.
            }
        }
    }

    private static bool MayPass(PostgresException conflict) =>
        (conflict.SqlState == PostgresErrorCodes.UniqueViolation && conflict.ConstraintName == Entitlements.Constraint) || conflict.SqlState == PostgresErrorCodes.DeadlockDetected;

    private async Task<IntakeOutcome> StoreAsync(IntakeCall call, bool isFirst, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await call.Request.RememberAsync(connection, call.At, call.GivenIds, cancellationToken);
        await DisbursementWriter.InsertBatchAsync(
            connection, call.BatchId, call.Envelope.Id, call.Lines[0].CycleId, call.Numbers, call.Quantity, call.At, cancellationToken);

        // Before the lines, which are most of the work: a call of people who all have their place already fails at the first of them.
        var (keys, seqs) = PlacesOf(call);
        IReadOnlyList<Collision> repeated = [];
        if (isFirst)
        {
            await Entitlements.CopyAsync(connection, keys, seqs, cancellationToken);
        }
        else
        {
            repeated = await TakePlacesAsync(connection, call, keys, seqs, cancellationToken);
            if (call.Lines.Any(line => line.Errors is not null))
            {
                return new IntakeOutcome.PeopleRefused();
            }
        }

        await DisbursementWriter.CopyLinesAsync(connection, call.Lines, call.Numbers.First, cancellationToken);
        var held = await RecordAsync(connection, call, repeated, cancellationToken);
        if (await DisbursementWriter.RaiseTotalsAsync(connection, call.Envelope.Id, call.Lines.Count, call.Quantity, cancellationToken) is not { } isComplete)
        {
            return new IntakeOutcome.NotTaken();
        }

        await source.CommitAsync(transaction, cancellationToken);
        return new IntakeOutcome.Stored(isComplete, held);
    }

    /// <summary>One place a person; a second line of a person, where an envelope may hold one, goes with the first.</summary>
    private static (UInt128[] Keys, long[] Seqs) PlacesOf(IntakeCall call)
    {
        var scope = Entitlements.ScopeOf(call.Envelope);
        var count = call.Lines.Count;
        var (keys, seqs) = (new UInt128[count], new long[count]);
        for (var i = 0; i < count; i++)
        {
            keys[i] = Entitlements.KeyOf(scope, call.Lines[i].BeneficiaryId!);
            seqs[i] = call.Numbers.First + i;
        }

        Array.Sort(keys, seqs);
        if (call.Rules.DuplicateBeneficiary == DuplicateBeneficiaryPolicy.Reject)
        {
            return (keys, seqs);
        }

        var first = Enumerable.Range(0, count).Where(i => i == 0 || keys[i] != keys[i - 1]).ToArray();
        return first.Length == count ? (keys, seqs) : (Array.ConvertAll(first, i => keys[i]), Array.ConvertAll(first, i => seqs[i]));
    }

    /// <summary>Takes every place that is free or was given up; gives the lines whose person has one elsewhere, and marks those that the rules refuse.</summary>
    private async Task<IReadOnlyList<Collision>> TakePlacesAsync(NpgsqlConnection connection, IntakeCall call, UInt128[] keys, long[] seqs, CancellationToken cancellationToken)
    {
        var keyOf = new Dictionary<long, UInt128>(seqs.Length);
        for (var i = 0; i < seqs.Length; i++)
        {
            keyOf.Add(seqs[i], keys[i]);
        }

        var collisions = new List<Collision>();
        var open = seqs;
        while (open.Length > 0)
        {
            var left = await Entitlements.TakeFreeAsync(connection, Array.ConvertAll(open, seq => keyOf[seq]), open, cancellationToken);
            open = [.. open.Where(left.Contains)];
            collisions.AddRange(await Entitlements.FindOwnersAsync(connection, Array.ConvertAll(open, seq => keyOf[seq]), open, cancellationToken));
            var found = collisions.Select(collision => collision.Seq).ToHashSet();

            // Who is neither in nor found was freed in between, and is free now.
            open = [.. open.Where(seq => !found.Contains(seq))];
        }

        var unpaid = await ProvedUnpaidAsync(collisions, cancellationToken);
        var freed = collisions.Where(collision => collision.OwnerIsStopped || unpaid.Contains(collision.OwnerSeq)).ToArray();
        await Entitlements.HandOverAsync(connection, Array.ConvertAll(freed, line => keyOf[line.Seq]), Array.ConvertAll(freed, line => line.Seq), cancellationToken);
        Collision[] repeated = [.. collisions.Except(freed)];
        await RefuseAsync(connection, call, repeated, cancellationToken);
        return [.. repeated.Where(collision => collision.OwnerEnvelopeId != call.Envelope.Id)];
    }

    /// <summary>What is handed out by hand is allocated once for a whole batch, so nothing of it can be released later; it is refused instead.</summary>
    private static DuplicatePaymentPolicy RuleOf(IntakeCall call) => call.Rules.DuplicatePayment == DuplicatePaymentPolicy.Hold && call.Envelope.BenefitType != BenefitType.CashDigital
        ? DuplicatePaymentPolicy.Reject
        : call.Rules.DuplicatePayment;

    private async Task<HashSet<long>> ProvedUnpaidAsync(List<Collision> collisions, CancellationToken cancellationToken)
    {
        LineOfEnvelope[] asked = [.. collisions.Where(collision => !collision.OwnerIsStopped).Select(collision => new LineOfEnvelope(collision.OwnerEnvelopeId, collision.OwnerSeq))];
        return asked.Length == 0 ? [] : [.. await mediator.Send(new FindLinesProvedUnpaid(asked), cancellationToken)];
    }

    private static async Task RefuseAsync(NpgsqlConnection connection, IntakeCall call, IReadOnlyList<Collision> repeated, CancellationToken cancellationToken)
    {
        DisbursementPayload Line(long seq) => call.Lines[(int)(seq - call.Numbers.First)];
        var once = call.Rules.DuplicateBeneficiary == DuplicateBeneficiaryPolicy.Reject;
        foreach (var collision in repeated)
        {
            if (collision.OwnerEnvelopeId != call.Envelope.Id)
            {
                if (RuleOf(call) == DuplicatePaymentPolicy.Reject)
                {
                    Line(collision.Seq).Refuse(PartnerCodes.DuplicatePayment);
                }
            }
            else if (once)
            {
                Line(collision.Seq).Refuse(PartnerCodes.DuplicateBeneficiaryInEnvelope);
            }
        }

        if (!once)
        {
            return;
        }

        // These are not the first of their place, so what keeps the person to one line in this envelope is a place of the envelope's own.
        var elsewhere = repeated.Where(collision => collision.OwnerEnvelopeId != call.Envelope.Id).Select(collision => collision.Seq).ToArray();
        var scope = Entitlements.ScopeOf(call.Envelope.Number);
        var own = Array.ConvertAll(elsewhere, seq => Entitlements.KeyOf(scope, Line(seq).BeneficiaryId!));
        Array.Sort(own, elsewhere);
        foreach (var seq in await Entitlements.TakeFreeAsync(connection, own, elsewhere, cancellationToken))
        {
            Line(seq).Refuse(PartnerCodes.DuplicateBeneficiaryInEnvelope);
        }
    }

    /// <summary>Holds the repeated lines, or says in the envelope's history that the programme lets them pass.</summary>
    private static async Task<int> RecordAsync(NpgsqlConnection connection, IntakeCall call, IReadOnlyList<Collision> repeated, CancellationToken cancellationToken)
    {
        if (repeated.Count == 0)
        {
            return 0;
        }

        if (RuleOf(call) == DuplicatePaymentPolicy.Allow)
        {
            var cause = string.Create(CultureInfo.InvariantCulture, $"{repeated.Count} disbursements of batch {call.BatchId} are for people who have one of the same programme, cycle and benefit code in another envelope; the programme allows it");
            await using var allowed = await connection.PreparedAsync(
                "insert into envelopes.envelope_history (envelope_id, at, from_status, to_status, cause, actor) values ($1, $2, $3, $3, $4, $5)", cancellationToken,
                call.Envelope.Id, call.At, nameof(EnvelopeStatus.Open), cause, Actor);
            await allowed.ExecuteNonQueryAsync(cancellationToken);
            return 0;
        }

        HoldEntry[] held = [.. repeated.Select(collision => new HoldEntry(collision.Seq, call.Lines[(int)(collision.Seq - call.Numbers.First)].Quantity!.Value, collision.OwnerSeq))];
        await LineHolds.PlaceAsync(connection, call.Envelope.Id, HoldKind.DuplicatePayment, HoldState.Held, held, "same person, programme, cycle and benefit code in another envelope", Actor, call.At, cancellationToken);
        return held.Length;
    }
}
