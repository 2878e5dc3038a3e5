using System;
using G2PBridge.Platform.Protection.Persistence;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace G2PBridge.Modules.Reconciliation.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class EncryptStatements : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            PlainRows.Refuse(migrationBuilder, "reconciliation.statement_file");
            migrationBuilder.DropIndex(
                name: "ix_unmatched_reference_texts",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropCheckConstraint(
                name: "ck_statement_file_hash",
                schema: "reconciliation",
                table: "statement_file");

            migrationBuilder.DropColumn(
                name: "reference_texts",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropColumn(
                name: "name",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.DropColumn(
                name: "narrative",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.DropColumn(
                name: "reason",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.DropColumn(
                name: "reference_texts",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.RenameColumn(
                name: "content",
                schema: "reconciliation",
                table: "statement_file_part",
                newName: "sealed");

            migrationBuilder.RenameColumn(
                name: "sha256",
                schema: "reconciliation",
                table: "statement_file",
                newName: "content_hash");

            migrationBuilder.RenameIndex(
                name: "uq_statement_file_sha256",
                schema: "reconciliation",
                table: "statement_file",
                newName: "uq_statement_file_content_hash");

            migrationBuilder.AddColumn<Guid[]>(
                name: "reference_keys",
                schema: "reconciliation",
                table: "unmatched",
                type: "uuid[]",
                nullable: false,
                defaultValue: new Guid[0]);

            migrationBuilder.AddColumn<Guid[]>(
                name: "reference_keys",
                schema: "reconciliation",
                table: "entry",
                type: "uuid[]",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "sealed",
                schema: "reconciliation",
                table: "entry",
                type: "bytea",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_reference_keys",
                schema: "reconciliation",
                table: "unmatched",
                column: "reference_keys")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.AddCheckConstraint(
                name: "ck_statement_file_hash",
                schema: "reconciliation",
                table: "statement_file",
                sql: "state = 'Uploading' or octet_length(content_hash) = 32");

            // Ciphertext cannot be compressed, and its first bytes are to be had without the rest of it.
            migrationBuilder.Sql("alter table reconciliation.statement_file_part alter column sealed set storage external");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_unmatched_reference_keys",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropCheckConstraint(
                name: "ck_statement_file_hash",
                schema: "reconciliation",
                table: "statement_file");

            migrationBuilder.DropColumn(
                name: "reference_keys",
                schema: "reconciliation",
                table: "unmatched");

            migrationBuilder.DropColumn(
                name: "reference_keys",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.DropColumn(
                name: "sealed",
                schema: "reconciliation",
                table: "entry");

            migrationBuilder.RenameColumn(
                name: "sealed",
                schema: "reconciliation",
                table: "statement_file_part",
                newName: "content");

            migrationBuilder.RenameColumn(
                name: "content_hash",
                schema: "reconciliation",
                table: "statement_file",
                newName: "sha256");

            migrationBuilder.RenameIndex(
                name: "uq_statement_file_content_hash",
                schema: "reconciliation",
                table: "statement_file",
                newName: "uq_statement_file_sha256");

            migrationBuilder.AddColumn<string[]>(
                name: "reference_texts",
                schema: "reconciliation",
                table: "unmatched",
                type: "text[]",
                nullable: false,
                defaultValue: new string[0]);

            migrationBuilder.AddColumn<string>(
                name: "name",
                schema: "reconciliation",
                table: "entry",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "narrative",
                schema: "reconciliation",
                table: "entry",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "reason",
                schema: "reconciliation",
                table: "entry",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string[]>(
                name: "reference_texts",
                schema: "reconciliation",
                table: "entry",
                type: "text[]",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_unmatched_reference_texts",
                schema: "reconciliation",
                table: "unmatched",
                column: "reference_texts")
                .Annotation("Npgsql:IndexMethod", "gin");

            migrationBuilder.AddCheckConstraint(
                name: "ck_statement_file_hash",
                schema: "reconciliation",
                table: "statement_file",
                sql: "state = 'Uploading' or octet_length(sha256) = 32");
        }
    }
}
