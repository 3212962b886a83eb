namespace NasPubSub;
internal static class Stub { }
