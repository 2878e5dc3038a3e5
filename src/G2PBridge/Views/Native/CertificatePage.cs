using System.Globalization;
using System.Net;
using System.Text;

namespace G2PBridge.Views.Native;

/// <summary>The certificate as one page without anything outside it, for the screen and for paper. Every text from outside is escaped, and shown as it is written.</summary>
internal static class CertificatePage
{
    private const string Style = """
        :root{color-scheme:light}body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:#1b2430;background:#eef1f5;margin:0;padding:2rem 1rem}
        main{max-width:52rem;margin:0 auto;background:#fff;padding:2.5rem;border:1px solid #d5dbe3;border-radius:6px;box-sizing:border-box}
        header{border-bottom:3px solid #1f4e79;padding-bottom:1rem;margin-bottom:1.5rem}h1{font-size:1.6rem;line-height:1.25;margin:0;color:#1f4e79}h2{font-size:1.05rem;margin:1.8rem 0 .5rem;color:#1f4e79}
        p{margin:.4rem 0}.id{font-weight:600;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:0}dt{color:#566273}dd{margin:0;overflow-wrap:anywhere}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:.35rem .6rem;border-bottom:1px solid #dfe4ea;text-align:right;vertical-align:top}
        th:first-child,td:first-child{text-align:left;padding-left:0;overflow-wrap:anywhere}thead th{color:#566273;font-weight:600;border-bottom:2px solid #b9c3cf}tr.sum td{font-weight:700;border-top:2px solid #b9c3cf}tr.part td:first-child{padding-left:1.2rem;color:#566273}
        code{font:.82em/1.5 ui-monospace,"Cascadia Mono","DejaVu Sans Mono",Consolas,monospace;overflow-wrap:anywhere}.hidden{background:#fde8e8;color:#8f1d1d;border-radius:2px}
        @media (max-width:34rem){body{padding:0}main{padding:1.2rem;border:0;border-radius:0}dl{grid-template-columns:1fr}dt{margin-top:.4rem}th,td{padding:.35rem .3rem}}
        @media print{@page{size:A4;margin:16mm}body{background:#fff;padding:0;font-size:10.5pt}main{border:0;padding:0;max-width:none}h2,tr,dl{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}}
        """;

    public static string Write(CertifyEnvelope.SignedCertificate signed)
    {
        var c = signed.Certificate;
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Closure certificate {Shown(c.EnvelopeId, plain: true)}</title><style>{Style}</style></head>
            <body><main><header><h1>Closure certificate</h1><p>Envelope <span class="id">{Shown(c.EnvelopeId)}</span></p></header>
            <dl><dt>Programme</dt><dd>{Shown(c.Programme)}</dd><dt>Benefit</dt><dd>{Shown(c.BenefitCode)} ({Shown(c.BenefitType)})</dd><dt>Cycle</dt><dd>{Shown(c.Cycle)}</dd><dt>Schedule date</dt><dd>{c.ScheduleDate:yyyy-MM-dd}</dd><dt>Submitted by</dt><dd>{Shown(c.SubmittedBy)}</dd><dt>State</dt><dd>{Shown(c.Stage)}</dd></dl>
            <h2>What became of the money</h2>
            <div class="scroll"><table><thead><tr><th>&nbsp;</th><th>Lines</th><th>Amount ({Shown(c.Unit)})</th></tr></thead><tbody>
            {Row("Approved", c.Approved)}{Row("Cancelled by the programme", c.Cancelled)}{Row("Received to be paid", c.Received)}{Row("Sent to the bank", c.Sent)}{Row("Paid, by statement", c.Paid)}{Row("Returned, by statement", c.Returned)}{Row("Unclaimed", c.Unclaimed)}
            {Row("no financial address found", c.UnclaimedParts.Unresolved, "part")}{Row("refused by the bank", c.UnclaimedParts.Refused, "part")}{Row("held back and dropped", c.UnclaimedParts.Dropped, "part")}{Row("address known too late", c.UnclaimedParts.TooLate, "part")}{Row("nobody to hand it out", c.UnclaimedParts.NoPlace, "part")}
            <tr><td>Nothing to pay</td><td>{Number(c.NothingToPay)}</td><td>{Amount(0)}</td></tr>{Row("Accounted for", c.ControlSums.AccountedFor, "sum")}
            </tbody></table></div>
            <h2>Control sums</h2>
            <dl><dt>Blocked at the bank</dt><dd>{Amount(c.ControlSums.Blocked)}</dd><dt>Released again</dt><dd>{Amount(c.ControlSums.Released)}</dd><dt>Debited on the statements below</dt><dd>{Amount(c.ControlSums.PaidByStatements)}</dd><dt>Returned on them</dt><dd>{Amount(c.ControlSums.ReturnedByStatements)}</dd></dl>
            <h2>Statements</h2>
            """);
        if (c.Statements.Count == 0)
        {
            page.Append("<p>None.</p>");
        }
        else
        {
            page.Append("<div class=\"scroll\"><table><thead><tr><th>Statement</th><th>Debits</th><th>Amount</th><th>Returns</th><th>Amount</th></tr></thead><tbody>");
            foreach (var statement in c.Statements)
            {
                page.Append(CultureInfo.InvariantCulture,
                    $"<tr><td>{Shown(statement.Number)}{(statement.Sequence is null ? "" : $"/{Shown(statement.Sequence)}")}<br><code>{statement.Id}</code></td><td>{Number(statement.Paid.Lines)}</td><td>{Amount(statement.Paid.Amount)}</td><td>{Number(statement.Returned.Lines)}</td><td>{Amount(statement.Returned.Amount)}</td></tr>");
            }

            page.Append("</tbody></table></div>");
        }

        if (c.FollowUpOf is not null || c.FollowUps.Count > 0)
        {
            page.Append("<h2>Follow-ups</h2><dl>");
            page.Append(c.FollowUpOf is { } first ? $"<dt>Made of unpaid lines of</dt><dd>{Shown(first)}</dd>" : "");
            foreach (var next in c.FollowUps)
            {
                page.Append(CultureInfo.InvariantCulture, $"<dt>Unpaid lines went on in</dt><dd>{Shown(next.EnvelopeId)}: {Number(next.Lines)} lines, {Amount(next.Amount)}</dd>");
            }

            page.Append("</dl>");
        }

        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>Proof</h2>
            <dl><dt>Audit block</dt><dd>{Number(c.AuditBlock.Number)} of {Time(c.AuditBlock.At)}<br><code>{Shown(c.AuditBlock.Hash)}</code></dd><dt>Issued</dt><dd>{Time(c.IssuedAt)}</dd><dt>Signing key</dt><dd><code>{Shown(signed.KeyId)}</code></dd><dt>Signature</dt><dd><code>{Shown(signed.Signature)}</code></dd></dl>
            <p>The signature is a detached JWS over the canonical JSON of the certificate. Whoever has the certificate as a file and the published keys checks it without the bridge: <code>g2pbridge verify --certificate FILE --keys jwks.json</code></p>
            </main></body></html>
            """);
        return page.ToString();
    }

    private static string Row(string name, CertifyEnvelope.Part part, string kind = "") =>
        $"<tr{(kind.Length == 0 ? "" : $" class=\"{kind}\"")}><td>{name}</td><td>{Number(part.Lines)}</td><td>{Amount(part.Amount)}</td></tr>";

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Amount(decimal value) => value.ToString("#,0.00##", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset value) => value.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Escaped, and with every character that has no shape of its own written out: one that turns the direction of writing would let a page
    /// say something else than what was signed (Unicode TR 36, section 2.1.2).
    /// </summary>
    public static string Shown(string? text, bool plain = false)
    {
        var shown = new StringBuilder();
        foreach (var rune in (text ?? "–").EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]");
                shown.Append(plain ? name : $"<span class=\"hidden\">{name}</span>");
            }
            else
            {
                shown.Append(WebUtility.HtmlEncode(rune.ToString()));
            }
        }

        return plain ? shown.ToString() : $"<bdi>{shown}</bdi>";
    }
}
