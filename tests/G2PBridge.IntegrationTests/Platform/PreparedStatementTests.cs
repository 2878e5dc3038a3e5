using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>A statement that fails leaves nothing behind that harms the next call of it.</summary>
internal sealed class PreparedStatementTests : IntegrationTest
{
    [Test]
    public async Task A_statement_that_failed_at_any_of_its_calls_answers_at_the_next([Range(1, 4)] int failing)
    {
        await using var connection = await TestHost.Services.GetRequiredService<BridgeDatabase>().OpenConnectionAsync(CancellationToken.None);
        for (var call = 1; call <= 6; call++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            if (call == failing)
            {
                Assert.ThrowsAsync<PostgresException>(() => AskAsync(0));
                await transaction.RollbackAsync();
            }
            else
            {
                Assert.That(await AskAsync(call), Is.EqualTo(new[] { 12 / call }), $"call {call}");
                await transaction.CommitAsync();
            }
        }

        // Another text each time the test runs, so that no earlier run has it prepared on this connection.
        Task<List<int>> AskAsync(int by) => connection.QueryAsync($"select 12 / $1::int as by_call_{failing}", [by], reader => reader.GetInt32(0), CancellationToken.None);
    }

    [Test]
    public async Task A_value_may_be_missing_at_one_call_and_there_at_the_next()
    {
        await using var connection = await TestHost.Services.GetRequiredService<BridgeDatabase>().OpenConnectionAsync(CancellationToken.None);
        foreach (var value in new[] { null, "there", null })
        {
            var answer = await connection.QueryAsync("select coalesce($1::text, 'missing')", [value], reader => reader.GetString(0), CancellationToken.None);
            Assert.That(answer, Is.EqualTo(new[] { value ?? "missing" }));
        }
    }
}
