using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NasPubSub.TestServer;

/// <summary>Waits for a condition with a deadline, and says what it waited for when the deadline passes.</summary>
public static class Eventually
{
    /// <summary>What a wait takes at most unless told otherwise; a busy machine, or Wine, may need many
    /// seconds for what takes milliseconds elsewhere.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Returns when <paramref name="condition"/> is true.</summary>
    /// <exception cref="TimeoutException">It did not come true within the deadline.</exception>
    public static Task TrueAsync(
        Func<bool> condition,
        TimeSpan? within = null,
        Func<string>? explain = null,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    ) => TrueAsync(() => Task.FromResult(condition()), within, explain, what);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, Func{string}?, string)"/>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        TimeSpan? within = null,
        Func<string>? explain = null,
        [CallerArgumentExpression(nameof(condition))] string what = ""
    )
    {
        var deadline = within ?? DefaultDeadline;
        var watch = Stopwatch.StartNew();
        var pause = 1.0;
        while (!await condition())
        {
            if (watch.Elapsed > deadline)
            {
                throw new TimeoutException(
                    $"Not true within {deadline.TotalSeconds:0.#} s: {what}. {explain?.Invoke()}"
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(pause));
            pause = Math.Min(pause * 1.5, 50);
        }
    }

    /// <summary>Returns the first value of <paramref name="source"/> that is not null.</summary>
    /// <exception cref="TimeoutException">There was none within the deadline.</exception>
    public static async Task<T> ValueAsync<T>(
        Func<T?> source,
        TimeSpan? within = null,
        Func<string>? explain = null,
        [CallerArgumentExpression(nameof(source))] string what = ""
    )
        where T : class
    {
        T? value = null;
        await TrueAsync(() => (value = source()) is not null, within, explain, what);
        return value!;
    }
}
