using System.Text.RegularExpressions;
using G2PBridge.Platform.Hosting;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>
/// Old and new programs run side by side during an upgrade. From the first release on a migration only adds what the release before can
/// live with; what is to go, goes a release later.
/// </summary>
internal sealed partial class MigrationTests
{
    /// <summary>Migrations of the first release, 0.1.0, begin with this or less. Nobody runs anything older.</summary>
    private const string FirstRelease = "20261121";

    [Test]
    public void A_migration_after_the_first_release_only_adds() =>
        Assert.That(
            from type in typeof(BridgeHost).Assembly.GetTypes()
            where type.IsAssignableTo(typeof(Migration)) && !type.IsAbstract
            let id = ((MigrationAttribute)type.GetCustomAttributes(typeof(MigrationAttribute), false).Single()).Id
            where string.CompareOrdinal(id, FirstRelease) > 0
            from operation in ((Migration)Activator.CreateInstance(type)!).UpOperations
            let problem = Problem(operation)
            where problem is not null
            select $"{id}: {problem}",
            Is.Empty);

    [Test]
    public void What_an_older_program_trips_over_is_found() =>
        Assert.That(
            new MigrationOperation[]
            {
                new DropColumnOperation { Table = "t", Name = "c" },
                new AlterColumnOperation { Table = "t", Name = "c" },
                new AddColumnOperation { Table = "t", Name = "c", IsNullable = false },
                new SqlOperation { Sql = "alter table t drop constraint c" },
                new SqlOperation { Sql = "alter table t drop constraint c; alter table t add constraint d primary key (e)" },
                new DropPrimaryKeyOperation { Table = "t", Name = "pk" },
            }.Select(Problem),
            Has.None.Null);

    [Test]
    public void What_an_older_program_does_not_notice_is_let_through() =>
        Assert.That(
            new MigrationOperation[]
            {
                new CreateTableOperation { Name = "t" },
                new AddColumnOperation { Table = "t", Name = "c", IsNullable = true },
                new AddColumnOperation { Table = "t", Name = "c", DefaultValue = false },
                new CreateIndexOperation { Table = "t", Name = "i", Columns = ["c"] },
                new SqlOperation { Sql = "create index i on t (c)" },
                new SqlOperation { Sql = "alter table t drop constraint pk; alter table t add constraint pk primary key (c) include (d)" },
            }.Select(Problem),
            Is.All.Null);

    private static string? Problem(MigrationOperation operation) => operation switch
    {
        AddColumnOperation { IsNullable: false, DefaultValue: null, DefaultValueSql: null, ComputedColumnSql: null } column => $"{column.Table}.{column.Name} is required and has no default",
        // Checks and uniqueness may be loosened; whatever an older program names must stay.
        DropCheckConstraintOperation or DropIndexOperation => null,
        SqlOperation sql when MadeAnew().Replace(sql.Sql, "") is var rest && (rest.Contains("drop ", StringComparison.OrdinalIgnoreCase) || rest.Contains("rename ", StringComparison.OrdinalIgnoreCase)) => "SQL that drops or renames",
        _ when operation.GetType().Name is var name && (name.StartsWith("Drop", StringComparison.Ordinal) || name.StartsWith("Rename", StringComparison.Ordinal) || name.StartsWith("Alter", StringComparison.Ordinal)) => name,
        _ => null,
    };

    /// <summary>A constraint that comes back under its name at once.</summary>
    [GeneratedRegex(@"drop constraint (\w+)(?=;\s*alter table [\w.]+ add constraint \1 )", RegexOptions.IgnoreCase)]
    private static partial Regex MadeAnew();
}
