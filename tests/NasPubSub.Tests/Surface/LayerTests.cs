namespace NasPubSub.Tests.Surface;

/// <summary>Dependencies point one way. Each arrow that must not exist is a line.</summary>
public sealed class LayerTests
{
    private const string Client = "NasPubSub.Client";

    [Theory]
    [InlineData($"{Client}/Protocol", $"{Client}/Transport")]
    [InlineData($"{Client}/Protocol", $"{Client}/Connection")]
    [InlineData($"{Client}/Protocol", $"{Client}/Messaging")]
    [InlineData($"{Client}/Protocol", $"{Client}/Contexts")]
    [InlineData($"{Client}/Transport", $"{Client}/Connection")]
    [InlineData($"{Client}/Transport", $"{Client}/Messaging")]
    [InlineData($"{Client}/Transport", $"{Client}/Contexts")]
    [InlineData(Client, "NasPubSub")]
    public void A_layer_uses_nothing_of_those_above_it(string layer, string above) =>
        Assert.Empty(Layers.Uses(layer, above));

    [Theory]
    [InlineData(Client, "System.Management.Automation")]
    [InlineData($"{Client}/Protocol", "System.Net.Sockets")]
    [InlineData("NasPubSub/Commands", "System.Net.Sockets")]
    [InlineData("NasPubSub/Completion", "System.Net.Sockets")]
    [InlineData("NasPubSub/Formatting", "System.Net.Sockets")]
    [InlineData("NasPubSub/Jobs", "System.Net.Sockets")]
    [InlineData("NasPubSub/Measuring", "System.Net.Sockets")]
    [InlineData("NasPubSub/Payloads", "System.Net.Sockets")]
    [InlineData("NasPubSub/Sessions", "System.Net.Sockets")]
    public void A_layer_keeps_out_of_what_is_not_its_business(string layer, string name) =>
        Assert.Empty(Layers.UsesNamespace(layer, name));

    [Fact]
    public void What_is_used_is_found()
    {
        Assert.NotEmpty(Layers.Uses("NasPubSub", Client));
        Assert.NotEmpty(Layers.Uses($"{Client}/Connection", $"{Client}/Protocol"));
        Assert.NotEmpty(Layers.Uses($"{Client}/Connection", $"{Client}/Transport"));
        Assert.NotEmpty(Layers.UsesNamespace("NasPubSub/Commands", "System.Management.Automation"));
        Assert.NotEmpty(Layers.UsesNamespace($"{Client}/Transport", "System.Net.Sockets"));
        Assert.Throws<ArgumentException>(() => Layers.In("NasPubSub.Client/Nowhere"));
    }
}
