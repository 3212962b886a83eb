using NasPubSub.ServerBridge;

// As nats-server.exe it passes everything on; as the bridge it takes a folder of drives and name=path of each server.
return OperatingSystem.IsWindows() ? await FarServer.RunAsync(args) : await Bridge.RunAsync(args);
