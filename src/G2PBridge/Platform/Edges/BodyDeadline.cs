using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Edges;

/// <summary>
/// A body has to arrive within a time, however steadily it trickles: the server's own limit is a speed, which a sender can just keep.
/// </summary>
internal sealed class BodyDeadline(RequestDelegate next, IOptions<EdgesOptions> options)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            var body = new TimedBody(http.Request.Body, options.Value.BodyTimeout, http.RequestAborted);
            http.Response.RegisterForDispose(body);
            http.Request.Body = body;
        }

        return next(http);
    }

    private sealed class TimedBody : Stream
    {
        private readonly Stream _body;
        private readonly CancellationToken _aborted;
        private readonly CancellationTokenSource _deadline;

        public TimedBody(Stream body, TimeSpan limit, CancellationToken aborted)
        {
            (_body, _aborted) = (body, aborted);
            _deadline = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            _deadline.CancelAfter(limit);
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
            try
            {
                if (cancellationToken == _aborted || !cancellationToken.CanBeCanceled)
                {
                    return await _body.ReadAsync(buffer, _deadline.Token);
                }

                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _deadline.Token);
                return await _body.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException) when (_deadline.IsCancellationRequested && !_aborted.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new BadHttpRequestException("The body did not arrive in time.", StatusCodes.Status408RequestTimeout);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => _body.Read(buffer, offset, count);

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
                _deadline.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
