using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace G2PBridge.Connectors.Spar;

/// <summary>Asks a SPAR mapper of the newest or the 1.0 generation.</summary>
internal sealed class SparConnector(HttpClient http, SparPipeline pipeline, SparAnswers answers, IOptions<SparOptions> options, TimeProvider clock, SparSecurity? security = null) : IMapperConnector
{
    private const string Version = "1.0.0";
    private const string Locale = "en";

    public async Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken)
    {
        var idsByReference = questions.ToDictionary(question => question.Reference, question => question.BeneficiaryId, StringComparer.Ordinal);
        try
        {
            return await pipeline.ExecuteAsync(token => CallAsync(questions, idsByReference, token), cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return new MapperAnswer.Failed(SparCodes.TimedOut, $"The mapper did not answer within {options.Value.Timeout}.");
        }
        catch (BrokenCircuitException)
        {
            return new MapperAnswer.Failed(SparCodes.LeftAlone, "The mapper has failed again and again and is not called for a while.");
        }
        catch (HttpRequestException exception) when (exception.StatusCode is { } status)
        {
            return new MapperAnswer.Failed($"{SparCodes.HttpStatus}{(int)status}", $"The mapper answered with HTTP {(int)status}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new MapperAnswer.Failed(SparCodes.Unreachable, security?.Calls.Explain(exception) ?? exception.Message);
        }
        catch (JsonException exception)
        {
            return new MapperAnswer.Failed(SparCodes.Unreadable, $"The mapper's answer is no JSON (line {exception.LineNumber}).");
        }
    }

    private async Task<MapperAnswer> CallAsync(IReadOnlyList<AddressQuestion> questions, Dictionary<string, string> idsByReference, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.Url) { Content = Body(questions) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var document = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken);
        return answers.Read(document.RootElement, idsByReference);
    }

    private JsonBody Body(IReadOnlyList<AddressQuestion> questions)
    {
        // As upstream writes it: UTC without a zone, microseconds.
        var timestamp = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        SparQuestion[] items = [.. questions.Select(question => new SparQuestion(question.Reference, timestamp, "", question.BeneficiaryId, null, "details", null, Locale))];
        return options.Value.Generation == SparOptions.First
            ? new(JsonSerializer.SerializeToUtf8Bytes(
                new SparFirstRequest(
                    "",
                    new SparFirstHeader(Version, id.ToString(), timestamp, "resolve", options.Value.Sender, "", "", items.Length, false, null),
                    new SparResolve(id.ToString(), items)),
                SparJson.Default.SparFirstRequest))
            : new(JsonSerializer.SerializeToUtf8Bytes(
                new SparRequest(
                    new SparRequestHeader(options.Value.Sender, "", $"req_{id:N}", timestamp, null),
                    new SparRequestBody(null, new SparResolve($"txn_{id:N}", items))),
                SparJson.Default.SparRequest));
    }
}

/// <summary>How calls to the mapper are secured.</summary>
internal sealed record SparSecurity(CallSecurity Calls);

internal static class SparRegistration
{
    public static IServiceCollection AddSparConnector(this IServiceCollection services)
    {
        services.AddOptions<SparOptions>().BindConfiguration(SparOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AddressStrategies>();
        services.AddSingleton<SparPipeline>();
        services.AddSingleton<SparAnswers>();
        services.AddSingleton(provider => new SparSecurity(CallSecurity.Read(provider, provider.GetRequiredService<IConfiguration>().GetSection(SparOptions.Section), "the mapper")));
        services.AddSingleton<IValidateOptions<SparOptions>, SparSecurityValidation>();
        services.AddHttpClient<IMapperConnector, SparConnector>(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => provider.GetRequiredService<SparSecurity>().Calls.Secure(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2) }));
        return services;
    }
}

/// <summary>Reads certificates and keys while the host starts, so that it does not start with what cannot be used.</summary>
internal sealed class SparSecurityValidation(IServiceProvider provider) : IValidateOptions<SparOptions>
{
    public ValidateOptionsResult Validate(string? name, SparOptions options)
    {
        provider.GetRequiredService<SparSecurity>();
        return ValidateOptionsResult.Success;
    }
}
