using System;
using System.IO;
using System.Reflection;
using System.Threading.Tasks;

namespace NasPubSub.Net472;

/// <summary>
/// Publishes, receives and requests; says what came. Arguments: the module's folder and a server's port.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        // As the module's resolver: what lies in its folder is right, whatever version is asked for.
        AppDomain.CurrentDomain.AssemblyResolve += (_, wanted) =>
        {
            var path = Path.Combine(args[0], new AssemblyName(wanted.Name).Name + ".dll");
            return File.Exists(path) ? Assembly.LoadFrom(path) : null;
        };
        try
        {
            Session
                .RunAsync(int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture))
                .GetAwaiter()
                .GetResult();
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return 1;
        }
    }
}

/// <summary>Apart from Main: its types are looked for when it is first called, with the resolver in place.</summary>
internal static class Session
{
    public static async Task RunAsync(int port)
    {
        using var nas = new NasConnection("127.0.0.1", port, "net472");
        await nas.ConnectAsync();
        var events = await nas.SubscribeAsync("events.>");
        await nas.SubscribeAsync("echo", m => m.ReplyAsync("Echo: " + m.Text));
        await nas.PublishAsync("events.one", "published", headers: new NasHeaders().Add("from", "net472"));
        for (var i = 0; i < 1000; i++)
        {
            nas.Publish("events.many", $"{i}");
        }

        await nas.FlushAsync();
        var first = (await events.ReadAsync())!;
        Console.WriteLine($"{first.Subject} {first.Text} {first.Headers}");
        for (var i = 0; i < 1000; i++)
        {
            var next = (await events.ReadAsync())!.FromJson<int>();
            if (next != i)
            {
                throw new InvalidOperationException($"{next} came, and not {i}.");
            }
        }
        Console.WriteLine((await nas.RequestAsync("echo", "Hello", TimeSpan.FromSeconds(10))).Text);
        try
        {
            await nas.RequestAsync("nobody", "Hello");
        }
        catch (NasException e)
        {
            Console.WriteLine(e.Error);
        }
    }
}
