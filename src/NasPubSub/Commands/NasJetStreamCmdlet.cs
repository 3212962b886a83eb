using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that works with the JetStream that a session reaches.</summary>
/// <remarks>A cmdlet overrides <see cref="Domain"/> to bind it in some of its parameter sets only.</remarks>
public abstract class NasJetStreamCmdlet : NasSessionCmdlet
{
    private NasJetStream? _jetStream;

    /// <summary>The JetStream domain; without it that of the session.</summary>
    [Parameter]
    [TypedTextTransformation]
    public virtual string? Domain { get; set; }

    /// <summary>How long a call of the API may take; the session's unless set.</summary>
    private protected virtual TimeSpan? CallTimeout => null;

    /// <summary>
    /// The JetStream that a stream from the pipeline was found in, unless the call names another connection or domain.
    /// </summary>
    private protected NasJetStream JetStreamOf(NasStream? piped) => JetStreamOf(piped?.GetJetStream());

    /// <summary>As <see cref="JetStreamOf(NasStream?)"/>, for any other object that knows its JetStream.</summary>
    private protected NasJetStream JetStreamOf(NasJetStream? piped)
    {
        if (piped is null || Connection is not null || Domain is not null)
        {
            return JetStream;
        }
        Use(piped.Connection);
        return piped;
    }

    /// <summary>The JetStream of the cmdlet's connection, connecting it where the runspace has no session.</summary>
    private protected NasJetStream JetStream
    {
        get
        {
            var connection = Nas;
            if (_jetStream?.Connection != connection)
            {
                var options = Session.Of(connection).JetStream;
                _jetStream = new NasJetStream(
                    connection,
                    options with
                    {
                        Domain = Domain ?? options.Domain,
                        ApiPrefix = Domain is null ? options.ApiPrefix : null,
                        Timeout = CallTimeout ?? options.Timeout,
                    }
                );
            }
            return _jetStream!;
        }
    }

    /// <summary>The streams whose names match; one that no server answers for is an error of the cmdlet.</summary>
    private protected IReadOnlyList<NasStream> ListStreams(
        NasJetStream jetStream,
        string name,
        string? subject = null,
        bool useNamespace = true
    )
    {
        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
        var missing = new List<string>();
        var streams = AwaitAll(jetStream.Streams.ListAsync(subject, useNamespace, missing.Add, Cancellation));
        foreach (var lost in missing.Distinct().Where(pattern.IsMatch))
        {
            Report(
                new NasException(NasError.ServerError, $"No server answers for the stream '{lost}': it has no leader.")
                {
                    Code = "NoLeader",
                    Target = lost,
                }
            );
        }
        return [.. streams.Where(s => pattern.IsMatch(s.Stream))];
    }

    /// <summary>The name of a stream as it is, or those that match it as a pattern.</summary>
    private protected IReadOnlyList<string> FindStreams(NasJetStream jetStream, string name) =>
        WildcardPattern.ContainsWildcardCharacters(name)
            ? [.. ListStreams(jetStream, name).Select(s => s.Stream)]
            : [name];

    /// <summary>Names of consumers as they are, and those that match one as a pattern.</summary>
    private protected IReadOnlyList<(string Stream, string Consumer)> FindConsumers(
        NasJetStream jetStream,
        string stream,
        IEnumerable<string> wanted
    )
    {
        var found = new List<(string, string)>();
        foreach (var name in wanted)
        {
            try
            {
                foreach (var one in FindStreams(jetStream, stream))
                {
                    if (!WildcardPattern.ContainsWildcardCharacters(name))
                    {
                        found.Add((one, name));
                        continue;
                    }
                    var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
                    var all = AwaitAll(jetStream.Consumers.ListNamesAsync(one, Cancellation));
                    found.AddRange(all.Where(pattern.IsMatch).Select(c => (one, c)));
                }
            }
            catch (NasException e)
            {
                ReportOrFail(e, stream);
            }
        }
        return found;
    }

    /// <summary>Waits for all items.</summary>
    private protected IReadOnlyList<T> AwaitAll<T>(IAsyncEnumerable<T> source)
    {
        return Await(CollectAsync());

        async Task<List<T>> CollectAsync()
        {
            var items = new List<T>();
            await foreach (var item in source.ConfigureAwait(false))
            {
                items.Add(item);
            }
            return items;
        }
    }
}
