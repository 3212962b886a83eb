using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>Tests of subscriptions with an action.</summary>
public abstract class JobTests(ServerFixture fixture) : ServedTests(fixture)
{
    private protected static IEnumerable<object?> Values(IEnumerable<PSObject> objects) =>
        objects.Select(o => o?.BaseObject is string[] { Length: 1 } one ? one[0] : o?.BaseObject);

    /// <summary>Runs a script whose last subscription has a job, and returns that when it is done.</summary>
    private protected static Job Job(Shell shell, string script)
    {
        shell.Run(script);
        return (Job)Assert.Single(shell.Run("Wait-Job (Get-Job) -Timeout 20")).BaseObject;
    }

    private protected sealed class NasJob(Job job)
    {
        public string State => job.JobStateInfo.State.ToString();
        public PSDataCollection<PSObject> Output => job.Output;

        public static explicit operator NasJob(PSObject wrapped) => new((Job)wrapped.BaseObject);
    }
}
