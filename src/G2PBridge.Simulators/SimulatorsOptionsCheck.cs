using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators;

/// <summary>Annotations reach one level only; this walks to the bank and its accounts and names the setting at fault.</summary>
internal sealed class SimulatorsOptionsCheck : IValidateOptions<SimulatorsOptions>
{
    public ValidateOptionsResult Validate(string? name, SimulatorsOptions options)
    {
        var bank = options.ExampleBank;
        var problems = Problems("", options)
            .Concat(ConnectionStringProblem(options.ConnectionString))
            .Concat(Problems("ExampleBank:", bank))
            .Concat(bank.Accounts.SelectMany((account, i) => Problems($"ExampleBank:Accounts:{i}:", account)))
            .Concat(UrlProblem(nameof(ExampleBankOptions.StatementCallbackUrl), bank.StatementCallbackUrl))
            .Concat(UrlProblem(nameof(ExampleBankOptions.OutcomeCallbackUrl), bank.OutcomeCallbackUrl))
            .ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> Problems(string path, object settings)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(settings, new ValidationContext(settings), results, validateAllProperties: true);
        return results.Select(r => $"{SimulatorsOptions.Section}:{path}{string.Join(',', r.MemberNames)}: {r.ErrorMessage}");
    }

    private static IEnumerable<string> ConnectionStringProblem(string connectionString)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(connectionString);
            return [];
        }
        catch (ArgumentException e)
        {
            return [$"{SimulatorsOptions.Section}:{nameof(SimulatorsOptions.ConnectionString)} is not a connection string of PostgreSQL: {e.Message}"];
        }
    }

    private static IEnumerable<string> UrlProblem(string name, string url) =>
        url.Length == 0 || (Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https")
            ? []
            : [$"{SimulatorsOptions.Section}:ExampleBank:{name} must be an http or https address, or empty; it is '{url}'."];
}
