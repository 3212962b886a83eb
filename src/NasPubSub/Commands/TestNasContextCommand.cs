using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Test-NasContext: connects with each context and leaves again. No session is left behind.</summary>
[Cmdlet(VerbsDiagnostic.Test, "NasContext")]
[OutputType(typeof(bool), typeof(NasContextTest))]
public sealed class TestNasContextCommand : NasCmdlet
{
    /// <summary>
    /// Names, with wildcards where wanted, or paths of .json files; without them, the selected context.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[]? Name { get; set; }

    /// <summary>How long one context may take.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(5));

    /// <summary>Returns an object instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Names())
        {
            var test = Try(name);
            if (test.Error is { } error)
            {
                WriteVerbose(error);
            }

            WriteObject(Detailed ? test : test.Success);
        }
    }

    private List<string> Names()
    {
        if (Name is null)
        {
            if (NasContext.SelectedName is { } selected)
            {
                return [selected];
            }

            WriteError(NasErrorRecord.ContextNotFound(null));
            return [];
        }

        var names = new List<string>();
        foreach (var wanted in Name)
        {
            if (wanted.EndsWith(".json", StringComparison.Ordinal) && File.Exists(FullPath(wanted)))
            {
                names.Add(wanted);
                continue;
            }

            var found = NamePattern.Select(NasContext.Names, n => n, wanted);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(wanted))
            {
                WriteError(NasErrorRecord.ContextNotFound(wanted));
            }

            names.AddRange(found);
        }
        return names;
    }

    private NasContextTest Try(string name)
    {
        NasConnection? connection = null;
        try
        {
            var defaults = new DefaultOptions(FullPath);
            var options = defaults.WithContext(
                new NasOptions { Name = SessionStore.NextName(), Reconnect = false },
                name
            );
            options = defaults.WithSecurity(options.TakeAddressCredentials(preferOwn: false));
            connection = new NasConnection(options with { ConnectTimeout = Timeout });
            var clock = Stopwatch.StartNew();
            Await(connection.ConnectAsync, (TimeSpan)Timeout, $"{string.Join(", ", connection.Servers)} gave no answer");
            return new(name)
            {
                Success = true,
                Server = connection.Server?.ToString(),
                ServerVersion = connection.ServerInfo?.Version,
                Duration = clock.Elapsed,
            };
        }
        catch (NasException e)
        {
            return new(name) { Error = e.Message, ErrorId = e.Code };
        }
        finally
        {
            _ = connection?.DisconnectAsync(drain: false);
        }
    }
}
