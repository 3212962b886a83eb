using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>The servers to try, those of the user and those the cluster told of. Thread-safe.</summary>
internal sealed class ServerPool
{
    /// <summary>
    /// Servers let a client in during the very second its credentials expire, and drop it at once: that is a refusal
    /// too.
    /// </summary>
    private static readonly TimeSpan LastingLife = TimeSpan.FromSeconds(1);

    /// <summary>More no cluster has; a list without end would cost time for each.</summary>
    private const int MostDiscovered = 1000;

    /// <summary>
    /// So many servers that are only heard of are tried in one round: a list of silent ones keeps nobody from the
    /// others.
    /// </summary>
    private const int MostUnproven = 3;

    /// <summary>
    /// What such a server has to answer at first; doubled with each failure, and ConnectTimeout at most.
    /// </summary>
    private static readonly TimeSpan FirstConnectLimit = TimeSpan.FromSeconds(2);

    private readonly Gate _gate = new(LockLevel.ServerPool);
    private readonly NasOptions _options;
    private readonly TlsDemand _tls;
    private readonly Random _random = new();
    private IReadOnlyList<string> _given;
    private List<Server> _servers;

    /// <param name="options">The session's.</param>
    /// <param name="parent">The pool of the connection that this one's belongs to.</param>
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

        /// <summary>Is it a server that others told of, and that has never let the client in?</summary>
        public bool IsUnproven { get; set; } = isDiscovered;

        /// <summary>The server's last refusal of the credentials, since it let the client in for long.</summary>
        public string? Refusal { get; set; }
    }

    /// <summary>Those of the user, as given. Secret.</summary>
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

    /// <summary>The servers of one round of attempts; last those that are only heard of.</summary>
    /// <param name="last">The server just left: of the others it comes last, unless the order is to be kept.</param>
    /// <param name="all">All that are only heard of, instead of a few.</param>
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

    /// <summary>Connects to a server and counts how that ends.</summary>
    /// <exception cref="NasException">Why this server is of no use.</exception>
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

    /// <summary>Takes all servers of the user in again, those given up among them.</summary>
    public void Restart() => Replace(_given);

    /// <summary>
    /// Takes up what INFO says of the cluster: new servers come, discovered ones that it no longer names go.
    /// </summary>
    /// <param name="info">From the server.</param>
    /// <param name="current">The server's address.</param>
    /// <param name="isTls">Did INFO come encrypted?</param>
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
    /// Counts a failure; a server past its limits leaves the pool (ADR-40: the same refusal of credentials twice).
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

    public bool HasOther(NasServerAddress address)
    {
        using (_gate.Enter())
        {
            return _servers.Any(s => !s.Address.IsSamePlace(address));
        }
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
