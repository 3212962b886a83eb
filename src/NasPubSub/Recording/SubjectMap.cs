using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using NasPubSub.Payloads;

namespace NasPubSub.Recording;

/// <summary>
/// New subjects for recorded messages: a hashtable of old and new subjects, where <c>*</c> and <c>></c> stand for the
/// same tokens on both sides; a regular expression and its replacement; or a script block.
/// </summary>
internal sealed class SubjectMap
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);
    private readonly List<(string Old, string New)> _pairs = [];
    private readonly ScriptBlock? _script;
    private readonly Regex? _pattern;
    private readonly string _replacement = "";

    /// <exception cref="PSArgumentException">It is none of these.</exception>
    public SubjectMap(object? given)
    {
        switch (given.Unwrap())
        {
            case null:
                break;
            case ScriptBlock script:
                _script = script;
                break;
            case IDictionary table:
                foreach (DictionaryEntry entry in table)
                {
                    Add(TypedText.Of(entry.Key) ?? "", TypedText.Of(entry.Value) ?? "");
                }
                // A literal subject takes precedence over a pattern that also matches it.
                _pairs = [.. _pairs.OrderBy(p => p.Old.IndexOfAny(['*', '>']) >= 0)];
                break;
            case IList { Count: 2 } pair:
                _replacement = TypedText.Of(pair[1]) ?? "";
                try
                {
                    _pattern = new Regex(TypedText.Of(pair[0]) ?? "", RegexOptions.CultureInvariant, MatchTimeout);
                }
                catch (ArgumentException e)
                {
                    throw new PSArgumentException($"'{pair[0]}' is not a regular expression: {e.Message}");
                }
                break;
            default:
                throw new PSArgumentException(
                    "-MapSubject takes a hashtable, a script block, or a regular expression and its replacement."
                );
        }
    }

    /// <summary>The new subject; the same where the map has none for it.</summary>
    /// <exception cref="RuntimeException">The script block failed, or gave nothing.</exception>
    /// <exception cref="RegexMatchTimeoutException">The expression takes too long.</exception>
    public string Map(NasMessage message)
    {
        if (_script is not null)
        {
            var results = _script.InvokeWithContext(null, [new PSVariable("_", message)]);
            var subject = results.Count == 1 ? TypedText.Of(results[0]) : null;
            return string.IsNullOrEmpty(subject)
                ? throw new RuntimeException($"it put out {results.Count} objects, and not one subject.")
                : subject!;
        }
        if (_pattern is not null)
        {
            return _pattern.Replace(message.Subject, _replacement);
        }
        foreach (var (old, to) in _pairs)
        {
            if (NasSubject.Matches(old, message.Subject))
            {
                return Fill(old, to, message.Subject);
            }
        }
        return message.Subject;
    }

    /// <summary>A filter or stream subject mapped as the subjects are that it matches.</summary>
    public string MapPattern(string pattern)
    {
        if (_pattern is not null)
        {
            return _pattern.Replace(pattern, _replacement);
        }
        foreach (var (old, to) in _pairs)
        {
            if (old == pattern || NasSubject.Matches(old, pattern))
            {
                return old == pattern ? to : Fill(old, to, pattern);
            }
        }
        return pattern;
    }

    private void Add(string old, string to)
    {
        try
        {
            NasSubject.CheckSubscribe(old);
            NasSubject.CheckSubscribe(to);
        }
        catch (NasException e)
        {
            throw new PSArgumentException(e.Message);
        }
        var (from, into) = (old.Split('.'), to.Split('.'));
        if (
            into.Count(t => t == "*") > from.Count(t => t == "*")
            || (into[into.Length - 1] == ">" && from[from.Length - 1] != ">")
        )
        {
            throw new PSArgumentException($"'{to}' has wildcards that '{old}' does not have.");
        }
        _pairs.Add((old, to));
    }

    /// <summary>The n-th * of the new subject is the token of the n-th * in the old one; > is the rest.</summary>
    private static string Fill(string old, string to, string subject)
    {
        var (from, tokens) = (old.Split('.'), subject.Split('.'));
        var single = new Queue<string>(tokens.Where((_, i) => i < from.Length && from[i] == "*"));
        var rest = from[from.Length - 1] == ">" ? string.Join(".", tokens.Skip(from.Length - 1)) : "";
        return string.Join(
            ".",
            to.Split('.')
                .Select(t =>
                    t switch
                    {
                        "*" => single.Dequeue(),
                        ">" => rest,
                        _ => t,
                    }
                )
        );
    }
}
