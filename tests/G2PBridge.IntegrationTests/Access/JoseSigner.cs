using System.Diagnostics;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Signs and verifies with node's <c>jose</c>, in a process of its own.</summary>
internal sealed class JoseSigner : IAsyncDisposable
{
    private readonly Process _node;

    private JoseSigner(Process node) => _node = node;

    /// <summary>Starts node where <c>package.json</c> lies; a checkout whose packages were never installed gets them first.</summary>
    public static async Task<JoseSigner> StartAsync()
    {
        var root = RepositoryRoot();
        if (!Directory.Exists(Path.Combine(root, "node_modules", "jose")))
        {
            using var install = Process.Start(Command(root, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"))!;
            install.StandardInput.Close();
            await install.StandardOutput.ReadToEndAsync();
            await install.WaitForExitAsync();
        }

        return new(Process.Start(Command(root, "node", Path.Combine("tests", "G2PBridge.IntegrationTests", "Access", "signer.mjs")))!);
    }

    /// <summary>A new pair of keys, kept in the process under a name; the public one comes back.</summary>
    public async Task<(JsonObject Jwk, string Pem)> GenerateAsync(string name, string algorithm)
    {
        var answer = await AskAsync(new JsonObject { ["generate"] = algorithm, ["name"] = name });
        return (answer["jwk"]!.DeepClone().AsObject(), answer["pem"]!.GetValue<string>());
    }

    /// <param name="canonical">What is signed; null: the canonical form of the body.</param>
    public async Task<string> SignAsync(string name, string body, JsonObject header, string? secret = null, string? canonical = null)
    {
        var request = new JsonObject { ["name"] = name, ["body"] = body, ["header"] = header.DeepClone() };
        if (secret is not null)
        {
            request["secret"] = secret;
        }

        if (canonical is not null)
        {
            request["canonical"] = canonical;
        }

        return (await AskAsync(request))["signature"]!.GetValue<string>();
    }

    /// <summary>Whether a detached signature over the canonical form of a body is by a key of a set; with the <c>alg</c> and <c>kid</c> it names.</summary>
    public async Task<(bool IsValid, string? Algorithm, string? KeyId)> VerifyAsync(string signature, string body, JsonNode keySet)
    {
        var answer = await AskAsync(new JsonObject { ["verify"] = signature, ["body"] = body, ["jwks"] = keySet.DeepClone() });
        return (answer["verified"]!.GetValue<bool>(), answer["alg"]?.GetValue<string>(), answer["kid"]?.GetValue<string>());
    }

    public async ValueTask DisposeAsync()
    {
        _node.StandardInput.Close();
        await _node.WaitForExitAsync();
        _node.Dispose();
    }

    private async Task<JsonNode> AskAsync(JsonObject request)
    {
        await _node.StandardInput.WriteLineAsync(request.ToJsonString());
        await _node.StandardInput.FlushAsync();
        var line = await _node.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("node ended: " + await _node.StandardError.ReadToEndAsync());
        var answer = JsonNode.Parse(line)!;
        return answer["problem"] is { } problem ? throw new InvalidOperationException(problem.GetValue<string>()) : answer;
    }

    private static ProcessStartInfo Command(string folder, string program, params IEnumerable<string> arguments)
    {
        var windows = OperatingSystem.IsWindows() && program == "npm";
        return new(windows ? "cmd.exe" : program, windows ? ["/d", "/c", program, .. arguments] : arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "package.json")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
