using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>What goes wrong below HTTP's own rules, over plain sockets. Nothing of it asks for anything to be stored.</summary>
internal static class WireFaults
{
    private const string Read = """{"request_header":{"sender_app_mnemonic":"F","sender_app_url":"","request_id":"1","request_timestamp":"2026-06-19T10:00:00Z"},"request_body":{"request_payload":["FUZZ-D1"]}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends one fault; gives what came back, or null when the connection was just closed.</summary>
    public static async Task<string?> SendAsync(Uri address, Random random, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var stream = client.GetStream();
        var received = new MemoryStream();
        try
        {
            await stream.WriteAsync(Fault(random), limit.Token);
            switch (random.Next(4))
            {
                case 0:
                    // Goes away at once, with everything still under way.
                    client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
                    return null;
                case 1:
                    client.Client.Shutdown(SocketShutdown.Send);
                    break;
                default:
                    break;
            }

            // Half a second is enough for an answer; a request that is not whole waits for the host's own patience, which is tested apart.
            limit.CancelAfter(TimeSpan.FromMilliseconds(500));
            await stream.CopyToAsync(received, limit.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Closed in the middle: that is an answer too.
        }

        return received.Length == 0 ? null : Encoding.Latin1.GetString(received.ToArray());
    }

    /// <summary>Sends a body byte by byte until the host has enough of it; true when it had.</summary>
    public static async Task<bool> TrickleAsync(Uri address, string path, TimeSpan most, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, address.Port, cancellationToken);
        var stream = client.GetStream();
        var since = TimeProvider.System.GetTimestamp();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"), cancellationToken);
            var answer = stream.ReadAsync(new byte[1], cancellationToken).AsTask();
            while (TimeProvider.System.GetElapsedTime(since) < most)
            {
                await stream.WriteAsync(new byte[] { (byte)' ' }, cancellationToken);
                if (await Task.WhenAny(answer, Task.Delay(200, cancellationToken)) == answer)
                {
                    return true;
                }
            }

            return false;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return true;
        }
    }

    private static byte[] Fault(Random random)
    {
        var head = "POST /get_disbursement_status HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        var length = Read.Length.ToString(CultureInfo.InvariantCulture);
        return Encoding.Latin1.GetBytes(random.Next(24) switch
        {
            0 => $"{head}Content-Length: {Read.Length + 100}\r\n\r\n{Read}",
            1 => $"{head}Content-Length: 10\r\n\r\n{Read}",
            2 => $"{head}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{Read}",
            3 => $"{head}Content-Length: -1\r\n\r\n{Read}",
            4 => $"{head}Content-Length: 99999999999999999999\r\n\r\n{Read}",
            5 => $"{head}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Read}",
            6 => $"{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{Read}",
            7 => $"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n{Read}\r\n0\r\n\r\n",
            8 => $"{head}Transfer-Encoding: chunked\r\n\r\n{string.Concat(Enumerable.Repeat("1\r\n \r\n", 2_000))}0\r\n\r\n",
            9 => $"{head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            10 => $"{head}{string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n"))}Content-Length: {length}\r\n\r\n{Read}",
            11 => $"{head}X-Long: {new string('a', 100_000)}\r\n\r\n",
            12 => $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n",
            13 => string.Concat(Enumerable.Repeat("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", 50)),
            14 => $"{head}Content-Length: {length}\r\n\r\n{Read}{head}Content-Length: {length}\r\n\r\n{Read}",
            15 => "GET /ping HTTP/1.1\r\n\r\n",
            16 => "GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            17 => "\r\n\r\n\r\nGET /ping HTTP/1.1\r\nHost: x\r\n\r\n",
            18 => "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc",
            19 => "GET /ping\u0000 HTTP/1.1\r\nHost: x\r\nX: \u0000\r\n\r\n",
            20 => $"{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n",
            21 => "GET /v1/envelopes HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n folded\r\n\r\n",
            22 => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            _ => "GET /ping HTTP/1.0\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
        });
    }
}
