using NasPubSub.Connection;

namespace NasPubSub;

/// <summary>Moving to another server.</summary>
public sealed partial class NasConnection
{
    private void OnLameDuck(Link link)
    {
        if (link != _link) return;
        Notify(NasEventKind.LameDuck, $"The server {link.Address} is about to shut down.");
    }
}
