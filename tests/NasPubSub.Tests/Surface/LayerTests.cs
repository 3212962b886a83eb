namespace NasPubSub.Tests.Surface;

/// <summary>Dependencies point one way. Each arrow that must not exist is a line.</summary>
public sealed class LayerTests
{
    private const string Client = "NasPubSub.Client";
    private const string JetStream = "NasPubSub.JetStream";

    [Theory]
    [InlineData($"{Client}/Protocol", $"{Client}/Transport")]
    [InlineData($"{Client}/Protocol", $"{Client}/Connection")]
    [InlineData($"{Client}/Protocol", $"{Client}/Messaging")]
    [InlineData($"{Client}/Protocol", $"{Client}/Contexts")]
    [InlineData($"{Client}/Protocol", $"{Client}/Threading")]
    [InlineData($"{Client}/Transport", $"{Client}/Protocol")]
    [InlineData($"{Client}/Transport", $"{Client}/Connection")]
    [InlineData($"{Client}/Transport", $"{Client}/Messaging")]
    [InlineData($"{Client}/Transport", $"{Client}/Contexts")]
    [InlineData($"{Client}/Connection", $"{Client}/Messaging")]
    [InlineData($"{Client}/Connection", $"{Client}/Contexts")]
    [InlineData($"{Client}/Messaging", $"{Client}/Contexts")]
    [InlineData($"{Client}/Contexts", $"{Client}/Transport")]
    [InlineData($"{Client}/Contexts", $"{Client}/Connection")]
    [InlineData($"{Client}/Contexts", $"{Client}/Messaging")]
    [InlineData($"{Client}/Threading", $"{Client}/Diagnostics")]
    [InlineData($"{Client}/Threading", $"{Client}/Protocol")]
    [InlineData($"{Client}/Threading", $"{Client}/Transport")]
    [InlineData($"{Client}/Threading", $"{Client}/Connection")]
    [InlineData($"{Client}/Threading", $"{Client}/Messaging")]
    [InlineData($"{Client}/Threading", $"{Client}/Contexts")]
    [InlineData($"{Client}/Diagnostics", $"{Client}/Protocol")]
    [InlineData($"{Client}/Diagnostics", $"{Client}/Transport")]
    [InlineData($"{Client}/Diagnostics", $"{Client}/Connection")]
    [InlineData($"{Client}/Diagnostics", $"{Client}/Messaging")]
    [InlineData($"{Client}/Diagnostics", $"{Client}/Contexts")]
    [InlineData(Client, JetStream)]
    [InlineData(Client, "NasPubSub")]
    [InlineData(JetStream, "NasPubSub")]
    [InlineData($"{JetStream}/Api", $"{JetStream}/Configuration")]
    public void A_layer_uses_nothing_of_those_above_it(string layer, string above) =>
        Assert.Empty(Layers.Uses(layer, above));

    /// <summary>The folders of the module, from the top down: each uses only those below it.</summary>
    [Theory]
    [InlineData(
        "Commands",
        "Recording",
        "Receiving",
        "Formatting",
        "Jobs",
        "Completion",
        "Measuring",
        "Servers",
        "Sessions",
        "Daemon",
        "Payloads",
        "Errors"
    )]
    public void A_folder_of_the_module_uses_only_those_below_it(params string[] folders)
    {
        var upward =
            from above in folders.Index()
            from below in folders.Skip(above.Index + 1)
            from use in Layers.Uses($"NasPubSub/{below}", $"NasPubSub/{above.Item}")
            select use;
        Assert.True(!upward.Any(), string.Join(Environment.NewLine, upward));
    }

    [Theory]
    [InlineData(Client, "System.Management.Automation")]
    [InlineData(JetStream, "System.Management.Automation")]
    [InlineData(JetStream, "System.Net.Sockets")]
    [InlineData(JetStream, "System.Net.Security")]
    [InlineData(JetStream, "System.Net.WebSockets")]
    [InlineData($"{Client}/Protocol", "System.Net")]
    [InlineData($"{Client}/Messaging", "System.Net")]
    [InlineData("NasPubSub/Commands", "System.Net.Sockets")]
    [InlineData("NasPubSub/Completion", "System.Net.Sockets")]
    [InlineData("NasPubSub/Formatting", "System.Net.Sockets")]
    [InlineData("NasPubSub/Jobs", "System.Net.Sockets")]
    [InlineData("NasPubSub/Measuring", "System.Net.Sockets")]
    [InlineData("NasPubSub/Payloads", "System.Net.Sockets")]
    [InlineData("NasPubSub/Recording", "System.Net.Sockets")]
    [InlineData("NasPubSub/Sessions", "System.Net.Sockets")]
    public void A_layer_keeps_out_of_what_is_not_its_business(string layer, string name) =>
        Assert.Empty(Layers.UsesNamespace(layer, name));

    /// <summary>A parser that asks for the time, or waits, cannot be tested with bytes alone.</summary>
    [Theory]
    [InlineData("System.DateTime")]
    [InlineData("System.DateTimeOffset")]
    [InlineData("System.Diagnostics.Stopwatch")]
    [InlineData("System.Threading.Timer")]
    [InlineData("System.Threading.Tasks.Task")]
    public void The_protocol_knows_no_clock(string type) =>
        Assert.Empty(Layers.UsesType($"{Client}/Protocol", type));

    /// <summary>What users hold belongs to the top layer, though its namespace is that of all public types.</summary>
    [Theory]
    [InlineData("NasConnection")]
    [InlineData("NasConnectionPool")]
    [InlineData("NasDenials")]
    [InlineData("NasMessage")]
    [InlineData("NasPublisher")]
    [InlineData("NasSubscription")]
    public void The_top_layer_holds_what_users_hold(string type) =>
        Assert.Contains(Layers.In($"{Client}/Messaging"), t => t.FullName == "NasPubSub." + type);

    [Fact]
    public void What_is_used_is_found()
    {
        Assert.NotEmpty(Layers.Uses("NasPubSub", Client));
        Assert.NotEmpty(Layers.Uses("NasPubSub", JetStream));
        Assert.NotEmpty(Layers.Uses(JetStream, Client));
        Assert.NotEmpty(Layers.Uses($"{JetStream}/Configuration", $"{JetStream}/Api"));
        Assert.NotEmpty(Layers.Uses($"{Client}/Connection", $"{Client}/Protocol"));
        Assert.NotEmpty(Layers.Uses($"{Client}/Connection", $"{Client}/Transport"));
        Assert.NotEmpty(Layers.UsesNamespace("NasPubSub/Commands", "System.Management.Automation"));
        Assert.NotEmpty(Layers.UsesNamespace($"{Client}/Transport", "System.Net.Sockets"));
        Assert.NotEmpty(Layers.Uses($"{Client}/Messaging", $"{Client}/Connection"));
        Assert.NotEmpty(Layers.UsesType($"{Client}/Threading", "System.Diagnostics.Stopwatch"));
        Assert.NotEmpty(Layers.UsesType($"{Client}/Connection", "System.Threading.Tasks.Task"));
        Assert.Throws<ArgumentException>(() => Layers.In("NasPubSub.Client/Nowhere"));
    }
}
