using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>Compares every debit that was matched with the payment that was ordered, asking its owner in sets.</summary>
internal sealed class MatchedInstructions(BridgeDatabase source, IServiceScopeFactory scopes) : IInvariantCheck
{
    private const int AtOnce = 10_000;

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
        var tally = new Tally();
        for (var (line, generation) = (0L, (short)0); ;)
        {
            var page = await source.QueryAsync(
                "select line, generation, amount from reconciliation.match where kind = 0 and (line, generation) > ($1, $2) order by line, generation limit $3", [line, generation, AtOnce],
                reader => (Payment: new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), Amount: reader.GetDecimal(2)), cancellationToken);
            var ordered = (await mediator.Send(new FindInstructions([.. page.Select(match => match.Payment)]), cancellationToken))
                .ToDictionary(payment => new PaymentReference(payment.Line, payment.Generation), payment => payment.Amount);
            foreach (var (payment, amount) in page)
            {
                tally.Add(!ordered.TryGetValue(payment, out var asked) || asked != amount, $"line {payment.Line}");
            }

            if (page.Count < AtOnce)
            {
                return [tally.Result("I4", "statements and orders", "Every matched debit is a payment that was ordered, to the cent")];
            }

            (line, generation) = (page[^1].Payment.Line, (short)page[^1].Payment.Generation);
        }
    }
}
