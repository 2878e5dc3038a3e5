using System.Collections.Concurrent;
using G2PBridge.Connectors;

namespace G2PBridge.IntegrationTests;

/// <summary>
/// A mapper at the connector port. It knows everybody at EXAMPLE-BANK, account "ACC-" and the id, but for whom a test says otherwise.
/// </summary>
internal sealed class ScriptedMapper : IMapperConnector
{
    private readonly ConcurrentQueue<Func<IReadOnlyList<AddressQuestion>, MapperAnswer?>> _script = new();

    /// <summary>People it does not know.</summary>
    public ConcurrentDictionary<string, string> Unlinked { get; } = new(StringComparer.Ordinal);

    /// <summary>People whose address is not the usual one.</summary>
    public ConcurrentDictionary<string, ResolvedAddress> Linked { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<IReadOnlyList<AddressQuestion>> Calls { get; } = new();

    /// <summary>Answers the next call otherwise; null from the function means the usual answer.</summary>
    public void Next(Func<IReadOnlyList<AddressQuestion>, MapperAnswer?> answer) => _script.Enqueue(answer);

    public void Reset()
    {
        _script.Clear();
        Unlinked.Clear();
        Linked.Clear();
        Calls.Clear();
    }

    public Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken)
    {
        Calls.Enqueue(questions);
        if (_script.TryDequeue(out var scripted) && scripted(questions) is { } answer)
        {
            return Task.FromResult(answer);
        }

        return Task.FromResult<MapperAnswer>(new MapperAnswer.Answered([.. questions.Select(Answer)]));
    }

    public AddressAnswer Answer(AddressQuestion question)
    {
        if (Unlinked.TryGetValue(question.BeneficiaryId, out var reason))
        {
            return new AddressAnswer(question.Reference, null, reason, "ID doesn't exist, please link first");
        }

        return new AddressAnswer(
            question.Reference,
            Linked.GetValueOrDefault(question.BeneficiaryId) ?? new ResolvedAddress("BANK_ACCOUNT", $"ACC-{question.BeneficiaryId}", "EXAMPLE-BANK", "0001", null, null, null, null, null),
            "succ.id.active", null);
    }
}
