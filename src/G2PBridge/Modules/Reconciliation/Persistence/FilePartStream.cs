using System.Buffers;
using System.Data;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>A stored file as a stream, forward only: one part in memory at a time, one look at the primary key per part.</summary>
internal sealed class FilePartStream(BridgeDatabase source, DataProtector protector, Guid fileId) : Stream
{
    private readonly byte[] _part = ArrayPool<byte>.Shared.Rent(FileStore.PartSize);
    private readonly byte[] _sealed = ArrayPool<byte>.Shared.Rent(FileStore.PartSize + SealedText.Overhead);
    private int _no;
    private int _length;
    private int _at;
    private bool _returned;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _length && !await NextPartAsync(cancellationToken))
        {
            return 0;
        }

        var length = Math.Min(buffer.Length, _length - _at);
        _part.AsMemory(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_returned)
        {
            _returned = true;
            ArrayPool<byte>.Shared.Return(_part, clearArray: true);
            ArrayPool<byte>.Shared.Return(_sealed);
        }

        base.Dispose(disposing);
    }

    private async Task<bool> NextPartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("select sealed from reconciliation.statement_file_part where file_id = $1 and no = $2");
        command.Parameters.Add(new() { Value = fileId });
        command.Parameters.Add(new() { Value = _no });
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return false;
        }

        var length = (int)reader.GetBytes(0, 0, _sealed, 0, FileStore.PartSize + SealedText.Overhead);
        _at = 0;
        _length = Math.Max(0, length - SealedText.Overhead);
        protector.OpenBytes(FileStore.Sealed, RowKey.Of(fileId, _no++), _sealed.AsSpan(0, length), _part.AsSpan(0, _length));
        return _length > 0;
    }
}
