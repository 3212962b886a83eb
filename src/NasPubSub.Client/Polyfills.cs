// What netstandard2.0 lacks and the compiler asks for, in one place.
#if NETSTANDARD2_0
#pragma warning disable CA1852, IDE0060, CS9113
namespace System.Runtime.CompilerServices
{
    internal static class IsExternalInit;

    [AttributeUsage(AttributeTargets.All)]
    internal sealed class RequiredMemberAttribute : Attribute;

    [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
    internal sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute;

    [AttributeUsage(AttributeTargets.Parameter)]
    internal sealed class CallerArgumentExpressionAttribute(string parameterName) : Attribute;
}

namespace System.Diagnostics.CodeAnalysis
{
    [AttributeUsage(AttributeTargets.Parameter)]
    internal sealed class NotNullWhenAttribute(bool returnValue) : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class DoesNotReturnAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.Field)]
    internal sealed class NotNullAttribute : Attribute;
}

namespace NasPubSub
{
    internal static class Polyfills
    {
        public static unsafe string GetString(this System.Text.Encoding encoding, ReadOnlySpan<byte> bytes)
        {
            if (bytes.IsEmpty)
            {
                return "";
            }

            fixed (byte* p = bytes)
            {
                return encoding.GetString(p, bytes.Length);
            }
        }

        public static unsafe int GetBytes(this System.Text.Encoding encoding, ReadOnlySpan<char> text, Span<byte> bytes)
        {
            if (text.IsEmpty)
            {
                return 0;
            }

            fixed (char* s = text)
            fixed (byte* b = bytes)
            {
                return encoding.GetBytes(s, text.Length, b, bytes.Length);
            }
        }

        public static unsafe int GetByteCount(this System.Text.Encoding encoding, ReadOnlySpan<char> text)
        {
            if (text.IsEmpty)
            {
                return 0;
            }

            fixed (char* s = text)
            {
                return encoding.GetByteCount(s, text.Length);
            }
        }

        public static bool StartsWith(this string text, char value) => text.Length > 0 && text[0] == value;

        public static bool EndsWith(this string text, char value) => text.Length > 0 && text[text.Length - 1] == value;

        public static bool Contains(this string text, char value) => text.IndexOf(value) >= 0;

        public static bool Contains(this string text, string value, StringComparison comparison) =>
            text.IndexOf(value, comparison) >= 0;

        public static async Task WaitAsync(this Task task, TimeSpan timeout, CancellationToken cancel = default)
        {
            if (!task.IsCompleted)
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                var delay = Task.Delay(timeout, stop.Token);
                if (await Task.WhenAny(task, delay).ConfigureAwait(false) != task)
                {
                    // Nobody waits for it any more: its failure is nobody's.
                    _ = task.ContinueWith(
                        static t => _ = t.Exception,
                        CancellationToken.None,
                        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                        TaskScheduler.Default
                    );
                    cancel.ThrowIfCancellationRequested();
                    throw new TimeoutException();
                }
                stop.Cancel();
            }
            await task.ConfigureAwait(false);
        }

        public static Task WaitAsync(this Task task, CancellationToken cancel) =>
            task.WaitAsync(Timeout.InfiniteTimeSpan, cancel);

        public static async Task<T> WaitAsync<T>(
            this Task<T> task,
            TimeSpan timeout,
            CancellationToken cancel = default
        )
        {
            await ((Task)task).WaitAsync(timeout, cancel).ConfigureAwait(false);
            return await task.ConfigureAwait(false);
        }

        public static Task<T> WaitAsync<T>(this Task<T> task, CancellationToken cancel) =>
            task.WaitAsync(Timeout.InfiniteTimeSpan, cancel);
    }
}
#endif
