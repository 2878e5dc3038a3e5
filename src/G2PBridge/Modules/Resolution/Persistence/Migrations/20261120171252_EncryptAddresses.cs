using System;
using G2PBridge.Platform.Protection.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Resolution.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class EncryptAddresses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            PlainRows.Refuse(migrationBuilder, "resolution.address");
            migrationBuilder.DropCheckConstraint(
                name: "ck_address_kind",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "account_number",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "bank_code",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "branch_code",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "email_address",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "email_wallet_provider",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "kind",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "mobile_number",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "mobile_wallet_provider",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "resolved_name",
                schema: "resolution",
                table: "address");

            migrationBuilder.AddColumn<Guid>(
                name: "fingerprint",
                schema: "resolution",
                table: "address",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<byte[]>(
                name: "sealed",
                schema: "resolution",
                table: "address",
                type: "bytea",
                nullable: false,
                defaultValue: new byte[0]);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "fingerprint",
                schema: "resolution",
                table: "address");

            migrationBuilder.DropColumn(
                name: "sealed",
                schema: "resolution",
                table: "address");

            migrationBuilder.AddColumn<string>(
                name: "account_number",
                schema: "resolution",
                table: "address",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "bank_code",
                schema: "resolution",
                table: "address",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "branch_code",
                schema: "resolution",
                table: "address",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "email_address",
                schema: "resolution",
                table: "address",
                type: "character varying(254)",
                maxLength: 254,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "email_wallet_provider",
                schema: "resolution",
                table: "address",
                type: "character varying(128)",
                maxLength: 128,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                schema: "resolution",
                table: "address",
                type: "character varying(16)",
                maxLength: 16,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "mobile_number",
                schema: "resolution",
                table: "address",
                type: "character varying(32)",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "mobile_wallet_provider",
                schema: "resolution",
                table: "address",
                type: "character varying(128)",
                maxLength: 128,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "resolved_name",
                schema: "resolution",
                table: "address",
                type: "character varying(256)",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddCheckConstraint(
                name: "ck_address_kind",
                schema: "resolution",
                table: "address",
                sql: "kind in ('BANK_ACCOUNT', 'MOBILE_WALLET', 'EMAIL_WALLET')");
        }
    }
}
