using System.Runtime.CompilerServices;

namespace NasPubSub.Tests.Windows;

/// <summary>A test of what only Windows has, and Wine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class WindowsFactAttribute : FactAttribute
{
    public WindowsFactAttribute(
        [CallerFilePath] string? sourceFilePath = null,
        [CallerLineNumber] int sourceLineNumber = -1
    )
        : base(sourceFilePath, sourceLineNumber) => Skip = OperatingSystem.IsWindows() ? null : Reason;

    internal const string Reason = "Windows only: ./build.ps1 -Task Test runs it there, and where Wine is installed.";
}

/// <inheritdoc cref="WindowsFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class WindowsTheoryAttribute : TheoryAttribute
{
    public WindowsTheoryAttribute(
        [CallerFilePath] string? sourceFilePath = null,
        [CallerLineNumber] int sourceLineNumber = -1
    )
        : base(sourceFilePath, sourceLineNumber) =>
        Skip = OperatingSystem.IsWindows() ? null : WindowsFactAttribute.Reason;
}
