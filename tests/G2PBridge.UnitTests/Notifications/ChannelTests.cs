using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Connectors.Novu;
using G2PBridge.Connectors.Webhook;

namespace G2PBridge.UnitTests.Notifications;

/// <summary>What Novu and a webhook are sent, and how their answers are judged.</summary>
internal sealed class ChannelTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("a secret of twenty-four.");

    [Test]
    public async Task Novu_gets_the_contracts_event_with_our_id_as_the_transaction()
    {
        var wire = new Wire(_ => Json("""{"data":{"acknowledged":true,"status":"processed","transactionId":"N1"}}"""));
        var answers = await Novu(wire).SendAsync([One("N1")], CancellationToken.None);
        var (path, body) = wire.Requests.Single();
        Assert.Multiple(() =>
        {
            Assert.That(path, Is.EqualTo("/v1/events/trigger"));
            Assert.That(body, Is.EqualTo("""{"name":"agency-notification","payload":{"no_of_bebeficiaries":2},"overrides":{},"to":"a@example.org","transactionId":"N1"}"""));
            Assert.That(answers, Is.EqualTo(new NotificationAnswer[] { new NotificationAnswer.Delivered("N1") }));
        });
    }

    [Test]
    public async Task Several_go_in_one_bulk_and_each_is_judged_by_itself()
    {
        var wire = new Wire(_ => Json("""
            {"data":[{"acknowledged":true,"status":"processed","transactionId":"N1"},
                     {"acknowledged":true,"status":"error","error":["transactionId property is not unique, please make sure all triggers have a unique transactionId"],"transactionId":"N2"},
                     {"acknowledged":true,"status":"trigger_not_active","transactionId":"N3"}]}
            """));
        var answers = await Novu(wire).SendAsync([One("N1"), One("N2"), One("N3"), One("N4")], CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That(wire.Requests.Single().Path, Is.EqualTo("/v1/events/trigger/bulk"));
            Assert.That(answers.Select(answer => (answer.Id, answer.GetType().Name)), Is.EqualTo(new[] { ("N1", "Delivered"), ("N2", "Delivered"), ("N3", "Refused"), ("N4", "NotKnown") }));
        });
    }

    [TestCase(500, "NotKnown")]
    [TestCase(401, "Refused")]
    [TestCase(429, "Refused")]
    public async Task A_status_says_whether_Novu_may_have_it(int status, string expected)
    {
        var answers = await Novu(new Wire(_ => new HttpResponseMessage((HttpStatusCode)status))).SendAsync([One("N1")], CancellationToken.None);
        Assert.That(answers.Single().GetType().Name, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_refused_connection_proves_that_nobody_was_told()
    {
        var wire = new Wire(_ => throw new HttpRequestException("no", new SocketException((int)SocketError.ConnectionRefused)));
        Assert.That(await Novu(wire).SendAsync([One("N1")], CancellationToken.None), Has.One.TypeOf<NotificationAnswer.Refused>());
        wire = new Wire(_ => throw new HttpRequestException("no", new SocketException((int)SocketError.ConnectionReset)));
        Assert.That(await Novu(wire).SendAsync([One("N1")], CancellationToken.None), Has.One.TypeOf<NotificationAnswer.NotKnown>());
    }

    [Test]
    public async Task Whoever_has_no_address_is_refused_for_good_and_nobody_is_called()
    {
        var wire = new Wire(_ => throw new InvalidOperationException());
        var answers = await Novu(wire).SendAsync([One("N1") with { Recipient = new NotificationRecipient("A1", null, null, null) }], CancellationToken.None);
        Assert.That(answers.Single(), Is.TypeOf<NotificationAnswer.Refused>().With.Property("IsFinal").True);
    }

    [Test]
    public async Task A_webhook_is_signed_over_id_time_and_body()
    {
        HttpRequestMessage? sent = null;
        var wire = new Wire(request =>
        {
            sent = request;
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        });
        var hook = new WebhookConnector(new HttpClient(wire), new Uri("http://hook.example/g2p"), Secret, TimeProvider.System);
        var answers = await hook.SendAsync([One("N1")], CancellationToken.None);
        var body = wire.Requests.Single().Body;
        Assert.Multiple(() =>
        {
            Assert.That(answers.Single(), Is.TypeOf<NotificationAnswer.Delivered>());
            Assert.That(sent!.Headers.GetValues("webhook-id"), Is.EqualTo(new[] { "N1" }));
            Assert.That(sent.Headers.GetValues("webhook-signature").Single(), Is.EqualTo(WebhookConnector.Sign(Secret, "N1", sent.Headers.GetValues("webhook-timestamp").Single(), body)));
            Assert.That((string?)JsonNode.Parse(body)!["type"], Is.EqualTo("agency"));
        });
    }

    [Test]
    public void The_signature_is_the_specifications() =>
        // The example of the Standard Webhooks specification.
        Assert.That(
            WebhookConnector.Sign(
                Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}"""),
            Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));

    private static NovuConnector Novu(Wire wire) => new(new HttpClient(wire), new Uri("http://novu.example/"), new NovuSettings { ApiKey = "key" });

    private static Notification One(string id) => new(id, NotificationType.Agency, new NotificationRecipient("A1", "Admin", "a@example.org", null), """{"no_of_bebeficiaries":2}""");

    private static HttpResponseMessage Json(string text) => new(HttpStatusCode.Created) { Content = new StringContent(text, Encoding.UTF8, "application/json") };

    private sealed class Wire(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<(string Path, string Body)> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add((request.RequestUri!.AbsolutePath, await request.Content!.ReadAsStringAsync(cancellationToken)));
            return answer(request);
        }
    }
}
