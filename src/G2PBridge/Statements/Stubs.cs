namespace G2PBridge.Statements;

internal sealed class CsvStatementReader(Stream stream, ReadOnlyMemory<byte> head, BankProfile profile, ReaderLimits limits) : StatementReader(profile, limits)
{
    public override ValueTask<bool> ReadAsync(CancellationToken ct = default) => throw new NotSupportedException($"{stream}{head}: not read yet.");
}
