# The path of the current PowerShell. As a dotnet tool it runs in dotnet, so the path is that of pwsh on PATH.
$path = (Get-Process -Id $PID).Path
if ([IO.Path]::GetFileNameWithoutExtension($path) -ne 'dotnet') { return $path }
(Get-Command pwsh -CommandType Application | Select-Object -First 1).Source
