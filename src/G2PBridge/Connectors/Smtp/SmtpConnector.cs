using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors.Smtp;

/// <summary>
/// Tells by mail. A mail server does not tell one message from its repetition, so a mail whose outcome is not known is not sent again by itself; our id is in its Message-ID.
/// </summary>
internal sealed class SmtpConnector(SmtpSettings settings) : INotificationConnector
{
    public const string Kind = "smtp";
    private const int MailsPerCall = 10;

    public NotificationCapabilities Capabilities { get; } = new(Idempotent: false, MailsPerCall);

    public static INotificationConnector Create(IServiceProvider provider, IConfigurationSection section)
    {
        var settings = section.Get<SmtpSettings>() ?? new SmtpSettings();
        return settings.Host.Length == 0 || !MailAddress.TryCreate(settings.From, out _)
            ? throw new OptionsValidationException(section.Path, typeof(SmtpSettings), [$"{section.Path}:Host and {section.Path}:From are needed; From is a mail address such as cash@ministry.example."])
            : new SmtpConnector(settings);
    }

    public async Task<IReadOnlyList<NotificationAnswer>> SendAsync(IReadOnlyList<Notification> notifications, CancellationToken cancellationToken)
    {
        var answers = new List<NotificationAnswer>(notifications.Count);
        foreach (var one in notifications)
        {
            // The call's time is up: what was not begun was not sent.
            answers.Add(cancellationToken.IsCancellationRequested
                ? new NotificationAnswer.Refused(one.Id, "SMTP_TOO_SLOW", "The mail server is slow; this mail was not begun.", false)
                : await SendAsync(one, cancellationToken));
        }

        return answers;
    }

    private async Task<NotificationAnswer> SendAsync(Notification one, CancellationToken cancellationToken)
    {
        if (!MailAddress.TryCreate(one.Recipient.Email, one.Recipient.Name, out var to))
        {
            return new NotificationAnswer.Refused(one.Id, "NO_CONTACT", "No usable mail address.", true);
        }

        using var mail = new MailMessage(new MailAddress(settings.From), to)
        {
            Subject = Subject(one),
            Body = Text(one),
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = System.Net.Mime.TransferEncoding.QuotedPrintable,
            SubjectEncoding = Encoding.UTF8,
        };
        mail.Headers.Add("Message-ID", $"<{one.Id}@{mail.From!.Host}>");
        using var client = new SmtpClient(settings.Host, settings.Port) { EnableSsl = settings.StartTls };
        if (!string.IsNullOrEmpty(settings.UserName))
        {
            client.Credentials = new NetworkCredential(settings.UserName, settings.Password);
        }

        try
        {
            await client.SendMailAsync(mail, cancellationToken);
            return new NotificationAnswer.Delivered(one.Id);
        }
        catch (SmtpFailedRecipientException)
        {
            return new NotificationAnswer.Refused(one.Id, "SMTP_RECIPIENT_REFUSED", "The mail server refuses the recipient.", true);
        }
        catch (SmtpException exception) when (Root(exception) is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.TryAgain })
        {
            return new NotificationAnswer.Refused(one.Id, "SMTP_UNREACHABLE", "The mail server cannot be reached.", false);
        }
        catch (SmtpException exception) when (exception.StatusCode is not (SmtpStatusCode.GeneralFailure or SmtpStatusCode.TransactionFailed))
        {
            // The server's own word, before it took the mail over.
            return new NotificationAnswer.Refused(one.Id, string.Create(CultureInfo.InvariantCulture, $"SMTP_{(int)exception.StatusCode}"), "The mail server refused the mail.", false);
        }
        catch (Exception exception) when (exception is SmtpException or OperationCanceledException or IOException)
        {
            return new NotificationAnswer.NotKnown(one.Id, "SMTP_NOT_ANSWERED");
        }
    }

    private static Exception Root(Exception exception) => exception.GetBaseException();

    private static string Subject(Notification one)
    {
        using var payload = JsonDocument.Parse(one.Payload);
        string? Field(string name) => payload.RootElement.TryGetProperty(name, out var value) ? value.ToString() : null;
        var what = one.Type switch
        {
            NotificationType.PaymentPaid => "paid",
            NotificationType.PaymentReturned => "payment returned",
            _ => "distribution",
        };
        // A line break would end the header; what came from elsewhere must not write headers of its own.
        return string.Concat($"{Field("program_mnemonic")} {Field("disbursement_cycle_mnemonic")}: {what}".Select(character => char.IsControl(character) ? ' ' : character));
    }

    /// <summary>One line for each key of the payload; lists below one another.</summary>
    private static string Text(Notification one)
    {
        var text = new StringBuilder();
        using var payload = JsonDocument.Parse(one.Payload);
        foreach (var field in payload.RootElement.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null))
        {
            if (field.Value.ValueKind != JsonValueKind.Array)
            {
                text.Append(field.Name).Append(": ").Append(field.Value.ToString()).Append("\r\n");
                continue;
            }

            text.Append(field.Name).Append(":\r\n");
            foreach (var item in field.Value.EnumerateArray())
            {
                text.Append("  ").AppendJoin(", ", item.EnumerateObject().Select(part => part.Value.ToString())).Append("\r\n");
            }
        }

        return text.ToString();
    }
}

/// <summary>Settings of one mail channel.</summary>
internal sealed class SmtpSettings
{
    public string Host { get; init; } = "";

    public int Port { get; init; } = 587;

    public bool StartTls { get; init; } = true;

    public string? UserName { get; init; }

    /// <summary>Never logged.</summary>
    public string? Password { get; init; }

    public string From { get; init; } = "";
}
