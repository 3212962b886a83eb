using System.Globalization;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>A short run of what tests/NasPubSub.Fuzz does for as long as one likes.</summary>
public sealed class ParserFuzzTests
{
    [Fact]
    public void No_input_crashes_or_hangs_the_parser_and_pieces_change_nothing()
    {
        var inputs = int.TryParse(
            Environment.GetEnvironmentVariable("NAS_TEST_FUZZ"),
            CultureInfo.InvariantCulture,
            out var asked
        )
            ? asked
            : 100_000;
        var seeds = ParserFuzz.ReadSeeds(Path.Combine(AppContext.BaseDirectory, "Protocol", "Seeds"));
        Assert.NotEmpty(seeds);
        var seed = Environment.TickCount;
        Assert.Null(new ParserFuzz(seeds, seed).Run(inputs));
    }
}
