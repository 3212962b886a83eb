using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class SubjectTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("a.b.c")]
    [InlineData("$SYS.REQ.SERVER.PING")]
    [InlineData("ünï.cödé.😀")]
    [InlineData("a*b.c>d")]
    [InlineData("a/b-c_d")]
    public void Fit_to_publish(string subject)
    {
        Subjects.CheckPublish(subject);
        Subjects.CheckSubscribe(subject);
        Subjects.CheckReply(subject);
    }

    [Theory]
    [InlineData("*")]
    [InlineData(">")]
    [InlineData("a.*.c")]
    [InlineData("a.*")]
    [InlineData("a.>")]
    public void Fit_to_subscribe_only(string subject)
    {
        Subjects.CheckSubscribe(subject);
        Refused(NasError.InvalidSubject, () => Subjects.CheckPublish(subject));
        Refused(NasError.InvalidSubject, () => Subjects.CheckReply(subject));
    }

    [Theory]
    [InlineData("$JS.API.CONSUMER.CREATE.s.c.>", true)]
    [InlineData("$JS.hub.API.CONSUMER.CREATE.s.c.a.*.b", true)]
    [InlineData("$JS.API.CONSUMER.CREATE.s.c.>.a", false)]
    [InlineData("$JS.API.CONSUMER.INFO.s.*", false)]
    [InlineData("a.CONSUMER.CREATE.s.c.>", false)]
    public void A_wildcard_is_a_token_in_the_call_that_creates_a_consumer(string subject, bool isFit)
    {
        var check = () => Subjects.CheckPublish(subject);
        if (isFit)
        {
            check();
        }
        else
        {
            Refused(NasError.InvalidSubject, check);
        }
        Refused(NasError.InvalidSubject, () => Subjects.CheckReply(subject));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a\tb")]
    [InlineData("a\r\nPUB b 0")]
    [InlineData("a\0")]
    [InlineData("a\u007f")]
    [InlineData("a.>.b")]
    [InlineData(">.a")]
    public void Fit_for_nothing(string subject)
    {
        Refused(NasError.InvalidSubject, () => Subjects.CheckPublish(subject));
        Refused(NasError.InvalidSubject, () => Subjects.CheckSubscribe(subject));
        Refused(NasError.InvalidSubject, () => Subjects.CheckReply(subject));
        Refused(NasError.InvalidNamespace, () => Subjects.CheckNamespace(subject));
    }

    [Fact]
    public void Half_a_character_is_refused()
    {
        Refused(NasError.InvalidSubject, () => Subjects.CheckPublish("a\ud800"));
        Refused(NasError.InvalidSubject, () => Subjects.CheckSubscribe("\udc00.a"));
    }

    [Fact]
    public void Too_long_is_refused_with_a_short_message()
    {
        var error = Refused(NasError.InvalidSubject, () => Subjects.CheckPublish(new string('a', 5000)));
        Assert.True(error.Message.Length < 300);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("a*b")]
    [InlineData("a.>")]
    [InlineData("_INBOX")]
    [InlineData("_R_")]
    [InlineData("_GR_")]
    [InlineData("$JS.x")]
    public void No_namespace(string ns) => Refused(NasError.InvalidNamespace, () => Subjects.CheckNamespace(ns));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\n")]
    public void No_queue_group(string group) =>
        Refused(NasError.InvalidQueueGroup, () => Subjects.CheckQueueGroup(group));

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "a.b", false)]
    [InlineData("a.b", "a", false)]
    [InlineData("*", "a", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("a.*", "a", false)]
    [InlineData("a.*.c", "a.b.c", true)]
    [InlineData("a.*.c", "a.b.d", false)]
    [InlineData(">", "a", true)]
    [InlineData(">", "a.b.c", true)]
    [InlineData("a.>", "a", false)]
    [InlineData("a.>", "a.b", true)]
    [InlineData("a.>", "a.b.c.d", true)]
    [InlineData("a.>", "ab.c", false)]
    [InlineData("a.*.>", "a.b.c.d", true)]
    [InlineData("*.*", "a.b", true)]
    [InlineData("*.*", "a.b.c", false)]
    [InlineData("ab", "a", false)]
    [InlineData("a", "ab", false)]
    [InlineData("a.b", "a.bc", false)]
    public void A_filter_matches_as_a_server_matches(string filter, string subject, bool matches) =>
        Assert.Equal(matches, Subjects.Matches(filter, subject));

    [Theory]
    [InlineData("ns", "a.b", true, "ns.a.b")]
    [InlineData("ns", "a.b", false, "a.b")]
    [InlineData(null, "a.b", true, "a.b")]
    [InlineData("x.y", "a", true, "x.y.a")]
    [InlineData("ns", "_INBOX.1.2", true, "_INBOX.1.2")]
    [InlineData("ns", "_R_.ab.1", true, "_R_.ab.1")]
    [InlineData("ns", "_GR_.ab.cd._R_.x", true, "_GR_.ab.cd._R_.x")]
    [InlineData("ns", "_R_x.1", true, "ns._R_x.1")]
    [InlineData("ns", "$JS.API.INFO", true, "$JS.API.INFO")]
    [InlineData("ns", "$SYS.PING", true, "$SYS.PING")]
    [InlineData("ns", "$SRV.PING", true, "$SRV.PING")]
    [InlineData("ns", "$KV.b.k", true, "$KV.b.k")]
    [InlineData("ns", "$O.b.C.n", true, "$O.b.C.n")]
    [InlineData("ns", "$JSON.a", true, "ns.$JSON.a")]
    [InlineData("ns", "MINE.1", true, "MINE.1")]
    [InlineData("ns", "MINE", true, "ns.MINE")]
    [InlineData("ns", "MINERAL.1", true, "ns.MINERAL.1")]
    public void A_namespace_goes_before_all_but_what_NATS_keeps_for_itself(
        string? ns,
        string subject,
        bool useNamespace,
        string wire
    ) => Assert.Equal(wire, Subjects.ToWire(ns, subject, useNamespace, "MINE"));

    [Theory]
    [InlineData("ns", "ns.a.b", "a.b")]
    [InlineData("ns", "nsx.a", "nsx.a")]
    [InlineData("ns", "ns", "ns")]
    [InlineData("ns", "ns.", "ns.")]
    [InlineData("ns", "other.a", "other.a")]
    [InlineData(null, "ns.a", "ns.a")]
    public void A_topic_is_shown_without_its_namespace(string? ns, string topic, string shown) =>
        Assert.Equal(shown, Subjects.ToShown(ns, topic));

    private static NasException Refused(NasError error, Action check)
    {
        var refused = Assert.Throws<NasException>(check);
        Assert.Equal(error, refused.Error);
        return refused;
    }
}
