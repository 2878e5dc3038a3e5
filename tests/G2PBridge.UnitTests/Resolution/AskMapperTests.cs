using G2PBridge.Connectors;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Modules.Resolution.Features;

namespace G2PBridge.UnitTests.Resolution;

internal sealed class AskMapperTests
{
    [Test]
    public async Task A_slice_is_one_call()
    {
        var mapper = new MapperScript(MapperScript.AccountForAll);

        var outcome = await new AskMapper(mapper).AskAsync(MapperScript.Lines(2_000), 0, CancellationToken.None);

        Assert.That(mapper.Calls, Has.Count.EqualTo(1));
        Assert.That(outcome, Has.Property("NotAsked").Zero.And.Property("Failure").Null);
        Assert.That(outcome.Resolved, Has.Count.EqualTo(2_000));
    }

    [Test]
    public async Task Nobody_to_ask_about_is_no_call()
    {
        var mapper = new MapperScript(MapperScript.AccountForAll);

        await new AskMapper(mapper).AskAsync([], 0, CancellationToken.None);

        Assert.That(mapper.Calls, Is.Empty);
    }

    [Test]
    public async Task A_failed_call_says_nothing_about_the_people()
    {
        var outcome = await new AskMapper(new MapperScript(_ => new MapperAnswer.Failed("OUTAGE", "down"))).AskAsync(MapperScript.Lines(10), 0, CancellationToken.None);

        Assert.That(outcome.Unresolved, Is.Empty);
        Assert.That(outcome.NotAsked, Is.EqualTo(10));
        Assert.That(outcome.Failure!.Code, Is.EqualTo("OUTAGE"));
    }

    [Test]
    public async Task A_connector_that_throws_is_a_failed_attempt()
    {
        var outcome = await new AskMapper(new MapperScript(_ => throw new FormatException())).AskAsync(MapperScript.Lines(1), 0, CancellationToken.None);

        Assert.That(outcome.Failure!.Code, Is.EqualTo(ReasonCodes.ConnectorFault));
    }

    [TestCase(1, 2)]
    [TestCase(2, 4)]
    [TestCase(3, 8)]
    [TestCase(9, 8)]
    public async Task After_failures_the_calls_are_smaller(int failures, int calls)
    {
        var mapper = new MapperScript(MapperScript.AccountForAll);

        await new AskMapper(mapper).AskAsync(MapperScript.Lines(2_000), failures, CancellationToken.None);

        Assert.That(mapper.Calls, Has.Count.EqualTo(calls));
    }

    [Test]
    public async Task A_mapper_that_is_down_is_called_twice_and_left()
    {
        var mapper = new MapperScript(_ => new MapperAnswer.Failed("OUTAGE", "down"));

        var outcome = await new AskMapper(mapper).AskAsync(MapperScript.Lines(2_000), 3, CancellationToken.None);

        Assert.That(mapper.Calls, Has.Count.EqualTo(2));
        Assert.That(outcome.NotAsked, Is.EqualTo(2_000));
    }

    [Test]
    public async Task One_person_the_mapper_trips_over_is_found_and_named_while_all_others_are_resolved()
    {
        var ask = new AskMapper(new MapperScript(questions => questions.Any(question => question.BeneficiaryId == "B1234")
            ? new MapperAnswer.Failed("rjct.request.validation", "no")
            : MapperScript.AccountForAll(questions)));
        var missing = MapperScript.Lines(2_000);
        LineWithoutAddress? named = null;

        for (var attempt = 0; attempt < 8 && named is null; attempt++)
        {
            var outcome = await ask.AskAsync(missing, attempt, CancellationToken.None);
            var resolved = outcome.Resolved.Select(item => item.Line.Seq).ToHashSet();
            missing = [.. missing.Where(line => !resolved.Contains(line.Seq))];
            named = outcome.Unresolved.Count > 0 ? outcome.Unresolved.Single() : null;
        }

        Assert.That(missing.Single().Seq, Is.EqualTo(1_234));
        Assert.That(named!.Value.ReasonCode, Is.EqualTo("rjct.request.validation"));
    }

    [Test]
    public async Task One_person_alone_is_not_judged_by_an_outage()
    {
        var outcome = await new AskMapper(new MapperScript(_ => new MapperAnswer.Failed("OUTAGE", "down"))).AskAsync(MapperScript.Lines(1), 5, CancellationToken.None);

        Assert.That(outcome.Unresolved, Is.Empty);
        Assert.That(outcome.NotAsked, Is.EqualTo(1));
    }
}
