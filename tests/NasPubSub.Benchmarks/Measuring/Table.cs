using System.Text;

namespace NasPubSub.Benchmarks.Measuring;

/// <summary>Prints results as a Markdown table, each row as soon as it is known.</summary>
internal sealed class Table(bool samples)
{
    private int _met,
        _missed;

    public bool AllMet => _missed == 0;

    public void Head(string title)
    {
        Console.WriteLine();
        Console.WriteLine($"### {title}");
        Console.WriteLine();
        Console.WriteLine("| row | unit | NasPubSub | NATS.Net | limit | ratios and goals | met |");
        Console.WriteLine("|---|---|---:|---:|---:|---|---|");
    }

    public void Add(RowResult result)
    {
        for (var f = 0; f < result.Row.Figures.Count; f++)
        {
            var figure = result.Row.Figures[f];
            string Cell(Role role) =>
                string.Join(" / ", result.Contestants.Where(c => c.Role == role).Select(c => Figure.Show(c.Medians[f])))
                    is { Length: > 0 } cells
                    ? cells
                    : "–";
            var (ratios, met) = Judge(result, f);
            Console.WriteLine(
                $"| {(f == 0 ? result.Row.Name : "")} | {figure.Unit} | {Cell(Role.Ours)} | {Cell(Role.Peer)} | {Cell(Role.Limit)} | {ratios} | {met switch { true => "yes", false => "**no**", null => "" }} |"
            );
            if (samples)
            {
                foreach (var c in result.Contestants)
                {
                    Console.WriteLine(
                        $"<!-- {c.Name}: {string.Join(" ", c.Samples.Select(s => Figure.Show(s[f])))} -->"
                    );
                }
            }
        }
    }

    /// <summary>
    /// How far the floor, or else the limit, comes itself: a goal beyond that is nobody's to reach on this machine.
    /// </summary>
    private static string Reachable(RowResult result, int f, ContestantResult other, double goal)
    {
        var figure = result.Row.Figures[f];
        var best =
            result.Contestants.FirstOrDefault(c => c.Role == Role.Floor)
            ?? result.Contestants.FirstOrDefault(c => c.Role == Role.Limit);
        if (best is null || best == other || best.Medians.Length <= f || figure.Unit is "B/msg" or "B/req")
        {
            return "";
        }

        var ratio = figure.Ratio(best.Medians[f], other.Medians[f]);
        return ratio < goal ? $" [{best.Name}: {Figure.Show(ratio)}]" : "";
    }

    public void Summary() => Console.WriteLine($"{Environment.NewLine}{_met} goals met, {_missed} not met.");

    private (string Ratios, bool? Met) Judge(RowResult result, int f)
    {
        var figure = result.Row.Figures[f];
        if (result.Contestants.FirstOrDefault(c => c.Role == Role.Ours) is not { Medians: var medians })
        {
            return ("", null);
        }

        var ours = medians[f];
        var text = new StringBuilder();
        bool? all = null;
        foreach (var other in result.Contestants.Where(c => c.Role != Role.Ours))
        {
            var goal = figure.Goals.FirstOrDefault(g => g.Against == other.Role);
            if (goal is null && figure.Goals.Any(g => g.Against is null))
            {
                continue;
            }

            var ratio = figure.Ratio(ours, other.Medians[f]);
            Say($"{Figure.Show(ratio)} × {other.Name}", goal, ratio >= goal?.Value);
            if (ratio < goal?.Value)
            {
                text.Append(Reachable(result, f, other, goal.Value));
            }
        }
        foreach (var goal in figure.Goals.Where(g => g.Against is null))
        {
            Say("", goal, Math.Round(ours) <= goal.Value);
        }

        if (all is { } met)
        {
            (_met, _missed) = met ? (_met + 1, _missed) : (_met, _missed + 1);
        }

        return (text.ToString(), all);

        void Say(string what, Goal? goal, bool? isMet)
        {
            if (text.Length > 0)
            {
                text.Append("; ");
            }

            text.Append(what);
            if (goal is null)
            {
                return;
            }

            text.Append(
                goal.Against is null ? $"goal {Figure.Show(goal.Value)} at most" : $" (goal {Figure.Show(goal.Value)})"
            );
            all = (all ?? true) && isMet == true;
        }
    }
}
