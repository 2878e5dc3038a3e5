using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Edges;

/// <summary>
/// A body has to arrive within a time, however steadily it trickles: the server's own limit is a speed, which a sender can just keep. What breaks
/// HTTP in the middle of a body is the sender's fault too, and told as such.
/// </summary>
internal sealed class BodyDeadline(RequestDelegate next, IOptions<EdgesOptions> options)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            var body = new TimedBody(http.Request.BodyReader, options.Value.BodyTimeout);
            http.Response.RegisterForDispose(body);
            http.Request.Body = body;
        }

        return next(http);
    }

    /// <summary>Reads from the server's pipe, whose waiting can be ended without leaving it half read: the server still wants to pass over the rest.</summary>
    private sealed class TimedBody : Stream
    {
        private readonly PipeReader _body;
        private readonly CancellationTokenSource _deadline;
        private readonly CancellationTokenRegistration _alarm;

        public TimedBody(PipeReader body, TimeSpan limit)
        {
            _body = body;
            _deadline = new CancellationTokenSource(limit);
            _alarm = _deadline.Token.Register(static reader => ((PipeReader)reader!).CancelPendingRead(), body);
        }

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
            if (buffer.IsEmpty)
            {
                return 0;
            }

            ReadResult read;
            try
            {
                read = await _body.ReadAsync(cancellationToken);
            }
            catch (IOException exception) when (exception is not BadHttpRequestException && !cancellationToken.IsCancellationRequested)
            {
                throw new BadHttpRequestException("The body breaks HTTP.", StatusCodes.Status400BadRequest, exception);
            }

            if (read.IsCanceled || _deadline.IsCancellationRequested)
            {
                _body.AdvanceTo(read.Buffer.Start);
                throw new BadHttpRequestException("The body did not arrive in time.", StatusCodes.Status408RequestTimeout);
            }

            var length = (int)Math.Min(buffer.Length, read.Buffer.Length);
            var part = read.Buffer.Slice(0, length);
            part.CopyTo(buffer.Span);
            _body.AdvanceTo(part.End);
            return length;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // Waits for an alarm that is just going off, so that none reaches the connection's next request.
                _alarm.Dispose();
                _deadline.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
