using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// Stores an array of payments: one COPY for the lines, one row for each batch (same account, block and day). The unique
/// index on the reference finds repetitions; only then are the offenders looked up.
/// </summary>
internal sealed class PaymentIntake(
    IOptions<SimulatorsOptions> options,
    [FromKeyedServices(ExampleBankMount.PartyKey)] FaultBook faults,
    TimeProvider clock)
{
    private const string DuplicateReference = "DUPLICATE_REFERENCE";
    private const string InvalidBlock = "INVALID_FUND_BLOCK";
    private const string ExpiredBlock = "FUND_BLOCK_EXPIRED";
    private const string UnknownAccount = "REMITTING_ACCOUNT_NOT_FOUND";
    private const int Tries = 5;

    private readonly ExampleBankOptions _bank = options.Value.ExampleBank;

    private readonly record struct Group(string Account, string Currency, string Block, string Date);

    private sealed record Batch(Group Key, long AccountId, List<PaymentJudgement> Lines)
    {
        public decimal Total => Lines.Where(l => l.Refusal is null).Sum(l => l.Line.PaymentAmount);
    }

    public async Task<InitiatePayment.Response> AcceptAsync(
        List<PaymentLine> lines, bool perLine, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        var judged = lines.ConvertAll(l => PaymentJudgement.Of(l, _bank, faults));
        RefuseRepetitions(judged);
        var accounts = await AccountsAsync(judged, connection, ct);
        foreach (var line in judged.Where(l => l.IsStored && !accounts.ContainsKey((l.Line.RemittingAccount, l.Line.RemittingAccountCurrency))))
            line.Refuse(UnknownAccount, stored: false);

        for (var left = Tries; ; left--)
        {
            if (!perLine && judged.Find(l => l is { Refusal: not null, IsRefusedLater: false }) is { } refused)
                return new InitiatePayment.Response("failed", Explain(refused));

            var batches = judged.Where(l => l.IsStored)
                .GroupBy(l => new Group(l.Line.RemittingAccount, l.Line.RemittingAccountCurrency, l.Line.FundsBlockedReferenceNumber ?? "", l.Line.PaymentDate ?? ""))
                .OrderBy(g => g.Key.Block, StringComparer.Ordinal)
                .Select(g => new Batch(g.Key, accounts[(g.Key.Account, g.Key.Currency)], [.. g]))
                .ToList();
            await transaction.SaveAsync("intake", ct);
            try
            {
                if (await StoreAsync(batches, connection, ct) is not { } bad)
                    return Answer(judged, perLine);
                await transaction.RollbackAsync("intake", ct);
                foreach (var line in bad.Batch.Lines.Where(l => l.Refusal is null))
                    line.Refuse(bad.Reason, stored: perLine);
            }
            catch (PostgresException e) when (left > 1 && e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
            {
                await transaction.RollbackAsync("intake", ct);
                await RefuseKnownAsync(judged, connection, ct);
            }
        }
    }

    private static void RefuseRepetitions(List<PaymentJudgement> judged)
    {
        var seen = new HashSet<string>(judged.Count, StringComparer.Ordinal);
        foreach (var line in judged.Where(l => l.IsStored && !seen.Add(l.Line.PaymentReferenceNumber)))
            line.Refuse(DuplicateReference, stored: false);
    }

    private static async Task RefuseKnownAsync(List<PaymentJudgement> judged, NpgsqlConnection connection, CancellationToken ct)
    {
        var known = (await connection.ListAsync(
            "select reference from example_bank.payments where reference = any($1)",
            r => r.GetString(0),
            ct,
            [judged.Where(l => l.IsStored).Select(l => l.Line.PaymentReferenceNumber).ToArray()])).ToHashSet(StringComparer.Ordinal);
        foreach (var line in judged.Where(l => l.IsStored && known.Contains(l.Line.PaymentReferenceNumber)))
            line.Refuse(DuplicateReference, stored: false);
    }

    private static async Task<Dictionary<(string, string), long>> AccountsAsync(
        List<PaymentJudgement> judged, NpgsqlConnection connection, CancellationToken ct)
    {
        var wanted = judged.Where(l => l.IsStored).Select(l => (l.Line.RemittingAccount, l.Line.RemittingAccountCurrency)).Distinct().ToList();
        var rows = await connection.ListAsync(
            "select number, currency, id from example_bank.accounts where (number, currency) in (select * from unnest($1::text[], $2::text[]))",
            r => (Key: (r.GetString(0), r.GetString(1)), Id: r.GetInt64(2)),
            ct,
            wanted.Select(w => w.RemittingAccount).ToArray(),
            wanted.Select(w => w.RemittingAccountCurrency).ToArray());
        return rows.ToDictionary(r => r.Key, r => r.Id);
    }

    private async Task<(Batch Batch, string Reason)?> StoreAsync(List<Batch> batches, NpgsqlConnection connection, CancellationToken ct)
    {
        if (batches.Count == 0)
            return null;
        var ids = await connection.ListAsync(
            "select nextval('example_bank.batch_id') from generate_series(1, $1)", r => r.GetInt64(0), ct, batches.Count);
        await CopyAsync(batches, ids, connection, ct);
        for (var i = 0; i < batches.Count; i++)
        {
            // Claimed after the COPY, so that calls on one block wait for each other only for the moment of the commit.
            var claim = await ClaimBlockAsync(batches[i], connection, ct);
            if (claim.Refusal is { } reason)
                return (batches[i], reason);
            await InsertBatchAsync(batches[i], ids[i], claim.Covered, connection, ct);
            if (_bank.OutcomeCallbackUrl.Length > 0)
                await connection.ExecuteAsync("insert into example_bank.callbacks (batch_id, kind, due_at) values ($1, 'ACCEPTED', $2)", ct, ids[i], clock.GetUtcNow());
        }

        return null;
    }

    private async Task<(string? Refusal, decimal Covered)> ClaimBlockAsync(Batch batch, NpgsqlConnection connection, CancellationToken ct)
    {
        var total = batch.Total;
        if (total == 0)
            return (null, 0);
        var rows = await connection.ListAsync(
            """
            with block as (
                select reference, account_id = $2 as fits,
                       case when state = 'EXPIRED' or expires_at <= $5 then 'EXPIRED' else state end as state,
                       least(amount - committed, $3::numeric) as part
                from example_bank.fund_blocks where reference = $1 for update),
            claimed as (
                update example_bank.fund_blocks b set committed = b.committed + k.part from block k
                where b.reference = k.reference and k.fits and k.state = 'ACTIVE' and (k.part = $3 or not $4))
            select fits, state, part from block
            """,
            r => (Fits: r.GetBoolean(0), State: r.GetString(1), Part: r.GetDecimal(2)),
            ct, batch.Key.Block, batch.AccountId, total, _bank.VerifyFundBlocks, clock.GetUtcNow());
        var (fits, state, part) = rows.Count == 0 ? (false, "", 0m) : rows[0];
        if (fits && state == "EXPIRED")
            return (ExpiredBlock, 0);
        var isCovered = fits && state == "ACTIVE" && part == total;
        return isCovered ? (null, total)
            : _bank.VerifyFundBlocks ? (InvalidBlock, 0)
            : (null, fits && state == "ACTIVE" ? part : 0);
    }

    private Task<int> InsertBatchAsync(Batch batch, long id, decimal covered, NpgsqlConnection connection, CancellationToken ct) =>
        connection.ExecuteAsync(
            """
            insert into example_bank.batches
                (id, account_id, currency, block_reference, covered, payment_date, payments, refused, total, accepted_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            ct, id, batch.AccountId, batch.Key.Currency, batch.Key.Block, covered, batch.Key.Date,
            batch.Lines.Count, batch.Lines.Count(l => l.Refusal is not null), batch.Total, clock.GetUtcNow());

    // Values are written without await: each fills a buffer, which is sent now and then, and a wait for each costs more than all else here.
    private static async Task CopyAsync(List<Batch> batches, List<long> ids, NpgsqlConnection connection, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            """
            copy example_bank.payments (batch_id, line, reference, amount, booked_amount, times, refusal, return_reason, credit_to,
                beneficiary_name, beneficiary_account, account_type, bank_code, branch_code, phone, email, narratives, refused_later)
            from stdin (format binary)
            """,
            ct);
        for (var b = 0; b < batches.Count; b++)
        {
            for (var i = 0; i < batches[b].Lines.Count; i++)
            {
                var judged = batches[b].Lines[i];
                var line = judged.Line;
                copy.StartRow();
                copy.Write(ids[b], NpgsqlDbType.Bigint);
                copy.Write(i + 1, NpgsqlDbType.Integer);
                copy.Write(line.PaymentReferenceNumber, NpgsqlDbType.Text);
                copy.Write(line.PaymentAmount, NpgsqlDbType.Numeric);
                if (judged.BookedAmount is { } other)
                    copy.Write(other, NpgsqlDbType.Numeric);
                else
                    copy.WriteNull();
                copy.Write(judged.Times, NpgsqlDbType.Smallint);
                Text(judged.Refusal);
                Text(judged.ReturnReason);
                Text(judged.CreditTo);
                Text(line.BeneficiaryName);
                Text(line.BeneficiaryAccount);
                Text(line.BeneficiaryAccountType);
                Text(line.BeneficiaryBankCode);
                Text(line.BeneficiaryBranchCode);
                Text(line.BeneficiaryPhoneNo);
                Text(line.BeneficiaryEmail);
                Text(judged.Narratives());
                copy.Write(judged.IsRefusedLater, NpgsqlDbType.Boolean);
            }
        }

        await copy.CompleteAsync(ct);

        void Text(string? text)
        {
            if (text is null)
                copy.WriteNull();
            else
                copy.Write(text, NpgsqlDbType.Text);
        }
    }

    private static InitiatePayment.Response Answer(List<PaymentJudgement> judged, bool perLine)
    {
        if (!perLine)
            return new InitiatePayment.Response("success", "");
        var refused = judged.Count(l => l is { Refusal: not null, IsRefusedLater: false });
        return new InitiatePayment.Response(refused == 0 ? "success" : refused == judged.Count ? "failed" : "partial", "")
        {
            Payments = judged.ConvertAll(l => new InitiatePayment.Line(
                l.Line.PaymentReferenceNumber, l.Refusal is null || l.IsRefusedLater ? "ACCEPTED" : "REFUSED", l.IsRefusedLater ? null : l.Refusal)),
        };
    }

    private static string Explain(PaymentJudgement refused) => refused.Refusal switch
    {
        InvalidBlock => "Invalid funds block reference or mismatch in details",
        ExpiredBlock => "Funds block expired",
        UnknownAccount => "Account not found",
        var reason => $"{reason}: {refused.Line.PaymentReferenceNumber}",
    };
}
