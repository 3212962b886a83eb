using System.Collections;
using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that sends objects: the parameters for their conversion to bytes and headers.</summary>
public abstract class NasPayloadCmdlet : NasSessionCmdlet
{
    private PayloadSource _source = null!;

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
    [HeaderTransformation]
    public virtual IDictionary? Header { get; set; }

    /// <summary>The encoding of text, in both directions if the cmdlet receives text.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public virtual Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <summary>How many levels of objects within objects are written as JSON.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public virtual int Depth { get; set; } = 10;

    /// <summary>Enumeration values by name instead of number.</summary>
    [Parameter]
    public virtual SwitchParameter EnumsAsStrings { get; set; }

    /// <summary>What <see cref="TryTake"/> made of the last object; good until the next call.</summary>
    private protected PayloadSource Source => _source;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            var headers = HeaderTable.ToHeaders(Header);
            _source = new PayloadSource(Encoding, Depth, EnumsAsStrings, headers, Cancellation);
        }
        catch (NasException e)
        {
            Fail(e, Header);
        }
    }

    /// <summary>Makes an object the next payload of <see cref="Source"/>.</summary>
    /// <param name="value">What to send. A message is sent with its payload and headers.</param>
    /// <param name="own">Headers of this message alone.</param>
    /// <param name="input">The object that errors are about, where it is another.</param>
    /// <returns>False where the object cannot be sent; the error is written.</returns>
    /// <exception cref="NasException">InvalidHeader: the object brings a header that cannot be sent.</exception>
    private protected bool TryTake(object? value, NasHeaders? own = null, object? input = null)
    {
        try
        {
            _source.Take(value, own);
        }
        catch (Exception e) when (!IsExpected(e) && e is not (PipelineStoppedException or OutOfMemoryException))
        {
            Refuse(NasErrorRecord.InvalidPayload(input ?? value, e));
            return false;
        }
        if (_source.TakeCutWarning() is { } warning)
        {
            WriteWarning(warning);
        }

        return true;
    }

    /// <summary>Reports an object that is not sent.</summary>
    private protected virtual void Refuse(ErrorRecord error) => WriteError(error);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source?.Dispose();
        }

        base.Dispose(disposing);
    }
}
