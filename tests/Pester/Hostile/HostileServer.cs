using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

/// <summary>
/// A server that puts control sequences into every text it may choose. What it does follows the subjects used.
/// </summary>
public sealed class HostileServer : IDisposable
{
    // Window title, clear screen, the same as C1, next line, delete, direction overrides and isolates, line separator.
    public const string Evil = "\u001b]0;t\u0007\u001b[2J\u009b2J\u0085\u007f\u202e\u2066\u2028x";

    private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = new List<TcpClient>();

    public HostileServer()
    {
        _listener.Start();
        Start(() =>
        {
            while (true)
            {
                var client = _listener.AcceptTcpClient();
                lock (_clients)
                    _clients.Add(client);
                Start(() => Serve(client));
            }
        });
    }

    /// <summary>Refuses the next clients instead of letting them in.</summary>
    public bool Refuses { get; set; }

    /// <summary>Answers the next clients with something that is no INFO.</summary>
    public bool Babbles { get; set; }

    public int Port
    {
        get { return ((IPEndPoint)_listener.LocalEndpoint).Port; }
    }

    public void Dispose()
    {
        _listener.Stop();
        lock (_clients)
            _clients.ForEach(c => c.Close());
    }

    private static void Start(Action work)
    {
        new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                if (
                    !(
                        e is IOException
                        || e is SocketException
                        || e is ObjectDisposedException
                        || e is InvalidOperationException
                    )
                )
                    throw;
            }
        })
        {
            IsBackground = true,
        }.Start();
    }

    private static string Json
    {
        get { return Evil.Replace("\u001b", "\\u001b").Replace("\u0007", "\\u0007").Replace("\u007f", "\\u007f"); }
    }

    private static string Info(bool lameDuck)
    {
        return "INFO {\"server_id\":\"S"
            + Json
            + "\",\"server_name\":\"n"
            + Json
            + "\\nforged line\",\"version\":\"2.15.0"
            + Json
            + "\",\"cluster\":\"c"
            + Json
            + "\",\"domain\":\"d"
            + Json
            + "\",\"client_ip\":\"i"
            + Json
            + "\",\"go\":\""
            + Json
            + "\",\"proto\":1,\"headers\":true,\"max_payload\":1048576,\"client_id\":7,\"ldm\":"
            + (lameDuck ? "true" : "false")
            + ",\"connect_urls\":[\"h"
            + Json
            + ":4222\",\"127.0.0.1:1\"]} \r\n";
    }

    private void Serve(TcpClient client)
    {
        var stream = client.GetStream();
        void Send(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            stream.Write(bytes, 0, bytes.Length);
        }
        string Line()
        {
            var line = new List<byte>();
            for (int b; (b = stream.ReadByte()) != '\n'; line.Add((byte)b))
            {
                if (b < 0)
                    throw new IOException();
            }
            return Encoding.UTF8.GetString(line.ToArray()).TrimEnd('\r');
        }
        void Message(string subject, string sid, string reply, string payload, string status = "")
        {
            var head =
                "NATS/1.0"
                + status
                + "\r\nX-"
                + Evil
                + ": v"
                + Evil
                + "\r\nNats-Service-Error: e"
                + Evil
                + "\r\nNats-Service-Error-Code: 500\r\n\r\n";
            int h = Encoding.UTF8.GetByteCount(head),
                p = Encoding.UTF8.GetByteCount(payload);
            Send(
                "HMSG "
                    + subject
                    + " "
                    + sid
                    + " "
                    + (reply == null ? "" : reply + " ")
                    + h
                    + " "
                    + (h + p)
                    + "\r\n"
                    + head
                    + payload
                    + "\r\n"
            );
        }

        if (Babbles)
        {
            Send("HTTP/1.1 400 " + Evil + "\r\n");
            return;
        }
        Send(Info(false));
        var sids = new Dictionary<string, string>();
        while (true)
        {
            var words = Line().Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
                continue;
            switch (words[0].ToUpperInvariant())
            {
                case "CONNECT" when Refuses:
                    Send("-ERR 'Authorization Violation " + Evil + "'\r\n");
                    client.Close();
                    return;
                case "PING":
                    Send("PONG\r\n");
                    break;
                case "SUB":
                    var (wanted, sid) = (words[1], words[words.Length - 1]);
                    sids[wanted] = sid;
                    if (wanted == "denied")
                        Send(
                            "-ERR 'Permissions Violation for Subscription to \"denied\" (sid \""
                                + sid
                                + "\") "
                                + Evil
                                + "'\r\n"
                        );
                    else if (wanted.EndsWith(">") && !wanted.StartsWith("_INBOX"))
                    {
                        for (var i = 0; i < 3; i++)
                            Message("s." + Evil, sid, "r." + Evil, "{\"a\": tru" + Evil);
                    }
                    break;
                case "PUB":
                case "HPUB":
                    var size = int.Parse(words[words.Length - 1]) + 2;
                    for (var read = 0; read < size; read++)
                    {
                        if (stream.ReadByte() < 0)
                            return;
                    }
                    if (words[1] == "error")
                        Send("-ERR 'Something " + Evil + "'\r\n");
                    if (words[1] == "denied")
                        Send("-ERR 'Permissions Violation for Publish to \"denied" + Evil + "\"'\r\n");
                    if (words[1] == "info")
                        Send(Info(false));
                    if (words[1] == "lame")
                        Send(Info(true));
                    if (words[1] == "babble")
                        Send("MSG " + Evil + " " + Evil + "\r\n");
                    if (words[1] == "cut")
                        client.Close();
                    if (
                        words.Length > (words[0] == "PUB" ? 3 : 4)
                        && words[1] != "silent"
                        && !words[1].StartsWith("s.")
                    )
                    {
                        var reply = words[2];
                        foreach (var known in sids)
                        {
                            if (
                                known.Key == reply
                                || (known.Key.EndsWith("*") && reply.StartsWith(known.Key.TrimEnd('*')))
                            )
                            {
                                Message(
                                    reply,
                                    known.Value,
                                    null,
                                    words[1] == "status" ? "" : "{\"a\": nul" + Evil,
                                    words[1] == "status" ? " 400 " + Evil : ""
                                );
                            }
                        }
                    }
                    break;
            }
        }
    }
}
