# The program of the PowerShell that runs this. As a dotnet tool it runs in dotnet, which pwsh on PATH starts.
$path = (Get-Process -Id $PID).Path
if ([IO.Path]::GetFileNameWithoutExtension($path) -ne 'dotnet') { return $path }
(Get-Command pwsh -CommandType Application | Select-Object -First 1).Source
