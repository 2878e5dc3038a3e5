using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.UnitTests.Resolution;

/// <summary>A mapper at the port that does what a test says.</summary>
internal sealed class MapperScript(Func<IReadOnlyList<AddressQuestion>, MapperAnswer> answer) : IMapperConnector
{
    public List<IReadOnlyList<AddressQuestion>> Calls { get; } = [];

    public Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken)
    {
        Calls.Add(questions);
        return Task.FromResult(answer(questions));
    }

    public static AddressAnswer Account(AddressQuestion question) => Account(question.Reference, $"ACC-{question.BeneficiaryId}");

    public static AddressAnswer Account(string reference, string? number) => new(reference, new("BANK_ACCOUNT", number, "BANK", null, null, null, null, null, null), null, null);

    public static MapperAnswer AccountForAll(IReadOnlyList<AddressQuestion> questions) => new MapperAnswer.Answered([.. questions.Select(Account)]);

    public static LineFacts[] Lines(int count) => [.. Enumerable.Range(1, count).Select(Line)];

    public static LineFacts Line(int seq) => new(seq, $"D{seq}", $"B{seq}", null, 10m, null, null);
}
