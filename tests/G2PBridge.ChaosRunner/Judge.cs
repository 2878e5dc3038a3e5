using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace G2PBridge.ChaosRunner;

/// <summary>What became of the lines, by kind, and every line that breaks the promise.</summary>
internal sealed record Verdict(SortedDictionary<string, int> Lines, List<string> Breaches);

/// <summary>
/// Holds what the bridge shows of each line against the bank's own ledger, person by person. Nothing of the bridge's own tables or
/// references is used: what counts is how often money went to an account for an envelope.
/// </summary>
internal sealed class Judge(Stage stage, ProgrammeSystem programme, ChaosSettings settings)
{
    private sealed record Booked(long Debits, decimal Debited, long Returns);

    public async Task<Verdict> CompareAsync(IReadOnlyList<string> envelopes, CancellationToken cancellationToken)
    {
        var books = await BooksAsync(cancellationToken);
        var verdict = new Verdict(new(StringComparer.Ordinal), []);
        foreach (var envelope in envelopes)
        {
            var exceptions = await ExceptionsAsync(envelope, cancellationToken);
            for (var number = 1; number <= settings.Lines; number++)
            {
                var line = ProgrammeSystem.Line(envelope, number);
                var (kind, problem) = Say(exceptions.GetValueOrDefault(line), books.GetValueOrDefault((envelope, ProgrammeSystem.Account(number))) ?? new Booked(0, 0, 0));
                verdict.Lines[kind] = verdict.Lines.GetValueOrDefault(kind) + 1;
                if (problem is not null)
                {
                    verdict.Breaches.Add($"{line}: {problem}");
                }
            }
        }

        return verdict;
    }

    private static (string Kind, string? Problem) Say(string? shown, Booked booked) => (shown, booked) switch
    {
        (null, { Debits: 1, Returns: 0, Debited: 10m }) => ("paid, once in the bank's books", null),
        ("RETURNED", { Debits: 1, Returns: 1 }) => ("returned, in and out of the bank's books", null),
        ("REFUSED", { Debits: 0 }) => ("refused, not in the bank's books", null),
        ("UNRESOLVED", { Debits: 0 }) => ("unresolved, not in the bank's books", null),
        (_, { Debits: > 1 }) => ("PAID TWICE", string.Create(CultureInfo.InvariantCulture, $"the bank paid it {booked.Debits} times; shown as {shown ?? "paid"}")),
        ("UNKNOWN", _) => ("STILL UNKNOWN", $"unknown in the end; the bank has {(booked.Debits > 0 ? "it" : "it not")}"),
        _ => ("NOT AS SHOWN", string.Create(CultureInfo.InvariantCulture, $"shown as {shown ?? "paid"}; the bank has {booked.Debits} debits of {booked.Debited} and {booked.Returns} returns")),
    };

    private async Task<Dictionary<(string Envelope, string Account), Booked>> BooksAsync(CancellationToken cancellationToken)
    {
        await using var bank = NpgsqlDataSource.Create(stage.BankConnection);
        await using var command = bank.CreateCommand(
            """
            select split_part(p.narratives, chr(10), 1), p.beneficiary_account,
                count(*) filter (where l.mark = 'D'), coalesce(sum(l.amount) filter (where l.mark = 'D'), 0), count(*) filter (where l.mark = 'RD')
            from example_bank.payments p join example_bank.ledger l on l.batch_id = p.batch_id and l.line = p.line
            where l.mark in ('D', 'RD')
            group by 1, 2
            """);
        var books = new Dictionary<(string, string), Booked>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            books[(reader.GetString(0), reader.GetString(1))] = new Booked(reader.GetInt64(2), reader.GetDecimal(3), reader.GetInt64(4));
        }

        return books;
    }

    /// <summary>State of every line that is shown as anything but paid.</summary>
    private async Task<Dictionary<string, string>> ExceptionsAsync(string envelope, CancellationToken cancellationToken)
    {
        var exceptions = new Dictionary<string, string>(StringComparer.Ordinal);
        for (long? after = 0; after is not null;)
        {
            var page = await programme.SeeAsync(string.Create(CultureInfo.InvariantCulture, $"v1/envelopes/{envelope}/exceptions?limit=1000&after={after}"), cancellationToken)
                ?? throw new NotRunnableException("No host answers although none is disturbed any more.");
            foreach (var item in page["items"]!.AsArray())
            {
                exceptions[(string)item!["disbursement_id"]!] = (string)item["kind"]!;
            }

            after = (long?)page["next"];
        }

        return exceptions;
    }

    /// <summary>Orders by the host that sent them, and how many were interrupted on their way.</summary>
    public async Task<(List<long> ByHost, long Interrupted, long SentAgain)> OrdersAsync(CancellationToken cancellationToken)
    {
        await using var bridge = NpgsqlDataSource.Create(stage.BridgeConnection);
        await using var command = bridge.CreateCommand(
            """
            select array(select count(*) from disbursement.chunk where state = 'Sent' group by owner order by 1 desc),
                (select count(*) from disbursement.chunk_history where from_state = 'Sending' and cause = 'lease ended'),
                (select count(*) from disbursement.chunk_history where from_state = 'Unknown' and to_state = 'Prepared')
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return ([.. reader.GetFieldValue<long[]>(0)], reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>The product's own check of every invariant, against the bank's books too; the broken ones by name.</summary>
    public async Task<(int Code, int Checked, List<string> Broken)> VerifyAsync()
    {
        using (var verify = stage.Verify())
        {
            if (!await verify.ExitAsync(TimeSpan.FromMinutes(5)))
            {
                throw new NotRunnableException("g2pbridge verify does not end.");
            }

            if (verify.ExitCode > 1)
            {
                throw new NotRunnableException($"g2pbridge verify could not check: {await File.ReadAllTextAsync(Path.Combine(stage.Folder, "verify.json"))}");
            }

            await Task.Delay(200);
            var text = await File.ReadAllTextAsync(Path.Combine(stage.Folder, "verify.json"));
            var invariants = JsonNode.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..])!["invariants"]!.AsArray();
            return (verify.ExitCode, invariants.Count(result => result!["not_applicable"] is null),
                [.. invariants.Where(result => (bool)result!["is_broken"]!).Select(result => $"{result!["id"]} of {result["place"]}: {string.Join(", ", result["offenders"]!.AsArray())}")]);
        }
    }
}
