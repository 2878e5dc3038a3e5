using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>
/// Sends what nobody should send to every route of a real host, and wants: no 5xx, well-formed answers that give nothing away, nothing of a person in the log,
/// nothing stored that was refused, memory flat, and no connection or handle left over.
/// </summary>
internal sealed class FuzzRun(FuzzSettings settings)
{
    private const int Passed = 0;
    private const int Failed = 1;
    private const int MostShown = 20;
    private const int LinesOfFault = 4;

    /// <summary>Of ten requests at sockets one breaks HTTP itself.</summary>
    private const int WireFaultShare = 10;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(40);

    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly ConcurrentDictionary<string, bool> _storedLines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _storedEnvelopes = new(StringComparer.Ordinal);
    private int _faults;
    private int _unanswered;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seed {settings.Seed}, {settings.Requests} requests, {settings.Clients} clients."));
        await using var host = new FuzzHost(settings.Keep);
        await host.StartAsync(cancellationToken);
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = host.Address, Timeout = TimeSpan.FromMinutes(2) };
        await PlantAsync(http, cancellationToken);
        var operations = await Corpus.ReadAsync(http, cancellationToken);
        if (settings.Only is { } only)
        {
            return await ShowAsync(FuzzRequest.Make(only, settings.Seed, operations, host), http, host, cancellationToken);
        }

        var before = await CountAsync(host, cancellationToken);
        var planted = await PlantedRowsAsync(host, cancellationToken);
        var watch = new ProcessWatch(host.ProcessId);
        var handles = watch.Handles;
        var started = TimeProvider.System.GetTimestamp();
        using var trickling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var slow = Enumerable.Range(0, settings.SlowSenders).Select(number => TrickleAsync(host, number, trickling.Token)).ToList();
        await SendAllAsync(operations, http, host, watch, cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(started);
        await Task.WhenAll(slow);
        await JudgeAsync(host, before, planted, watch, handles, cancellationToken);
        Report(operations.Count, watch, handles, took);
        return _problems.IsEmpty ? Passed : Failed;
    }

    private async Task SendAllAsync(IReadOnlyList<Operation> operations, HttpClient http, FuzzHost host, ProcessWatch watch, CancellationToken cancellationToken)
    {
        var every = Math.Max(1, settings.Requests / 400);
        await Parallel.ForEachAsync(Enumerable.Range(0, settings.Requests), new ParallelOptions { MaxDegreeOfParallelism = settings.Clients, CancellationToken = cancellationToken }, async (number, token) =>
        {
            if (host.HasExited)
            {
                Tell($"#{number} the host has ended");
                return;
            }

            if (number >= operations.Count && number % WireFaultShare == 3)
            {
                await BreakAsync(number, host, token);
            }
            else
            {
                await SendAsync(FuzzRequest.Make(number, settings.Seed, operations, host), http, host, token);
            }

            if (number % every == 0)
            {
                lock (watch)
                {
                    watch.Look();
                }
            }
        });
    }

    private async Task SendAsync(FuzzRequest request, HttpClient http, FuzzHost host, CancellationToken cancellationToken)
    {
        try
        {
            using var message = request.ToMessage(host.Address);
            using var answer = await http.SendAsync(message, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            _statuses.AddOrUpdate((int)answer.StatusCode, 1, (_, count) => count + 1);
            if (AnswerCheck.Problem(request, answer, body) is { } problem)
            {
                Tell($"{request}: {problem}");
            }

            Account(request, answer.IsSuccessStatusCode ? body : []);
        }
        catch (HttpRequestException exception) when (request.Body is { Length: > 1_000_000 } && exception.InnerException is IOException)
        {
            // A long body that the host has stopped listening to: the connection breaks while it is still being sent.
            _statuses.AddOrUpdate(0, 1, (_, count) => count + 1);
        }
        catch (HttpRequestException exception) when (exception.Message.Contains("header", StringComparison.OrdinalIgnoreCase) || exception.InnerException is FormatException)
        {
            // Something that this client does not send.
            _statuses.AddOrUpdate(-1, 1, (_, count) => count + 1);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _unanswered);
            Tell($"{request}: no answer ({exception.GetType().Name}: {exception.InnerException?.Message ?? exception.Message})");
        }
    }

    private async Task BreakAsync(int number, FuzzHost host, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _faults);
        var text = await WireFaults.SendAsync(host.Address, new Random(settings.Seed + number), cancellationToken);
        foreach (var line in (text ?? "").Split('\n').Where(line => line.StartsWith("HTTP/1.1 5", StringComparison.Ordinal)))
        {
            Tell($"#{number} on the wire: {line.Trim()}");
        }

        if (text?.Contains("Exception", StringComparison.Ordinal) == true || text?.Contains("   at ", StringComparison.Ordinal) == true)
        {
            Tell($"#{number} on the wire: the answer gives something away");
        }
    }

    private async Task TrickleAsync(FuzzHost host, int number, CancellationToken cancellationToken)
    {
        var path = new[] { "/create_disbursements", "/upload_mt940", "/v1/banks/EXAMPLE-BANK/callbacks", "/get_disbursement_status" }[number % 4];
        if (!await WireFaults.TrickleAsync(host.Address, path, TimeSpan.FromSeconds(60), cancellationToken))
        {
            Tell($"a sender of one byte every 200 ms was listened to for a minute at {path}");
        }
    }

    /// <summary>What was stored, by what the host said.</summary>
    private void Account(FuzzRequest request, byte[] body)
    {
        if (body.Length == 0 || request.Operation.Path is not ("create_disbursements" or "create_disbursement_envelopes" or "create_disbursement_envelope") || request.Operation.Method != "POST")
        {
            return;
        }

        var answer = JsonNode.Parse(body);
        var isStored = (string?)answer?["response_header"]?["response_status"] == "SUCCESS" || (string?)answer?["header"]?["status"] == "succ";
        var payload = answer?["response_body"]?["response_payload"] ?? answer?["message"];
        var ids = payload switch { JsonArray list => list.Select(item => item!), JsonObject one => [one], _ => Enumerable.Empty<JsonNode>() };
        if (!isStored)
        {
            return;
        }

        var isLines = request.Operation.Path == "create_disbursements";
        foreach (var id in ids.Select(item => (string?)item[isLines ? "disbursement_id" : "id"]).OfType<string>())
        {
            // A repetition gets the first answer, and stores nothing again.
            (isLines ? _storedLines : _storedEnvelopes).TryAdd(id, true);
        }
    }

    private async Task JudgeAsync(FuzzHost host, (long Envelopes, long Lines) before, string planted, ProcessWatch watch, int handles, CancellationToken cancellationToken)
    {
        var after = await CountAsync(host, cancellationToken);
        if (_unanswered == 0 && (after.Envelopes - before.Envelopes, after.Lines - before.Lines) != (_storedEnvelopes.Count, _storedLines.Count))
        {
            Tell($"{after.Envelopes - before.Envelopes} envelopes and {after.Lines - before.Lines} lines were stored, the answers say {_storedEnvelopes.Count} and {_storedLines.Count}");
        }

        if (await PlantedRowsAsync(host, cancellationToken) != planted)
        {
            Tell("a line that was there before is not as it was");
        }

        var faultLines = 0;
        foreach (var line in File.ReadLines(host.LogFile))
        {
            if (faultLines-- > 0)
            {
                Tell($"  {line[..Math.Min(300, line.Length)]}");
            }

            if (line.Contains(Planted.Canary, StringComparison.Ordinal))
            {
                Tell($"the log names a person: {line[..Math.Min(300, line.Length)]}");
            }
            else if (line.Length > 12 && line[8..].StartsWith(" ERR", StringComparison.Ordinal))
            {
                Tell($"the log has a fault: {line[..Math.Min(300, line.Length)]}");
                faultLines = LinesOfFault;
            }
        }

        var limit = TimeProvider.System.GetTimestamp();
        while (watch.Handles > handles + 20 && TimeProvider.System.GetElapsedTime(limit) < Settling)
        {
            await Task.Delay(500, cancellationToken);
        }

        if (watch.Handles > handles + 20)
        {
            Tell($"{watch.Handles} handles are open, {handles} were before");
        }

        // A short run is still compiling itself; a long one has nothing to grow for.
        if (settings.Requests >= 20_000 && watch.Quarter(3) > (watch.Quarter(1) * 1.15) + 20)
        {
            Tell(string.Create(CultureInfo.InvariantCulture, $"memory grew from {watch.Quarter(1):0} MiB in the second quarter to {watch.Quarter(3):0} MiB in the last"));
        }
    }

    private void Report(int routes, ProcessWatch watch, int handles, TimeSpan took)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Requests} requests at {routes} routes in {took.TotalSeconds:0} s, {_faults} of them breaking HTTP, {settings.SlowSenders} slow senders; stored as answered: {_storedEnvelopes.Count} envelopes, {_storedLines.Count} lines."));
        Console.WriteLine("Answers: " + string.Join(", ", _statuses.OrderBy(status => status.Key).Select(status => $"{(status.Key switch { 0 => "broken off", -1 => "not sent", var code => code.ToString(CultureInfo.InvariantCulture) })}: {status.Value}")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Memory: {watch.Quarter(0):0}, {watch.Quarter(1):0}, {watch.Quarter(2):0}, {watch.Quarter(3):0} MiB in the quarters (medians), {watch.Most:0} at most. Handles: {handles} before, {watch.Handles} after."));
        foreach (var problem in _problems.Take(MostShown))
        {
            Console.WriteLine(problem);
        }

        Console.WriteLine(_problems.IsEmpty
            ? "Nothing was wrong."
            : string.Create(CultureInfo.InvariantCulture, $"{_problems.Count} things were wrong; one request again: fuzz --seed {settings.Seed} --only NUMBER"));
    }

    private static async Task<int> ShowAsync(FuzzRequest request, HttpClient http, FuzzHost host, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage(host.Address);
        Console.WriteLine($"{request}\n{string.Join('\n', request.Headers.Select(header => $"{header.Key}: {header.Value}"))}\nContent-Type: {request.ContentType}\n\n{Encoding.UTF8.GetString(request.Body ?? [])}");
        using var answer = await http.SendAsync(message, cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        Console.WriteLine($"\n{(int)answer.StatusCode}\n{answer.Headers}{answer.Content.Headers}\n{Encoding.UTF8.GetString(body)}");
        foreach (var line in File.ReadLines(host.LogFile).Where(line => line.Contains(" ERR", StringComparison.Ordinal) || line.StartsWith("   at", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal)).Take(40))
        {
            Console.WriteLine(line);
        }

        return AnswerCheck.Problem(request, answer, body) is null ? Passed : Failed;
    }

    private static async Task PlantAsync(HttpClient http, CancellationToken cancellationToken)
    {
        await PostAsync(http, "create_disbursement_envelopes", Planted.Request(new JsonArray(Planted.NewEnvelope(Planted.Envelope, 100), Planted.NewEnvelope("FUZZ-E2", 1_000_000), Planted.NewEnvelope("FUZZ-E3", 5))), cancellationToken);
        await PostAsync(http, "create_disbursements", Planted.Request(Planted.Lines(Planted.Envelope, "FUZZ-D", 50), "FUZZ-B1"), cancellationToken);
        await PostAsync(http, "create_disbursements", Planted.Request(Planted.Lines("FUZZ-E3", "FUZZ-KEPT-", 5), "FUZZ-B3"), cancellationToken);
    }

    private static async Task PostAsync(HttpClient http, string path, string body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!text.Contains("\"SUCCESS\"", StringComparison.Ordinal))
        {
            throw new NotRunnableException($"{path} did not take what was to be planted: {text[..Math.Min(500, text.Length)]}");
        }
    }

    private static async Task<(long Envelopes, long Lines)> CountAsync(FuzzHost host, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(host.Connection);
        await using var command = source.CreateCommand("select (select count(*) from envelopes.envelope), (select count(*) from envelopes.disbursement)");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task<string> PlantedRowsAsync(FuzzHost host, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(host.Connection);
        await using var command = source.CreateCommand("select md5(string_agg(d::text, '|' order by seq)) from envelopes.disbursement d where disbursement_id like 'FUZZ-KEPT-%'");
        return (string)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private void Tell(string problem) => _problems.Enqueue(problem);
}
