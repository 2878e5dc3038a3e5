using System.Text.Json;
using System.Threading.Channels;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Statements;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Reads a stored file to its end and hands its entries on in sets, each recognised already. While one set is written, the next
/// is read: a channel of one set between the two keeps memory flat however long the file is.
/// </summary>
internal sealed class StageStatements(IMediator mediator, BridgeDatabase source, RecogniseEntries recognise, DataProtector protector, EntryHashes hashes, IOptions<StatementsOptions> options)
{
    private static readonly JsonSerializerOptions FindingJson = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly Dictionary<string, SponsorAccount?> _accounts = new(StringComparer.Ordinal);

    public async Task<FileOutcome> ReadAsync(ClaimedFile file, string prefix, EarlierReading earlier, ChannelWriter<StagedSet> sets, CancellationToken cancellationToken)
    {
        var taking = new EntryTaking(new ReferenceScan(prefix), hashes);
        var statuses = new StageStatuses(mediator, new StatusTaking(new ReferenceScan(prefix), hashes));
        var profile = await FindProfileAsync(file, cancellationToken);
        await using var stream = new FilePartStream(source, protector, file.Id);
        await using var reader = await StatementReader.OpenAsync(stream, profile, new ReaderLimits { FileBytes = long.MaxValue }, cancellationToken);
        var (entries, ended) = (new List<ReadEntry>(options.Value.SetSize), new List<StatementRow>());
        var (no, classified, debits, sponsor, skip) = (0, 0, 0, (SponsorAccount?)null, false);
        while (await reader.ReadAsync(cancellationToken))
        {
            switch (reader.Event)
            {
                case StatementEvent.StatementStart:
                    sponsor = await FindAccountAsync(reader.Header, cancellationToken) is { } found && file.MaySpeakOf(found) ? found : null;
                    skip = earlier.Settled.Contains(reader.Header.Index);
                    break;
                case StatementEvent.Entry or StatementEvent.Detail or StatementEvent.BadEntry:
                    no++;
                    if (sponsor is not null && !skip)
                    {
                        var entry = taking.Take(reader.Entry, reader.Event, no, reader.Header.Index, sponsor.AccountNumber, reader.Header.Currency ?? reader.Header.Opening?.Currency);
                        classified += entry.Kind is EntryKind.Unknown or EntryKind.Unreadable ? 0 : 1;
                        entries.Add(entry);
                    }

                    break;
                case StatementEvent.PaymentStatus when !skip:
                    var reported = await statuses.TakeAsync(reader.Status, no, reader.Header.Index, cancellationToken);
                    no += reported.Count;
                    classified += reported.Count;
                    entries.AddRange(reported);
                    break;
                case StatementEvent.StatementEnd when !skip && reader.Header.Format == StatementFormat.Pain002:
                    (entries, ended) = await HandOnAsync(entries, ended);
                    ended.Add(Row(file, reader.Summary, statuses.SponsorAccount is { } account ? await mediator.Send(new FindSponsorAccountByNumber(account), cancellationToken) : null, earlier));
                    break;
                case StatementEvent.StatementEnd when !skip:
                    ended.Add(Row(file, reader.Summary, sponsor, earlier));
                    break;
                default:
                    break;
            }

            if (entries.Count >= options.Value.SetSize || ended.Count >= options.Value.SetSize)
            {
                (entries, ended) = await HandOnAsync(entries, ended);
            }
        }

        await HandOnAsync(entries, ended);
        return new FileOutcome(
            reader.File.Format.ToString(), reader.File.Verdict.ToString(), Findings(reader.File.Findings), reader.File.Findings.Any(finding => finding.Severity == Verdict.Reject),
            no, classified, debits);

        async Task<(List<ReadEntry>, List<StatementRow>)> HandOnAsync(List<ReadEntry> set, List<StatementRow> statements)
        {
            await recognise.ApplyAsync(set, cancellationToken);
            await LeaveToOthersAsync(file, set, cancellationToken);
            statuses.Recognised(set);
            debits += set.Count(entry => entry is { Kind: EntryKind.Debit, Problem: null });
            await sets.WriteAsync(new StagedSet(set, statements), cancellationToken);
            return (new List<ReadEntry>(options.Value.SetSize), []);
        }
    }

    /// <summary>The uploader's choice, else the profile of the first account in the file.</summary>
    private async Task<BankProfile> FindProfileAsync(ClaimedFile file, CancellationToken cancellationToken)
    {
        var name = file.Profile ?? options.Value.DefaultProfile;
        var profile = options.Value.FindProfile(name) ?? options.Value.FindProfile(options.Value.DefaultProfile)!;
        if (file.Profile is not null || options.Value.Accounts.Count == 0)
        {
            return profile;
        }

        await using var stream = new FilePartStream(source, protector, file.Id);
        await using var reader = await StatementReader.OpenAsync(stream, profile, new ReaderLimits { Fingerprints = false }, cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.Event == StatementEvent.StatementStart)
            {
                return options.Value.FindProfile(options.Value.ProfileOf(reader.Header.Account))!;
            }
        }

        return profile;
    }

    /// <summary>A bank cannot speak of payments that another was ordered to make: neither report them, nor prove by a misplaced debit that they were made.</summary>
    private async Task LeaveToOthersAsync(ClaimedFile file, List<ReadEntry> set, CancellationToken cancellationToken)
    {
        if (file.Banks is null)
        {
            return;
        }

        foreach (var entry in set)
        {
            if (entry.Cause == UnmatchedCause.AccountDiffers)
            {
                entry.Tell = false;
            }
            else if (entry is { Kind: EntryKind.PaymentStatus, SponsorAccount.Length: > 0 } && !(await FindAccountAsync(entry.SponsorAccount, cancellationToken) is { } account && file.MaySpeakOf(account)))
            {
                entry.Refuse(PartnerCodes.InvalidAccountNumber, UnmatchedCause.AccountDiffers, "The payment was ordered from an account of another bank than the sender's.");
                entry.Tell = false;
            }
        }
    }

    private async Task<SponsorAccount?> FindAccountAsync(string account, CancellationToken cancellationToken)
    {
        if (!_accounts.TryGetValue(account, out var sponsor))
        {
            sponsor = await mediator.Send(new FindSponsorAccountByNumber(account), cancellationToken);
            _accounts[account] = sponsor;
        }

        return sponsor;
    }

    private async Task<SponsorAccount?> FindAccountAsync(StatementHeader header, CancellationToken cancellationToken)
    {
        // An account with a NUL is nobody's, and cannot even be asked about.
        if (header.Account is not { } account || account.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        if (!_accounts.TryGetValue(account, out var sponsor))
        {
            sponsor = await mediator.Send(new FindSponsorAccountByNumber(account), cancellationToken)
                ?? (header.NormalisedAccount is { } normalised && normalised != account ? await mediator.Send(new FindSponsorAccountByNumber(normalised), cancellationToken) : null);
            _accounts[account] = sponsor;
        }

        return sponsor;
    }

    private StatementRow Row(ClaimedFile file, StatementSummary summary, SponsorAccount? sponsor, EarlierReading earlier)
    {
        var number = summary.Header.Number?.Split('/', 2);
        return new StatementRow
        {
            File = file.Number,
            No = summary.Header.Index,
            State = StateOf(summary, sponsor, earlier),
            Format = summary.Header.Format.ToString(),
            // An account that is not the ministry's may be a person's.
            Account = sponsor is null ? Masked.Of(Clean(summary.Header.Account)) : Clean(summary.Header.Account),
            SponsorAccount = sponsor?.AccountNumber,
            Reference = Clean(summary.Header.Reference),
            Number = Clean(number?[0]),
            Sequence = Clean(number is [_, var sequence] ? sequence : null),
            Currency = Clean(summary.Header.Currency ?? summary.Opening?.Currency ?? summary.Closing?.Currency),
            Opening = Storable(summary.Opening?.Amount),
            OpeningDate = summary.Opening?.Date,
            OpeningIntermediate = summary.Opening?.Intermediate,
            Closing = Storable(summary.Closing?.Amount),
            ClosingDate = summary.Closing?.Date,
            ClosingIntermediate = summary.Closing?.Intermediate,
            Entries = summary.Entries,
            BadEntries = summary.BadEntries,
            Credits = Storable(summary.Credits) ?? 0,
            Debits = Storable(summary.Debits) ?? 0,
            Verdict = summary.Verdict.ToString(),
            Findings = Findings(summary.Findings),
            ContentFingerprint = hashes.OfStatement(summary.ContentFingerprint),
            BookingsFingerprint = hashes.OfStatement(summary.BookingsFingerprint),
        };
    }

    /// <summary>One entry that cannot be read goes to the queue and keeps none of the others back; anything else that forbids booking forbids all of it.</summary>
    private StatementState StateOf(StatementSummary summary, SponsorAccount? sponsor, EarlierReading earlier)
    {
        // A status report names no account of its own; each payment in it is judged by itself.
        if (sponsor is null && summary.Header.Format != StatementFormat.Pain002)
        {
            return StatementState.UnknownAccount;
        }

        var worst = summary.Findings.Where(finding => finding.Code != FindingCodes.BadEntry).Select(finding => finding.Severity).DefaultIfEmpty(Verdict.Accept).Max();
        return worst switch
        {
            Verdict.Reject => StatementState.Rejected,
            Verdict.Hold when !earlier.Released.Contains((summary.Header.Index, hashes.OfStatement(summary.ContentFingerprint) ?? "")) => StatementState.Held,
            _ => StatementState.Read,
        };
    }

    private static string Findings(IReadOnlyList<Finding> findings) => Clean(JsonSerializer.Serialize(
        findings.Select(finding => new { finding.Code, Severity = finding.Severity.ToString().ToUpperInvariant(), Message = Masked.Text(finding.Message), finding.Line, finding.Count }), FindingJson))!;

    private static decimal? Storable(decimal? amount) =>
        amount is { } value && decimal.Abs(value) < CurrencyUnits.AmountLimit && CurrencyUnits.DecimalsIn(value) <= CurrencyUnits.StoredDecimals ? value : null;

    /// <summary>PostgreSQL holds no NUL in a text.</summary>
    private static string? Clean(string? text) => text?.Replace("\0", "", StringComparison.Ordinal).Replace("\\u0000", "", StringComparison.Ordinal);
}
