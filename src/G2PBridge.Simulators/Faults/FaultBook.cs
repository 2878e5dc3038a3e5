using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.Faults;

/// <summary>The rules one simulated party misbehaves by. They live in memory: a restart makes an honest party.</summary>
internal sealed class FaultBook
{
    private readonly Lock _gate = new();
    private volatile ActiveFault[] _active = [];
    private int _lastId;

    public void Add(IEnumerable<FaultRule> rules)
    {
        lock (_gate)
            _active = [.. _active, .. rules.Select(r => new ActiveFault(r with { Id = ++_lastId, Fired = 0 }))];
    }

    public void Clear()
    {
        lock (_gate)
            _active = [];
    }

    public List<FaultRule> List() => [.. _active.Select(f => f.Rule with { Fired = f.Fired })];

    public bool Has(FaultKind kind) => Array.Exists(_active, f => f.Rule.Kind == kind);

    /// <summary>The first rule about calls as such that hits this one.</summary>
    public FaultRule? HitCall(string endpoint, Func<string> body)
    {
        foreach (var fault in _active)
        {
            if (IsAboutCalls(fault.Rule.Kind) && fault.Covers(endpoint) && (fault.Pattern is null || fault.Pattern.IsMatch(body())) && fault.DrawCall())
                return fault.Rule;
        }

        return null;
    }

    public bool NeedsBody(string endpoint) =>
        Array.Exists(_active, f => IsAboutCalls(f.Rule.Kind) && f.Pattern is not null && f.Covers(endpoint));

    /// <summary>The first rule of this kind that hits one payment, person or block.</summary>
    public FaultRule? Hit(FaultKind kind, string endpoint, string reference)
    {
        foreach (var fault in _active)
        {
            if (fault.Rule.Kind == kind && fault.Covers(endpoint) && (fault.Pattern is null || fault.Pattern.IsMatch(reference)) && fault.Draw(reference))
                return fault.Rule;
        }

        return null;
    }

    private static bool IsAboutCalls(FaultKind kind) => kind <= FaultKind.Slow;

    private sealed class ActiveFault(FaultRule rule)
    {
        private readonly ConcurrentDictionary<string, int> _perReference = new(StringComparer.Ordinal);
        private long _calls;
        private long _hits;
        private long _fired;

        public FaultRule Rule { get; } = rule;

        public Regex? Pattern { get; } = rule.ReferencePattern is { } p
            ? new Regex(p, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)
            : null;

        public long Fired => Interlocked.Read(ref _fired);

        public bool Covers(string endpoint) =>
            Rule.Endpoint is null || Rule.Kind == FaultKind.Maintenance || Rule.Endpoint.Equals(endpoint, StringComparison.OrdinalIgnoreCase);

        public bool DrawCall() => Draw("call " + Interlocked.Increment(ref _calls).ToString(CultureInfo.InvariantCulture));

        public bool Draw(string reference)
        {
            if (Rule.Share < 1 && StableHash.Fraction(reference, Rule.Seed) >= Rule.Share)
                return false;
            if (Rule.Kind == FaultKind.InquiryNotFoundFirst && _perReference.AddOrUpdate(reference, 1, (_, n) => n + 1) > Rule.Times)
                return false;
            if (Interlocked.Increment(ref _hits) is var hit && (hit <= Rule.Skip || hit - Rule.Skip > Rule.Count))
                return false;
            Interlocked.Increment(ref _fired);
            return true;
        }
    }
}
