using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace G2PBridge.Modules.Notifications.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "notifications");

            migrationBuilder.CreateTable(
                name: "notification",
                schema: "notifications",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    subject = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<short>(type: "smallint", nullable: false),
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    place = table.Column<long>(type: "bigint", nullable: true),
                    recipient_id = table.Column<string>(type: "character varying(256)", maxLength: 256, nullable: false),
                    state = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    failures = table.Column<int>(type: "integer", nullable: false),
                    due_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    lease_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    last_code = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    settled_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_notification", x => x.id);
                    table.CheckConstraint("ck_notification_kind", "kind in ('Warehouse', 'Agency', 'Beneficiary', 'Paid', 'Returned')");
                    table.CheckConstraint("ck_notification_lease", "(state = 'Sending') = (lease_until is not null)");
                    table.CheckConstraint("ck_notification_state", "state in ('Pending', 'Sending', 'Delivered', 'Unknown', 'Undeliverable', 'Suppressed')");
                });

            migrationBuilder.CreateTable(
                name: "notification_history",
                schema: "notifications",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    notification_id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    from_state = table.Column<string>(type: "text", nullable: true),
                    to_state = table.Column<string>(type: "text", nullable: false),
                    cause = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    actor = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_notification_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "watch",
                schema: "notifications",
                columns: table => new
                {
                    envelope_id = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    paid = table.Column<int>(type: "integer", nullable: false),
                    returned = table.Column<int>(type: "integer", nullable: false),
                    looked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_watch", x => x.envelope_id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_notification_due",
                schema: "notifications",
                table: "notification",
                columns: new[] { "kind", "due_at" },
                filter: "state = 'Pending'");

            migrationBuilder.CreateIndex(
                name: "ix_notification_envelope",
                schema: "notifications",
                table: "notification",
                column: "envelope_id");

            migrationBuilder.CreateIndex(
                name: "ix_notification_leased",
                schema: "notifications",
                table: "notification",
                column: "lease_until",
                filter: "state = 'Sending'");

            migrationBuilder.CreateIndex(
                name: "uq_notification_subject",
                schema: "notifications",
                table: "notification",
                columns: new[] { "kind", "subject", "generation" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_notification_history_notification",
                schema: "notifications",
                table: "notification_history",
                column: "notification_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "notification",
                schema: "notifications");

            migrationBuilder.DropTable(
                name: "notification_history",
                schema: "notifications");

            migrationBuilder.DropTable(
                name: "watch",
                schema: "notifications");
        }
    }
}
