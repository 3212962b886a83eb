using System;
using System.Collections.Generic;
using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace NasPubSub.Client.Net472;

/// <summary>
/// Skips the tests of what mono itself does otherwise, each with its reason. .NET Framework runs them.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class MonoLimitsAttribute : BeforeAfterTestAttribute
{
    private const string Events = "mono's EventSource writes no events and makes no manifest";

    private const string Threads = "mono takes seconds to give the many waits of this test a thread each";

    private static readonly bool IsMono = Type.GetType("Mono.Runtime") is not null;

    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["EventSourceTests.The_manifest_is_valid"] = Events,
        ["EventSourceTests.The_life_of_a_connection_is_written"] = Events,
        ["EventSourceTests.An_attempt_that_fails_is_a_warning"] = Events,
        ["CutTests.Whatever_byte_is_the_last_nothing_is_corrupted_and_all_recovers"] =
            "mono needs minutes for the hundreds of connections of this test",
        ["RequestTableTests.It_times_out_by_the_monotonic_clock"] =
            "mono's timers do not carry the execution context on, and with it the clock of the test",
        ["ReconnectTests.What_a_server_took_before_the_line_broke_is_not_sent_again"] =
            "mono does not say how much of a send that failed was taken, so nothing of it is sent again",
        ["JwtTests.A_file_that_hangs_holds_nothing_up_for_longer_than_the_connect_timeout"] =
            "mono cannot write to the named pipe that stands for the file",
        ["BoundedWaitTests.Each_ends_within_the_time_of_its_options"] = Threads,
        ["BoundedWaitTests.Each_ends_when_its_token_says_so"] = Threads,
        ["BoundedWaitTests.Each_ends_where_the_server_reads_nothing"] = Threads,
        ["HostileServerTests.Endless_control_lines_are_kept_nowhere"] =
            "mono's sockets need more than the time of this test for its megabytes of short lines",
        ["KillTests.Servers_killed_under_load_cost_only_what_is_counted"] =
            "mono starts threads of its own, and the test counts threads",
        ["PartitionTests.A_partition_is_noticed_by_the_pings_and_nothing_of_the_buffer_is_lost"] =
            "on mono the connection breaks at once, before the pings notice",
        ["AddressTests.A_bad_address_is_refused_and_its_secrets_not_shown"] =
            "mono's Uri takes port 0 for no port",
    };

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var name = $"{methodUnderTest.DeclaringType!.Name}.{methodUnderTest.Name}";
        if (IsMono && Reasons.TryGetValue(name, out var reason))
        {
            throw SkipException.ForSkip(reason);
        }
    }
}
