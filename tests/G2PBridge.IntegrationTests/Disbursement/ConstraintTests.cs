using Npgsql;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>What the database refuses, whatever the code does.</summary>
internal sealed class ConstraintTests : DisbursementTest
{
    private const string Again =
        "insert into disbursement.instruction (line, generation, prior_generation, chunk_id, amount, payload_hash) select line, $1::smallint, $2::smallint, chunk_id, amount, payload_hash from disbursement.instruction where generation = 1";

    [SetUp]
    public async Task OneLineIsSent()
    {
        await ReadyAsync(1);
        await WorkAsync();
    }

    [Test]
    public void A_second_instruction_for_a_line_is_refused_without_a_failure() => Refused(() => InstructAsync(2, 1), "23503", "fk_instruction_prior_failed");

    [Test]
    public void The_same_generation_is_refused_twice() => Refused(() => InstructAsync(1, null), "23505", "pk_instruction_p0");

    [Test]
    public void A_generation_that_skips_its_predecessor_is_refused() => Refused(() => InstructAsync(2, null), "23514", "ck_instruction_generation");

    [Test]
    public async Task A_failure_allows_exactly_the_next_generation()
    {
        await FailAsync();
        await InstructAsync(2, 1);
        Refused(() => InstructAsync(2, 1), "23505", "pk_instruction_p0");
        Refused(() => InstructAsync(3, 2), "23503", "fk_instruction_prior_failed");
    }

    [Test]
    public async Task A_failure_that_a_next_generation_stands_on_cannot_be_taken_away()
    {
        await FailAsync();
        await InstructAsync(2, 1);
        Refused(() => ExecuteAsync("delete from disbursement.failure"), "23503", "fk_instruction_prior_failed");
    }

    [TestCase("update disbursement.instruction set amount = 1")]
    [TestCase("delete from disbursement.instruction")]
    [TestCase("update disbursement.chunk_history set cause = ''")]
    [TestCase("delete from disbursement.chunk_history")]
    [TestCase("update disbursement.installation set prefix = '0000'")]
    [TestCase("delete from funds.envelope_funds_history")]
    public void What_is_written_once_stays(string sql) => Refused(() => ExecuteAsync(sql), "23001", null);

    [Test]
    public void More_than_the_block_cannot_be_on_record() =>
        Refused(() => ExecuteAsync("update disbursement.envelope set in_flight_amount = blocked_amount"), "23514", "ck_envelope_within_block");

    [Test]
    public void A_chunk_cannot_be_with_the_bank_without_its_intent() =>
        Refused(() => ExecuteAsync("update disbursement.chunk set state = 'Unknown', unknown_at = now(), prepared_at = null"), "23514", "ck_chunk_intent");

    private static Task<int> InstructAsync(int generation, int? prior) => ExecuteAsync(Again, (short)generation, prior is null ? DBNull.Value : (short)prior);

    private static Task<int> FailAsync() => ExecuteAsync("insert into disbursement.failure (line, generation, reason_code, proof, at) select line, 1, 'TEST', 'test', now() from disbursement.instruction");

    private static void Refused(Func<Task> write, string sqlState, string? constraint)
    {
        var refusal = Assert.ThrowsAsync<PostgresException>(() => write());
        Assert.That((refusal!.SqlState, constraint is null ? null : refusal.ConstraintName), Is.EqualTo((sqlState, constraint)));
    }
}
