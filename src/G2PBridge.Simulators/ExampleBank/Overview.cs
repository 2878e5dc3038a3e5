using System.Globalization;
using System.Net;
using System.Text;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>One page for a person: accounts, blocks, payments by state, last statements.</summary>
internal static class Overview
{
    private const string Head =
        """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="refresh" content="5"><title>Example Bank (simulator)</title>
        <style>
        body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:78rem;color:#1c2430;background:#fff}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;white-space:nowrap;border-bottom:1px solid #d8dee6}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}.note{color:#5a6675}
        @media (prefers-color-scheme:dark){body{color:#e4e9f0;background:#161b22}th,td{border-color:#333c48}.note{color:#9aa7b6}a{color:#7ab7ff}}
        </style></head><body><h1>Example Bank</h1>
        <p class="note">A simulator. No money moves here.</p>
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("", HandleAsync);

    private static async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        var page = new StringBuilder(Head);
        await TableAsync(
            page, connection, "Accounts", "Number|Holder|Currency|#Book|#Blocked|#Available",
            """
            select number, holder, currency, book, blocked, book - blocked from example_bank.accounts
            where seeded or number like 'CLEARING - %' order by seeded desc, number limit 50
            """, ct);
        await TableAsync(
            page, connection, "Payments", "State|#Payments",
            """
            select state, payments from (
                select 'Accepted, not yet booked' as state, coalesce(sum(payments - refused) filter (where state = 'ACCEPTED'), 0) as payments, 1 as place from example_bank.batches
                union all select 'Paid', sum(payments - refused - returned) filter (where state = 'BOOKED'), 2 from example_bank.batches
                union all select 'Returned', sum(returned), 3 from example_bank.batches
                union all select 'Refused', sum(refused), 4 from example_bank.batches) s order by place
            """, ct);
        await TableAsync(
            page, connection, "Fund blocks, latest 20", "Reference|Account|State|#Amount|#Used|#Released|Since",
            """
            select b.reference, a.number, b.state, b.amount, b.committed, b.released, b.created_at
            from example_bank.fund_blocks b join example_bank.accounts a on a.id = b.account_id order by b.created_at desc limit 20
            """, ct);
        await TableAsync(
            page, connection, "Statements, latest 20", "^Id|Account|#Number|#Entries|#Opening|#Closing|Delivery|#Attempts|Last problem|Made at",
            """
            select s.id, a.number, s.number, s.entries, s.opening, s.closing, s.delivery, s.attempts, s.last_error, s.created_at
            from example_bank.statements s join example_bank.accounts a on a.id = s.account_id order by s.id desc limit 20
            """, ct);
        page.Append("</body></html>");
        var bytes = Encoding.UTF8.GetBytes(page.ToString());
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, ct);
    }

    private static async Task TableAsync(
        StringBuilder page, NpgsqlConnection connection, string title, string columns, string sql, CancellationToken ct)
    {
        var heads = columns.Split('|');
        page.Append("<h2>").Append(title).Append("</h2><div class=\"scroll\"><table><tr>");
        foreach (var head in heads)
            page.Append(head[0] == '#' ? "<th class=\"n\">" : "<th>").Append(head.TrimStart('#', '^')).Append("</th>");
        page.Append("</tr>");
        foreach (var row in await connection.ListAsync(sql, r => Enumerable.Range(0, r.FieldCount).Select(i => Text(r, i)).ToArray(), ct))
        {
            page.Append("<tr>");
            for (var i = 0; i < row.Length; i++)
            {
                var cell = WebUtility.HtmlEncode(row[i]);
                page.Append(heads[i][0] == '#' ? "<td class=\"n\">" : "<td>")
                    .Append(heads[i][0] == '^' ? $"<a href=\"{SimulatorsHosting.BankPath}/statements/{cell}\">{cell}</a>" : cell)
                    .Append("</td>");
            }

            page.Append("</tr>");
        }

        page.Append("</table></div>");
    }

    private static string Text(NpgsqlDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? "" : row.GetValue(ordinal) switch
        {
            decimal number => number.ToString("#,0.00##", CultureInfo.InvariantCulture),
            DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            var value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
        };
}
