using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class SubjectsTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("a.b.c")]
    [InlineData("größe.日本.😀")]
    [InlineData("a*b.c>d")]
    [InlineData("$SYS.REQ")]
    public void Good_subjects(string subject)
    {
        Subjects.CheckPublish(subject);
        Subjects.CheckSubscribe(subject);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a\tb")]
    [InlineData("a\r\nPING\r\n")]
    [InlineData("a\0")]
    [InlineData("a\x7f")]
    public void Bad_subjects(string subject)
    {
        Assert.Equal(NasError.InvalidSubject, Assert.Throws<NasException>(() => Subjects.CheckPublish(subject)).Error);
        Assert.Equal(NasError.InvalidSubject, Assert.Throws<NasException>(() => Subjects.CheckSubscribe(subject)).Error);
    }

    [Fact]
    public void Text_that_is_no_Unicode_is_no_subject() => Bad_subjects("a\ud800b");

    [Theory]
    [InlineData("*", true)]
    [InlineData("a.*.b", true)]
    [InlineData("a.>", true)]
    [InlineData(">", true)]
    [InlineData("a.>.b", false)]
    public void Wildcards_are_for_subscribing(string subject, bool valid)
    {
        Assert.Throws<NasException>(() => Subjects.CheckPublish(subject));
        if (valid) Subjects.CheckSubscribe(subject);
        else Assert.Throws<NasException>(() => Subjects.CheckSubscribe(subject));
    }

    [Theory]
    [InlineData("a.*")]
    [InlineData("a>")]
    [InlineData("a b")]
    [InlineData("a..b")]
    [InlineData("$JS")]
    [InlineData("_INBOX")]
    public void Bad_namespaces(string ns) => Assert.Equal(NasError.InvalidNamespace, Assert.Throws<NasException>(() => new NasConnection(new NasOptions { Namespace = ns })).Error);

    [Theory]
    [InlineData("ns", "a.b", true, "ns.a.b")]
    [InlineData("n.s", ">", true, "n.s.>")]
    [InlineData("ns", "a.b", false, "a.b")]
    [InlineData(null, "a.b", true, "a.b")]
    [InlineData("ns", "_INBOX.x", true, "_INBOX.x")]
    [InlineData("ns", "$JS.API.INFO", true, "$JS.API.INFO")]
    [InlineData("ns", "$KV.b.k", true, "$KV.b.k")]
    [InlineData("ns", "$other.x", true, "ns.$other.x")]
    public void Namespaces_go_before_what_is_not_reserved(string? ns, string subject, bool use, string wire) =>
        Assert.Equal(wire, Subjects.ToWire(ns, subject, use, "_INBOX"));

    [Theory]
    [InlineData("ns", "ns.a", "a")]
    [InlineData("ns", "nsx.a", "nsx.a")]
    [InlineData("ns", "ns.", "ns.")]
    [InlineData(null, "ns.a", "ns.a")]
    public void Namespaces_are_not_shown(string? ns, string topic, string shown) => Assert.Equal(shown, Subjects.ToShown(ns, topic));

    [Theory]
    [InlineData("a.*", "a.b", true)]
    [InlineData("a.*", "a.b.c", false)]
    [InlineData("a.*", "a", false)]
    [InlineData("a.>", "a.b.c", true)]
    [InlineData("a.>", "a", false)]
    [InlineData("*.b", "a.b", true)]
    [InlineData("a.b", "a.bc", false)]
    [InlineData(">", "a", true)]
    public void Filters_match(string filter, string subject, bool matches) => Assert.Equal(matches, Subjects.Matches(filter, subject));
}
