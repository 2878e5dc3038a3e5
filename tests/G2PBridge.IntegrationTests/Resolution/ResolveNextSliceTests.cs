using G2PBridge.Connectors;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Features;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Resolution;

internal sealed class ResolveNextSliceTests : ResolutionTest
{
    [Test]
    public async Task Everyone_linked_is_resolved_in_one_call_and_handed_over_as_one_set()
    {
        await TakeAsync(25);

        await ResolveAsync();

        var set = (await SetsAsync()).Single();
        var addresses = await SendAsync(new ReadAddresses(set.Lines, set.Round));
        Assert.Multiple(async () =>
        {
            Assert.That(Mapper.Calls, Has.Count.EqualTo(1));
            Assert.That(set, Has.Property("Count").EqualTo(25).And.Property("EnvelopeId").EqualTo(Envelope).And.Property("BatchId").EqualTo(Batch));
            Assert.That(addresses.Select(address => address.AccountNumber), Is.EqualTo(Enumerable.Range(1, 25).Select(i => $"ACC-B{i}")));
            Assert.That(addresses.Select(address => address.Seq), Is.Ordered);
            Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 25, 25, 25_000m, 0, 0m, 0, false)));
            Assert.That(await BatchStatusAsync(), Is.EqualTo("PROCESSED"));
            Assert.That(await ScalarAsync<string>("select string_agg(coalesce(from_status, '-') || '>' || to_status, ' ' order by id) from resolution.slice_history"),
                Is.EqualTo("->Pending Pending>Resolving Resolving>Resolved"));
        });
    }

    [Test]
    public async Task No_call_names_a_person_as_its_reference()
    {
        await TakeAsync(3);

        await ResolveAsync();

        var questions = Mapper.Calls.Single();
        Assert.That(questions.Select(question => question.Reference), Is.Unique.And.All.Matches<string>(reference => long.TryParse(reference, out _)));
    }

    [Test]
    public async Task The_unlinked_are_named_and_hold_up_nobody_and_follow_in_a_set_of_their_own()
    {
        await TakeAsync(25);
        Mapper.Unlinked["B7"] = NotLinked;

        await ResolveAsync();

        var first = (await SetsAsync()).Single();
        var unlinked = (await SendAsync(new ListUnresolved(Envelope, 0, 10, null))).Single();
        Assert.Multiple(async () =>
        {
            Assert.That(first.Count, Is.EqualTo(24));
            Assert.That((unlinked.ReasonCode, unlinked.Attempts, unlinked.NextAttemptAt), Is.EqualTo((NotLinked, 1, Clock.GetUtcNow() + TimeSpan.FromSeconds(30))));
            Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 25, 24, 24_000m, 1, 1_000m, 0, true)));
            Assert.That(await BatchStatusAsync(), Is.EqualTo("PROCESSED"));
        });
        await SendAsync(new AcknowledgeResolvedSets([first]));

        await ResolveAsync();
        Assert.That(Mapper.Calls, Has.Count.EqualTo(1), "not due yet");

        Mapper.Unlinked.Clear();
        Clock.Advance(TimeSpan.FromSeconds(30));
        await ResolveAsync();

        var second = (await SetsAsync()).Single();
        Assert.Multiple(async () =>
        {
            Assert.That(Mapper.Calls.Last().Single().BeneficiaryId, Is.EqualTo("B7"), "nobody else is asked about again");
            Assert.That((second.SliceId, second.Round, second.Count), Is.EqualTo((first.SliceId, first.Round + 1, 1)));
            Assert.That((await SendAsync(new ReadAddresses(second.Lines, second.Round))).Single().AccountNumber, Is.EqualTo("ACC-B7"));
            Assert.That(await SendAsync(new ReadAddresses(first.Lines, first.Round)), Has.Count.EqualTo(24));
            Assert.That(await SendAsync(new ListUnresolved(Envelope, 0, 10, null)), Is.Empty);
            Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 25, 25, 25_000m, 0, 0m, 0, false)));
            Assert.That(await SliceStatusAsync(), Is.EqualTo("Resolved"));
        });
    }

    [Test]
    public async Task After_the_last_round_only_a_person_asks_again()
    {
        await TakeAsync(2);
        Mapper.Unlinked["B2"] = NotLinked;

        for (var round = 0; round < 10; round++)
        {
            await ResolveAsync();
            Clock.Advance(TimeSpan.FromHours(12));
        }

        Assert.That(Mapper.Calls, Has.Count.EqualTo(6), "once, and once after each of five pauses");
        Assert.That(await SliceStatusAsync(), Is.EqualTo("Exhausted"));
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 2, 1, 1_000m, 1, 1_000m, 1, false)));
        Assert.That((await SendAsync(new ListUnresolved(Envelope, 0, 10, null))).Single().NextAttemptAt, Is.Null);

        Mapper.Unlinked.Clear();
        Assert.That(await SendAsync(new RetryUnresolved(Envelope, "operator")), Is.EqualTo(1));
        await ResolveAsync();

        Assert.That(await SliceStatusAsync(), Is.EqualTo("Resolved"));
        Assert.That(await SetsAsync(), Has.Count.EqualTo(2));
        Assert.That(await ScalarAsync<string>("select actor from resolution.slice_history where from_status = 'Exhausted' and to_status = 'Pending'"), Is.EqualTo("operator"));
    }

    [Test]
    public async Task An_outage_fails_the_attempt_and_never_the_people()
    {
        await TakeAsync(3);
        for (var i = 0; i < 40; i++)
        {
            Mapper.Next(_ => Outage);
        }

        await ResolveAsync();
        Assert.That(await BatchStatusAsync(), Is.EqualTo("PENDING"));
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 3, 0, 0m, 0, 0m, 0, true)));

        for (var i = 0; i < 4; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(5));
            await ResolveAsync();
        }

        var batch = await SendAsync(new ReadResolutionOfBatch(Batch));
        Assert.That((batch!.Status, batch.LatestErrorCode, batch.Attempts), Is.EqualTo(("ERROR", "MAPPER_UNREACHABLE", 5)));
        Assert.That(await SendAsync(new CountUnresolvedByReason(Envelope)), Is.Empty);

        Mapper.Reset();
        Clock.Advance(TimeSpan.FromMinutes(5));
        await ResolveAsync();

        batch = await SendAsync(new ReadResolutionOfBatch(Batch));
        Assert.That((batch!.Status, batch.LatestErrorCode), Is.EqualTo(("PROCESSED", default(string))));
        Assert.That(await ProgressAsync(), Has.Property("Resolved").EqualTo(3));
    }

    [Test]
    public async Task A_mapper_that_fails_a_part_holds_up_that_part_only()
    {
        await TakeAsync(8);
        Mapper.Next(_ => Outage);
        await ResolveAsync();
        Mapper.Next(_ => null);
        Mapper.Next(_ => Outage);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await ResolveAsync();

        Assert.That((await SetsAsync()).Single().Count, Is.EqualTo(4));
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 8, 4, 4_000m, 0, 0m, 0, true)));
        Assert.That(await BatchStatusAsync(), Is.EqualTo("PENDING").Or.EqualTo("PROCESSING"));

        Clock.Advance(TimeSpan.FromMinutes(5));
        await ResolveAsync();

        Assert.That((await SetsAsync()).Sum(set => set.Count), Is.EqualTo(8));
        Assert.That(await BatchStatusAsync(), Is.EqualTo("PROCESSED"));
    }

    [Test]
    public async Task Cancelled_lines_are_not_asked_about_and_leave_the_counts_right_between_rounds()
    {
        await TakeAsync(5);
        await CancelLineAsync("E-D1");
        Mapper.Unlinked["B2"] = NotLinked;
        Mapper.Unlinked["B3"] = NotLinked;
        await ResolveAsync();
        Assert.That(Mapper.Calls.Single().Select(question => question.BeneficiaryId), Is.EqualTo(new[] { "B2", "B3", "B4", "B5" }));
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 4, 2, 2_000m, 2, 2_000m, 0, true)));

        await CancelLineAsync("E-D2");
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 3, 2, 2_000m, 1, 1_000m, 0, true)), "at once");
        Assert.That(await SendAsync(new CountUnresolvedByReason(Envelope)), Is.EqualTo(new[] { new ReasonCount(NotLinked, 1) }));
        Assert.That(await SendAsync(new ListUnresolved(Envelope, 0, 1, null)), Has.Count.EqualTo(1), "a page is filled up");

        Clock.Advance(TimeSpan.FromSeconds(30));
        await ResolveAsync();
        Assert.That(Mapper.Calls.Last().Select(question => question.BeneficiaryId), Is.EqualTo(new[] { "B3" }));
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 3, 2, 2_000m, 1, 1_000m, 0, true)), "after the round");
        Assert.That(await ScalarAsync<long>("select count(*) from resolution.unresolved"), Is.EqualTo(1));

        await CancelLineAsync("E-D3");
        Clock.Advance(TimeSpan.FromMinutes(5));
        await ResolveAsync();
        Assert.That(Mapper.Calls, Has.Count.EqualTo(2), "nobody is left to ask about");
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 2, 2, 2_000m, 0, 0m, 0, false)));
    }

    [Test]
    public async Task A_cancelled_envelope_is_not_asked_about()
    {
        await TakeAsync(3);
        var answer = await PostAsync("cancel_disbursement_envelope", Wire.Request(new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["id"] = Envelope })));
        Assert.That(answer.Succeeded(), answer.ToJsonString());

        await ResolveAsync();

        Assert.That(Mapper.Calls, Is.Empty);
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 0, 0, 0m, 0, 0m, 0, false)));
    }

    [Test]
    public async Task A_worker_that_lost_its_lease_writes_nothing()
    {
        await TakeAsync(3);
        Mapper.Next(_ =>
        {
            // While the first worker waits for the mapper its lease ends, and another one does the work.
            ExecuteAsync("update resolution.slice set lease_until = now() - interval '1 second'").GetAwaiter().GetResult();
            Assert.That(ResolveOneAsync().GetAwaiter().GetResult(), Is.True);
            return new MapperAnswer.Answered([]);
        });

        Assert.That(await ResolveOneAsync(), Is.True);

        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 3, 3, 3_000m, 0, 0m, 0, false)));
        Assert.That(await SetsAsync(), Has.Count.EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from resolution.unresolved"), Is.Zero);
        Assert.That(TestLog.Lines, Has.Some.Contains("was lost"));
    }

    [Test]
    public async Task The_slice_of_a_dead_worker_is_asked_about_again_when_its_lease_ends()
    {
        await TakeAsync(3);
        var slices = TestHost.Services.GetRequiredService<SliceStore>();
        var claimed = await slices.ClaimAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.That(await ResolveOneAsync(), Is.False, "leased");
        Assert.That(await BatchStatusAsync(), Is.EqualTo("PROCESSING"));

        await ExecuteAsync("update resolution.slice set lease_until = now() - interval '1 second'");
        await ResolveAsync();

        Assert.That(await SliceStatusAsync(), Is.EqualTo("Resolved"));
        Assert.That(await slices.RenewAsync(claimed!, TimeSpan.FromMinutes(1), CancellationToken.None), Is.False);
        Assert.That(await ScalarAsync<string>("select string_agg(to_status, ' ' order by id) from resolution.slice_history"), Is.EqualTo("Pending Resolving Pending Resolving Resolved"));
    }

    [Test]
    public async Task A_host_that_stops_gives_its_slice_back_at_once()
    {
        await TakeAsync(3);
        using var stop = new CancellationTokenSource();
        Mapper.Next(_ =>
        {
            stop.Cancel();
            throw new OperationCanceledException(stop.Token);
        });
        await using var scope = TestHost.Services.CreateAsyncScope();

        Assert.That(
            () => scope.ServiceProvider.GetRequiredService<MediatR.IMediator>().Send(new ResolveNextSlice.Command(), stop.Token), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(await SliceStatusAsync(), Is.EqualTo("Pending"));
        await ResolveAsync();
        Assert.That(await SliceStatusAsync(), Is.EqualTo("Resolved"));
    }

    [Test]
    public async Task Workers_share_the_slices_and_ask_about_nobody_twice()
    {
        await ReceiveAsync(200);
        await using var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<IMapperConnector>(Mapper).AddSingleton<TimeProvider>(Clock), ("Resolution:SliceSize", "10"));
        await TestHost.WorkAsync(Work.TakeBatches, host.Services);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => TestHost.WorkAsync(Work.ResolveSlices, host.Services)));

        Assert.That(Mapper.Calls, Has.Count.EqualTo(20));
        Assert.That(Mapper.Calls.SelectMany(call => call).Select(question => question.Reference), Is.Unique);
        Assert.That(await ProgressAsync(), Is.EqualTo(new ResolutionProgress(Envelope, 200, 200, 200_000m, 0, 0m, 0, false)));
        Assert.That((await SetsAsync()).Sum(set => set.Count), Is.EqualTo(200));
    }

    [Test]
    public async Task A_line_keeps_every_kind_of_address_as_the_mapper_gave_it()
    {
        await TakeAsync(3);
        Mapper.Linked["B1"] = new ResolvedAddress("MOBILE_WALLET", null, null, null, "+260971", "MPESA", null, null, "Ada");
        Mapper.Linked["B2"] = new ResolvedAddress("EMAIL_WALLET", null, null, null, null, null, "b@c.example", "PayMail", null);
        Mapper.Linked["B3"] = new ResolvedAddress("BANK_ACCOUNT", null, "BANK", null, null, null, null, null, null);

        await ResolveAsync();

        var set = (await SetsAsync()).Single();
        var found = await SendAsync(new FindAddresses([set.Lines.Last, set.Lines.First, set.Lines.First + 1]));
        Assert.That(found, Is.EqualTo(new[]
        {
            new FinancialAddress(set.Lines.First, "MOBILE_WALLET", null, null, null, "+260971", "MPESA", null, null, "Ada"),
            new FinancialAddress(set.Lines.First + 1, "EMAIL_WALLET", null, null, null, null, null, "b@c.example", "PayMail", null),
        }));
        Assert.That((await SendAsync(new FindUnresolved([set.Lines.Last]))).Single().ReasonCode, Is.EqualTo("ADDRESS_INCOMPLETE"));
    }

    [Test]
    public async Task Sets_are_given_until_they_are_acknowledged()
    {
        await TakeAsync(2);
        await ResolveAsync();

        var sets = await SetsAsync();
        Assert.That(await SetsAsync(), Is.EqualTo(sets));
        await SendAsync(new AcknowledgeResolvedSets(sets));
        await SendAsync(new AcknowledgeResolvedSets(sets));

        Assert.That(await SetsAsync(), Is.Empty);
    }

    [Test]
    public async Task Nothing_is_known_of_a_batch_or_envelope_that_was_not_taken()
    {
        Assert.That(await SendAsync(new ReadResolutionOfBatch("nobody's")), Is.Null);
        Assert.That(await SendAsync(new ReadResolutionProgress(["nobody's"])), Is.Empty);
        Assert.That(await SendAsync(new RetryUnresolved("nobody's", "operator")), Is.Zero);
    }

    [Test]
    public async Task The_unresolved_are_paged_and_grouped_by_reason()
    {
        await TakeAsync(6);
        foreach (var (id, reason) in new[] { ("B1", NotLinked), ("B3", NotLinked), ("B4", "rjct.id.invalid"), ("B6", NotLinked) })
        {
            Mapper.Unlinked[id] = reason;
        }

        await ResolveAsync();

        var page = await SendAsync(new ListUnresolved(Envelope, 0, 2, null));
        var rest = await SendAsync(new ListUnresolved(Envelope, page[^1].Seq, 10, null));
        Assert.That(page.Concat(rest).Select(line => line.Seq), Is.Ordered.And.Unique.And.Exactly(4).Items);
        Assert.That(await SendAsync(new ListUnresolved(Envelope, 0, 10, "rjct.id.invalid")), Has.Count.EqualTo(1));
        Assert.That(await SendAsync(new CountUnresolvedByReason(Envelope)), Is.EqualTo(new[] { new ReasonCount(NotLinked, 3), new ReasonCount("rjct.id.invalid", 1) }));
    }
}
