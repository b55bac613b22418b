// Reads a range of PSTN calls with Microsoft's own Graph SDK and writes one JSON object a line: what an
// independent client sees in a Graph, to be compared with what the pipeline made of it.
//
//     graph-dotnet <base address> <from> <to>
//     graph-dotnet http://127.0.0.1:8080/v1.0 2026-11-14T00:00:00Z 2026-11-21T00:00:00Z
//
// Standard error says how many rows and requests there were. Exit codes: 0 done, 1 failed, 2 wrong usage.

using System.Globalization;
using System.Text.Json;
using Microsoft.Graph;
using Microsoft.Graph.Communications.CallRecords.MicrosoftGraphCallRecordsGetPstnCallsWithFromDateTimeWithToDateTime;
using Microsoft.Graph.Models.CallRecords;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;

if (args.Length != 3
    || !Uri.TryCreate(args[0], UriKind.Absolute, out var address)
    || !TryInstant(args[1], out var from)
    || !TryInstant(args[2], out var to))
{
    Console.Error.WriteLine("usage: graph-dotnet <base address> <from> <to>");
    return 2;
}

// The token below is no secret, and still it must not leave this machine by a mistyped address.
if (!address.IsLoopback)
{
    Console.Error.WriteLine($"{address} is not on this machine");
    return 2;
}

using var client = new GraphServiceClient(new DummyToken(), address.ToString().TrimEnd('/'));
using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = false };
var rows = 0;
try
{
    var first = await client.Communications.CallRecords
        .MicrosoftGraphCallRecordsGetPstnCallsWithFromDateTimeWithToDateTime(from, to)
        .GetAsGetPstnCallsWithFromDateTimeWithToDateTimeGetResponseAsync();
    if (first is null) throw new InvalidDataException("the first page has no body");
    var pages = PageIterator<PstnCallLogRow, GetPstnCallsWithFromDateTimeWithToDateTimeGetResponse>
        .CreatePageIterator(client, first, row =>
        {
            output.WriteLine(ToJson(row));
            rows++;
            return true;
        });
    await pages.IterateAsync();
}
catch (ApiException error)
{
    Console.Error.WriteLine($"Graph answered {error.ResponseStatusCode}: {error.Message}");
    return 1;
}

output.Flush();
Console.Error.WriteLine($"{rows} rows");
return 0;

static bool TryInstant(string text, out DateTimeOffset instant) =>
    DateTimeOffset.TryParse(
        text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out instant);

// Money as text: a JSON number would go through a double in the reader, and the decimal's own scale would be lost.
static string ToJson(PstnCallLogRow row) => JsonSerializer.Serialize(new
{
    id = row.Id,
    userId = row.UserId,
    startDateTime = row.StartDateTime?.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture),
    duration = row.Duration,
    charge = row.Charge?.ToString(CultureInfo.InvariantCulture),
    connectionCharge = row.ConnectionCharge?.ToString(CultureInfo.InvariantCulture),
    currency = row.Currency,
});

/// <summary>Sends a fixed text as bearer token, over http too: Kiota's own providers refuse that.</summary>
internal sealed class DummyToken : IAuthenticationProvider
{
    public Task AuthenticateRequestAsync(
        RequestInformation request,
        Dictionary<string, object>? additionalAuthenticationContext = null,
        CancellationToken cancellationToken = default)
    {
        request.Headers.TryAdd("Authorization", "Bearer not-a-token");
        return Task.CompletedTask;
    }
}
