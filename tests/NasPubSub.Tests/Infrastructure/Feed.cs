namespace NasPubSub.Tests.Infrastructure;

/// <summary>Publishes from a thread of its own; the module's types are known only at run time.</summary>
public sealed class Feed(object connection, string subject)
{
    public void Send(object? state) => ((dynamic)connection).Publish(subject, "fed");
}
