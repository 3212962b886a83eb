namespace NasPubSub.Connection;

/// <summary>The servers to try, those of the user and those the cluster told of. Thread-safe.</summary>
internal sealed class ServerPool
{
    /// <summary>Servers let a client in during the very second its credentials expire, and drop it at once: that is a refusal too.</summary>
    private static readonly TimeSpan LastingLife = TimeSpan.FromSeconds(1);

    /// <summary>More no cluster has; a list without end would cost time for each.</summary>
    private const int MostDiscovered = 1000;

    private readonly object _gate = new();
    private readonly NasOptions _options;
    private readonly Random _random = new();
    private IReadOnlyList<string> _given;
    private List<Server> _servers;

    public ServerPool(NasOptions options)
    {
        _options = options;
        _given = options.Addresses;
        _servers = Read(_given);
    }

    public sealed class Server(NasServerAddress address, bool isDiscovered)
    {
        public NasServerAddress Address { get; } = address;
        public bool IsDiscovered { get; } = isDiscovered;
        public int Failures { get; set; }

        /// <summary>The server's last refusal of the credentials, since it let the client in for long.</summary>
        public string? Refusal { get; set; }
    }

    /// <summary>Those of the user, as given. Secret.</summary>
    public IReadOnlyList<string> Given
    {
        get { lock (_gate) return _given; }
    }

    public IReadOnlyList<string> Addresses
    {
        get { lock (_gate) return [.. _servers.Select(s => s.Address.ToString())]; }
    }

    /// <summary>The servers of one round of attempts.</summary>
    /// <param name="last">The server just left: it comes last, unless the order is to be kept.</param>
    public IReadOnlyList<Server> Round(NasServerAddress? last)
    {
        lock (_gate)
        {
            if (_options.KeepServerOrder) return [.. _servers];
            var round = _servers.OrderBy(_ => _random.Next()).ToList();
            return [.. round.OrderBy(s => last is not null && s.Address.IsSamePlace(last))];
        }
    }

    public void Replace(IEnumerable<string> servers)
    {
        string[] given = [.. servers];
        var read = Read(given);
        lock (_gate) (_given, _servers) = (given, read);
    }

    /// <summary>Takes all servers of the user in again, those given up among them.</summary>
    public void Restart() => Replace(_given);

    /// <summary>Takes up what INFO says of the cluster: new servers come, discovered ones that it no longer names go.</summary>
    /// <returns>The new servers.</returns>
    public IReadOnlyList<NasServerAddress> Discover(NasServerInfo info, NasServerAddress current)
    {
        if (_options.IgnoreDiscoveredServers || info.ConnectUrls.Count == 0) return [];
        var named = new List<NasServerAddress>();
        foreach (var url in info.ConnectUrls.Take(MostDiscovered))
        {
            try
            {
                var address = NasServerAddress.Parse(url, current.Scheme);
                named.Add(address with { User = current.User, Password = current.Password, TlsHost = IsNumber(address.Host) && !IsNumber(current.TlsHost) ? current.TlsHost : address.Host });
            }
            catch (NasException)
            {
                // A server's mistake in its list is no reason to lose the connection to it.
            }
        }
        lock (_gate)
        {
            var places = new HashSet<(string, int)>(named.Select(Place));
            _servers.RemoveAll(s => s.IsDiscovered && !s.Address.IsSamePlace(current) && !places.Contains(Place(s.Address)));
            var known = new HashSet<(string, int)>(_servers.Select(s => Place(s.Address)));
            var fresh = named.Where(n => known.Add(Place(n))).ToList();
            foreach (var address in fresh) _servers.Insert(_options.KeepServerOrder ? _servers.Count : _random.Next(_servers.Count + 1), new Server(address, true));
            return fresh;
        }
    }

    public void Succeeded(Server server)
    {
        lock (_gate) server.Failures = 0;
    }

    /// <summary>Counts a failure; a server past its limits leaves the pool (ADR-40: the same refusal of credentials twice).</summary>
    public void Failed(Server server, NasException error)
    {
        lock (_gate)
        {
            server.Failures++;
            var givenUp = _options.MaxReconnects >= 0 && server.Failures >= Math.Max(1, _options.MaxReconnects);
            if (IsRefusedAgain(server, error) || givenUp) _servers.Remove(server);
        }
    }

    /// <summary>A connection that was made has ended.</summary>
    public void Lost(NasServerAddress address, TimeSpan age, NasException reason)
    {
        lock (_gate)
        {
            if (_servers.Find(s => s.Address.IsSamePlace(address)) is not { } server) return;
            if (age >= LastingLife) server.Refusal = null;
            else if (IsRefusedAgain(server, reason)) _servers.Remove(server);
        }
    }

    private static bool IsRefusedAgain(Server server, NasException error)
    {
        if (error.Error != NasError.AuthenticationFailed || !error.IsServers) return false;
        var again = string.Equals(server.Refusal, error.Message, StringComparison.OrdinalIgnoreCase);
        server.Refusal = error.Message;
        return again;
    }

    public bool HasOther(NasServerAddress address)
    {
        lock (_gate) return _servers.Any(s => !s.Address.IsSamePlace(address));
    }

    public bool IsEmpty
    {
        get { lock (_gate) return _servers.Count == 0; }
    }

    private static (string Host, int Port) Place(NasServerAddress address) => (address.Host.ToUpperInvariant(), address.Port);

    private static bool IsNumber(string host) => System.Net.IPAddress.TryParse(host, out _);

    private static List<Server> Read(IEnumerable<string> servers)
    {
        var read = servers.SelectMany(NasServerAddress.Split).Select(s => new Server(NasServerAddress.Parse(s), false)).ToList();
        return read.Count > 0 ? read : throw new NasException(NasError.InvalidOption, "There is no server to connect to: the list is empty.");
    }
}
