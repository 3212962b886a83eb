namespace NasPubSub.JetStream.Backups;

/// <summary>
/// What the server has of a restore that did not come to its end. Servers from 2.15 on keep a part of the messages as a
/// stream that looks whole, also when they are killed; older ones keep nothing. There was no such stream before, or the
/// server would not have begun, so it may be removed.
/// </summary>
internal sealed class RestoredPart(NasJetStream jetStream, string stream, ulong messages)
{
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>How often the stream must not be there: the server may be about to show it.</summary>
    private const int Times = 3;

    /// <summary>Removes it, within bounds, whatever ended the restore.</summary>
    /// <returns>What is left, as a sentence; null where that is nothing.</returns>
    public async Task<string?> RemoveAsync(Exception error)
    {
        var isLost = error is NasException { Error: NasError.ConnectionLost };
        if (isLost && !await jetStream.Connection.WaitConnectedAsync(ReconnectLimit).ConfigureAwait(false))
        {
            return "The server may have a part of the stream when it is running again: remove it before you try again.";
        }
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            return await RemoveAsync(keepsWhole: isLost, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NasException or OperationCanceledException)
        {
            return "The server may have a part of the stream: remove it before you try again.";
        }
    }

    /// <summary>The error with what is left.</summary>
    public static NasException Explain(NasException error, string? left) =>
        left is null
            ? error
            : new NasException(error.Error, $"{error.Message} {left}", error)
            {
                Code = error.Code,
                ApiErrorCode = error.ApiErrorCode,
                ApiErrorDescription = error.ApiErrorDescription,
                Target = error.Target,
            };

    private async Task<string?> RemoveAsync(bool keepsWhole, CancellationToken cancel)
    {
        for (var absent = 0; absent < Times;)
        {
            try
            {
                var found = await jetStream.Streams.GetAsync(stream, cancel: cancel).ConfigureAwait(false);
                if (keepsWhole && found.Messages >= messages)
                {
                    return "The stream has all messages of the backup.";
                }
                await jetStream.Streams.DeleteAsync(stream, cancel).ConfigureAwait(false);
                absent = 0;
            }
            catch (NasException e) when (e.Code == "StreamNotFound")
            {
                absent++;
            }
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
        return null;
    }
}
