using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Messaging;

/// <summary>Which subscriptions a connection lists.</summary>
public sealed class ListedSubscriptionTests
{
    [Fact]
    public async Task A_subscription_that_is_not_to_be_listed_works_all_the_same()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var hidden = await connection.SubscribeAsync("a", options: new NasSubscriptionOptions { IsListed = false });
        var listed = await connection.SubscribeAsync("a");
        Assert.Equal([listed], connection.Subscriptions);
        connection.Publish("a", "x");
        Assert.Equal(("x", "x"), (await hidden.NextAsync(), await listed.NextAsync()));
    }
}
