using System.Net;
using System.Net.Sockets;
using System.Text;
using G2PBridge.Connectors;
using G2PBridge.Connectors.Smtp;

namespace G2PBridge.UnitTests.Notifications;

/// <summary>Mails to a server that speaks SMTP (RFC 5321) over a real socket.</summary>
internal sealed class SmtpChannelTests
{
    [Test]
    public async Task A_mail_carries_our_id_and_the_contracts_fields()
    {
        await using var server = new MailServer();
        var answers = await server.Channel.SendAsync([One("N1", "{\"program_mnemonic\":\"CASHX\",\"disbursement_cycle_mnemonic\":\"2026-06\",\"quantity\":\"25\"}")], CancellationToken.None);
        Assert.That(answers, Is.EqualTo(new NotificationAnswer[] { new NotificationAnswer.Delivered("N1") }));
        Assert.That(server.Mails.Single(), Does.Contain("<N1@ministry.example>").And.Contain("CASHX 2026-06").And.Contain("quantity: 25"));
    }

    [Test]
    public async Task A_field_with_a_line_break_writes_no_header()
    {
        await using var server = new MailServer();
        var answers = await server.Channel.SendAsync([One("N1", "{\"program_mnemonic\":\"X\\r\\nBcc: all@ministry.example\"}")], CancellationToken.None);
        Assert.That(answers, Has.One.TypeOf<NotificationAnswer.Delivered>());
        Assert.That(server.Mails.Single(), Does.Not.Match("(?m)^Bcc:"));
    }

    [Test]
    public async Task A_recipient_that_the_server_does_not_know_is_refused_for_good()
    {
        await using var server = new MailServer(recipient: "550 no such mailbox");
        var answer = (NotificationAnswer.Refused)(await server.Channel.SendAsync([One("N1", "{}")], CancellationToken.None)).Single();
        Assert.That((answer.Code, answer.IsFinal, server.Mails.Count), Is.EqualTo(("SMTP_RECIPIENT_REFUSED", true, 0)));
    }

    [Test]
    public async Task A_server_that_hangs_up_instead_of_an_answer_to_the_mail_may_have_it()
    {
        await using var server = new MailServer(data: null);
        Assert.That(await server.Channel.SendAsync([One("N1", "{}")], CancellationToken.None), Has.One.TypeOf<NotificationAnswer.NotKnown>());
    }

    [Test]
    public async Task A_server_that_is_not_there_has_nothing_and_is_tried_again()
    {
        var channel = new SmtpConnector(new SmtpSettings { Host = "127.0.0.1", Port = 9, StartTls = false, From = "cash@ministry.example" });
        var answer = (NotificationAnswer.Refused)(await channel.SendAsync([One("N1", "{}")], CancellationToken.None)).Single();
        Assert.That((answer.Code, answer.IsFinal), Is.EqualTo(("SMTP_UNREACHABLE", false)));
    }

    private static Notification One(string id, string payload) => new(id, NotificationType.Beneficiary, new NotificationRecipient("B1", "Amina", "amina@people.example", null), payload);

    private sealed class MailServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        /// <param name="recipient">Answer to RCPT.</param>
        /// <param name="data">Answer to the mail itself; null: it hangs up.</param>
        public MailServer(string recipient = "250 ok", string? data = "250 taken")
        {
            _listener.Start();
            Channel = new SmtpConnector(new SmtpSettings { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port, StartTls = false, From = "cash@ministry.example" });
            _serving = ServeAsync(recipient, data);
        }

        public SmtpConnector Channel { get; }

        public List<string> Mails { get; } = [];

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _listener.Dispose();
        }

        private async Task ServeAsync(string recipient, string? data)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync();
                using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
                await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
                await writer.WriteLineAsync("220 mail.example");
                while (await reader.ReadLineAsync() is { } line && !line.StartsWith("QUIT", StringComparison.Ordinal))
                {
                    if (line != "DATA")
                    {
                        await writer.WriteLineAsync(line.StartsWith("RCPT", StringComparison.Ordinal) ? recipient : "250 ok");
                        continue;
                    }

                    await writer.WriteLineAsync("354 go on");
                    var mail = new StringBuilder();
                    while (await reader.ReadLineAsync() is { } text && text != ".")
                    {
                        mail.AppendLine(text);
                    }

                    if (data is null)
                    {
                        return;
                    }

                    Mails.Add(mail.ToString());
                    await writer.WriteLineAsync(data);
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}
