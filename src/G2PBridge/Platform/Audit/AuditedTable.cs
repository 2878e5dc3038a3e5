namespace G2PBridge.Platform.Audit;

/// <summary>
/// A table whose every change is recorded in the audit trail. Each module names its tables beside its context; after the migrations the
/// triggers are made from it (ADR 0024). A column that is not named here is audited.
/// </summary>
internal sealed record AuditedTable
{
    /// <param name="name">Schema and table.</param>
    public AuditedTable(string name)
    {
        Name = name;
        (Schema, Table) = name.Split('.') is [var schema, var table] ? (schema, table) : throw new ArgumentException($"'{name}' is not schema.table.", nameof(name));
    }

    public string Name { get; }

    public string Schema { get; }

    public string Table { get; }

    /// <summary>Columns that may change without a trace: leases, fences, times of the next try, and what another check vouches for.</summary>
    public IReadOnlyList<string> Technical { get; init; } = [];

    /// <summary>
    /// For tables that are filled many rows at a time: the bigint or integer column by which rows are numbered. One record and one digest
    /// then stand for all rows of a statement. Empty for tables of states, where every row has a record with what is in it.
    /// </summary>
    public string? Line { get; init; }

    /// <summary>The columns within which <see cref="Line"/> is unique; rows of one set agree in them.</summary>
    public IReadOnlyList<string> Scope { get; init; } = [];
}

internal static class AuditedTables
{
    /// <summary>Rows of states: every insert, update and delete with what was and what is.</summary>
    public static IServiceCollection AddAudited(this IServiceCollection services, string name, params string[] technical) =>
        services.AddSingleton(new AuditedTable(name) { Technical = technical });

    /// <summary>Rows that come in sets: a digest for the rows of one statement; what is changed or deleted later, row by row.</summary>
    public static IServiceCollection AddAuditedSets(this IServiceCollection services, string name, string line, params string[] scope) =>
        services.AddSingleton(new AuditedTable(name) { Line = line, Scope = scope });
}
