using System.Globalization;

namespace NasPubSub.Benchmarks.Measuring;

/// <summary>What a row tells of each contestant, and what this project is to reach.</summary>
internal sealed record Figure(string Unit, bool LessIsBetter, params Goal[] Goals)
{
    public static Figure Rate(params Goal[] goals) => new("k msg/s", false, goals);

    public static Figure Allocated(params Goal[] goals) => new("B/msg", true, goals);

    public static string Show(double value) =>
        value.ToString(
            Math.Abs(value) switch
            {
                < 10 => "0.00",
                < 100 => "0.0",
                _ => "#,0",
            },
            CultureInfo.InvariantCulture
        );

    /// <summary>How this project stands to another: more is better, whatever the unit.</summary>
    public double Ratio(double ours, double theirs) => LessIsBetter ? theirs / ours : ours / theirs;
}

/// <summary>At least so many times as good as a contestant or, without one, a figure of so much at most.</summary>
internal sealed record Goal(Role? Against, double Value)
{
    public static Goal OfLimit(double ratio) => new(Role.Limit, ratio);

    public static Goal OfPeer(double ratio) => new(Role.Peer, ratio);

    public static Goal AtMost(double value) => new(null, value);
}
