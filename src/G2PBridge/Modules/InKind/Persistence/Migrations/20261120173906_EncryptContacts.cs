using System;
using G2PBridge.Platform.Protection.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.InKind.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class EncryptContacts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            PlainRows.Refuse(migrationBuilder, "in_kind.geo", "in_kind.beneficiary", "in_kind.proof");
            migrationBuilder.DropColumn(
                name: "delivered_by",
                schema: "in_kind",
                table: "proof");

            migrationBuilder.DropColumn(
                name: "evidence",
                schema: "in_kind",
                table: "proof");

            migrationBuilder.DropColumn(
                name: "received_by",
                schema: "in_kind",
                table: "proof");

            migrationBuilder.DropColumn(
                name: "agency_additional_attributes",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "agency_admin_email",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "agency_admin_name",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "agency_admin_phone",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "warehouse_additional_attributes",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "warehouse_admin_email",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "warehouse_admin_name",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "warehouse_admin_phone",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "email",
                schema: "in_kind",
                table: "beneficiary");

            migrationBuilder.DropColumn(
                name: "name",
                schema: "in_kind",
                table: "beneficiary");

            migrationBuilder.DropColumn(
                name: "phone",
                schema: "in_kind",
                table: "beneficiary");

            migrationBuilder.AddColumn<Guid>(
                name: "content",
                schema: "in_kind",
                table: "proof",
                type: "uuid",
                nullable: false,
                defaultValue: new Guid("00000000-0000-0000-0000-000000000000"));

            migrationBuilder.AddColumn<byte[]>(
                name: "sealed",
                schema: "in_kind",
                table: "proof",
                type: "bytea",
                nullable: false,
                defaultValue: new byte[0]);

            migrationBuilder.AddColumn<byte[]>(
                name: "agency_sealed",
                schema: "in_kind",
                table: "geo",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "warehouse_sealed",
                schema: "in_kind",
                table: "geo",
                type: "bytea",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "sealed",
                schema: "in_kind",
                table: "beneficiary",
                type: "bytea",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "content",
                schema: "in_kind",
                table: "proof");

            migrationBuilder.DropColumn(
                name: "sealed",
                schema: "in_kind",
                table: "proof");

            migrationBuilder.DropColumn(
                name: "agency_sealed",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "warehouse_sealed",
                schema: "in_kind",
                table: "geo");

            migrationBuilder.DropColumn(
                name: "sealed",
                schema: "in_kind",
                table: "beneficiary");

            migrationBuilder.AddColumn<string>(
                name: "delivered_by",
                schema: "in_kind",
                table: "proof",
                type: "character varying(256)",
                maxLength: 256,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "evidence",
                schema: "in_kind",
                table: "proof",
                type: "character varying(2000)",
                maxLength: 2000,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "received_by",
                schema: "in_kind",
                table: "proof",
                type: "character varying(256)",
                maxLength: 256,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "agency_additional_attributes",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "agency_admin_email",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "agency_admin_name",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "agency_admin_phone",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "warehouse_additional_attributes",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "warehouse_admin_email",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "warehouse_admin_name",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "warehouse_admin_phone",
                schema: "in_kind",
                table: "geo",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "email",
                schema: "in_kind",
                table: "beneficiary",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "name",
                schema: "in_kind",
                table: "beneficiary",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "phone",
                schema: "in_kind",
                table: "beneficiary",
                type: "text",
                nullable: true);
        }
    }
}
