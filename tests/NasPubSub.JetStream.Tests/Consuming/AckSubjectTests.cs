using NasPubSub.JetStream.Consuming;

namespace NasPubSub.JetStream.Tests.Consuming;

public sealed class AckSubjectTests
{
    [Theory]
    [InlineData("$JS.ACK.s.c.1.22.333.1700000000000000000.4444")]
    [InlineData("$JS.ACK._.hash.s.c.1.22.333.1700000000000000000.4444")]
    [InlineData("$JS.ACK.hub.hash.s.c.1.22.333.1700000000000000000.4444.token.more")]
    public void Both_forms_are_read(string subject)
    {
        Assert.True(AckSubject.TryRead(subject, out var numbers));
        Assert.Equal(new AckSubject(22, 333, 4444), numbers);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("_INBOX.x")]
    [InlineData("$JS.ACK.s.c.1.22.333.17")]
    [InlineData("$JS.ACK.s.c.1.2.3.4.5.6")]
    [InlineData("$JS.ACK.s.c.1.x.333.17.4")]
    [InlineData("$JS.ACK.s.c.1..333.17.4")]
    [InlineData("$JS.ACK.s.c.1.22.333.17.")]
    public void Other_subjects_are_not(string? subject) => Assert.False(AckSubject.TryRead(subject, out _));
}
