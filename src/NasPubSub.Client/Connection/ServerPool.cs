using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>The servers to try: those of the user, and those that the cluster named. Thread-safe.</summary>
internal sealed class ServerPool
{
    /// <summary>
    /// A server accepts a client whose credentials expire within the same second, and drops it at once. A connection
    /// shorter than this counts as a refusal.
    /// </summary>
    private static readonly TimeSpan LastingLife = TimeSpan.FromSeconds(1);

    /// <summary>Servers taken from one INFO at most. No cluster has more.</summary>
    private const int MostDiscovered = 1000;

    /// <summary>
    /// Unproven servers tried in one round at most, so that a list of silent ones does not delay the others.
    /// </summary>
    private const int MostUnproven = 3;

    /// <summary>
    /// How long an unproven server may take at first. It doubles with each failure, up to ConnectTimeout.
    /// </summary>
    private static readonly TimeSpan FirstConnectLimit = TimeSpan.FromSeconds(2);

    private readonly Gate _gate = new(LockLevel.ServerPool);
    private readonly NasOptions _options;
    private readonly TlsDemand _tls;
    private readonly Random _random = new();
    private IReadOnlyList<string> _given;
    private List<Server> _servers;

    /// <param name="options">The session's options.</param>
    /// <param name="parent">The pool of the shared connection, for a dedicated one.</param>
    public ServerPool(NasOptions options, ServerPool? parent = null)
    {
        _options = options;
        _tls = parent?._tls ?? new TlsDemand(options.Tls);
        _given = options.Addresses;
        _servers = Read(_given);
    }

    public sealed class Server(NasServerAddress address, bool isDiscovered)
    {
        public NasServerAddress Address { get; } = address;
        public bool IsDiscovered { get; } = isDiscovered;
        public int Failures { get; set; }

        /// <summary>Was it only named by another server, and has it never accepted the client?</summary>
        public bool IsUnproven { get; set; } = isDiscovered;

        /// <summary>The last refusal of the credentials since the last connection that lasted.</summary>
        public string? Refusal { get; set; }
    }

    /// <summary>The user's servers, as given. Secret.</summary>
    public IReadOnlyList<string> Given
    {
        get
        {
            using (_gate.Enter())
            {
                return _given;
            }
        }
    }

    public IReadOnlyList<string> Addresses
    {
        get
        {
            using (_gate.Enter())
            {
                return [.. _servers.Select(s => s.Address.ToString())];
            }
        }
    }

    /// <summary>The servers of one round of attempts. Unproven ones come last.</summary>
    /// <param name="last">The server just left. It follows the other proven ones, unless the order is kept.</param>
    /// <param name="all">Includes all unproven servers instead of a few.</param>
    public IReadOnlyList<Server> Round(NasServerAddress? last, bool all = false)
    {
        using (_gate.Enter())
        {
            var round = _servers.ToList();
            if (!_options.KeepServerOrder)
            {
                round =
                [
                    .. round
                        .OrderBy(_ => _random.Next())
                        .ToList()
                        .OrderBy(s => last is not null && s.Address.IsSamePlace(last)),
                ];
            }

            var unproven = round
                .Where(s => s.IsUnproven)
                .OrderBy(s => s.Failures)
                .Take(all ? int.MaxValue : MostUnproven);
            return [.. round.Where(s => !s.IsUnproven), .. unproven];
        }
    }

    /// <summary>Connects to a server and counts the result.</summary>
    /// <exception cref="NasException">The server cannot be used.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public async Task<Link> OpenAsync(Server server, CancellationToken cancel)
    {
        try
        {
            var link = await Handshake
                .OpenAsync(server.Address, _options, _tls, ConnectLimit(server), cancel)
                .ConfigureAwait(false);
            using (_gate.Enter())
            {
                (server.Failures, server.IsUnproven) = (0, false);
            }

            return link;
        }
        catch (NasException e)
        {
            Failed(server, e);
            throw;
        }
    }

    /// <summary>How long a server may take.</summary>
    private TimeSpan ConnectLimit(Server server)
    {
        var limit = TimeSpan.FromTicks(FirstConnectLimit.Ticks << Math.Min(server.Failures, 10));
        var isShort = _options.ConnectTimeout < limit && _options.ConnectTimeout >= TimeSpan.Zero;
        return server.IsUnproven && !isShort ? limit : _options.ConnectTimeout;
    }

    public void Replace(IEnumerable<string> servers)
    {
        string[] given = [.. servers];
        var read = Read(given);
        using (_gate.Enter())
        {
            (_given, _servers) = (given, read);
        }
    }

    /// <summary>Restores the user's servers, including those given up.</summary>
    public void Restart() => Replace(_given);

    /// <summary>
    /// Updates the servers of the cluster from INFO: adds new ones, and removes those that it no longer names.
    /// </summary>
    /// <param name="info">The INFO.</param>
    /// <param name="current">The server's address.</param>
    /// <param name="isTls">Was INFO encrypted?</param>
    /// <returns>The new servers.</returns>
    public IReadOnlyList<NasServerAddress> Discover(NasServerInfo info, NasServerAddress current, bool isTls)
    {
        if (_options.IgnoreDiscoveredServers || info.ConnectUrls.Count == 0)
        {
            return [];
        }

        var urls = isTls || !_tls.IsMade ? info.ConnectUrls : current.Provable(info.ConnectUrls);
        var named = urls.Take(MostDiscovered).Select(current.Named).OfType<NasServerAddress>().ToList();
        using (_gate.Enter())
        {
            var places = new HashSet<(string, int)>(named.Select(Place));
            _servers.RemoveAll(s =>
                s.IsDiscovered && !s.Address.IsSamePlace(current) && !places.Contains(Place(s.Address))
            );
            var known = new HashSet<(string, int)>(_servers.Select(s => Place(s.Address)));
            var fresh = named.Where(n => known.Add(Place(n))).ToList();
            foreach (var address in fresh)
            {
                _servers.Insert(
                    _options.KeepServerOrder ? _servers.Count : _random.Next(_servers.Count + 1),
                    new Server(address, true)
                );
            }

            return fresh;
        }
    }

    /// <summary>
    /// Counts a failure, and removes a server that has reached a limit (ADR-40: the same refusal twice).
    /// </summary>
    private void Failed(Server server, NasException error)
    {
        using (_gate.Enter())
        {
            server.Failures++;
            var givenUp = _options.MaxReconnects >= 0 && server.Failures >= Math.Max(1, _options.MaxReconnects);
            if (IsRefusedAgain(server, error) || givenUp)
            {
                _servers.Remove(server);
            }
        }
    }

    /// <summary>A connection that was made has ended.</summary>
    public void Lost(NasServerAddress address, TimeSpan age, NasException reason)
    {
        using (_gate.Enter())
        {
            if (_servers.Find(s => s.Address.IsSamePlace(address)) is not { } server)
            {
                return;
            }

            if (age >= LastingLife)
            {
                server.Refusal = null;
            }
            else if (IsRefusedAgain(server, reason))
            {
                _servers.Remove(server);
            }
        }
    }

    private static bool IsRefusedAgain(Server server, NasException error)
    {
        if (error.Error != NasError.AuthenticationFailed || !error.IsServers)
        {
            return false;
        }

        var again = string.Equals(server.Refusal, error.Message, StringComparison.OrdinalIgnoreCase);
        server.Refusal = error.Message;
        return again;
    }

    public bool IsEmpty
    {
        get
        {
            using (_gate.Enter())
            {
                return _servers.Count == 0;
            }
        }
    }

    private static (string Host, int Port) Place(NasServerAddress address) =>
        (address.Host.ToUpperInvariant(), address.Port);

    private List<Server> Read(IEnumerable<string> servers)
    {
        var read = servers
            .SelectMany(NasServerAddress.Split)
            .Select(s => new Server(NasServerAddress.Parse(s), false))
            .ToList();
        if (read.Count == 0)
        {
            throw new NasException(NasError.InvalidOption, "There is no server to connect to: the list is empty.");
        }

        if (read.Exists(s => s.Address.IsTls))
        {
            _tls.Make();
        }

        return read;
    }
}
