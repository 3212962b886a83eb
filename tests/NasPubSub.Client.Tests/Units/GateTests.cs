using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Locks, and their order where a debug build asserts it.</summary>
public sealed class GateTests
{
#if DEBUG
    [Theory]
    [InlineData(LockLevel.SendBuffer, LockLevel.Reconnect)]
    [InlineData(LockLevel.SendBuffer, LockLevel.SendBuffer)]
    [InlineData(LockLevel.Status, LockLevel.MessageBuffer)]
    public void Locks_taken_out_of_order_are_an_error(object first, object second)
    {
        var (a, b) = (new Gate((LockLevel)first), new Gate((LockLevel)second));
        using (a.Enter())
        {
            var error = Assert.Throws<InvalidOperationException>(() => b.Enter().Dispose());
            Assert.Contains($"{second}", error.Message, StringComparison.Ordinal);
        }
        // Alone, and by another thread, each may be taken.
        b.Enter().Dispose();
    }
#endif

    [Fact]
    public void Locks_taken_in_order_or_again_are_fine()
    {
        var all = Enum.GetValues<LockLevel>().Select(level => new Gate(level)).ToList();
        Enter(0);
        void Enter(int next)
        {
            if (next < all.Count)
            {
                using var _ = all[next].Enter();
                using var again = all[next].Enter();
                Enter(next + 1);
            }
        }
    }

    [Fact]
    public async Task One_thread_holds_it_until_it_waits_or_leaves()
    {
        var gate = new Gate(LockLevel.Status);
        var isIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var other = Task.Run(() =>
        {
            using var _ = gate.Enter();
            isIn.SetResult();
            Assert.True(gate.Wait(TimeSpan.FromSeconds(10)));
        });
        await isIn.Task;
        using (gate.Enter())
        {
            gate.PulseAll();
            Assert.False(other.IsCompleted);
        }
        await other.WaitAsync(TimeSpan.FromSeconds(10));
        using (gate.Enter())
        {
            Assert.False(gate.Wait(TimeSpan.FromMilliseconds(1)));
        }
    }
}
