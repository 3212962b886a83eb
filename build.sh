#!/usr/bin/env bash
# ./build.sh [build | demo | test | bench | package | clean]     build.ps1 is the same for PowerShell and for Windows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
if [ "${CI:-}" = true ]; then
  # A CI step is over when its last process is: no build server may outlive it.
  export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
fi
results=TestResults

# A build that works says nothing; one that fails shows all it said.
build() {
  local log
  log=$(dotnet build -c Release -v quiet "$@" 2>&1) || { printf '%s\n' "$log" >&2; exit 1; }
}

# The machine's pwsh, else the dotnet tool in .tools/, fetched where the registry has it.
find_pwsh() {
  command -v pwsh && return
  [ -x .tools/pwsh/pwsh ] || dotnet tool install PowerShell --version '7.6.*' --tool-path .tools/pwsh >/dev/null 2>&1 || return
  .tools/pwsh/pwsh -NoProfile -Command 'exit 0' >/dev/null 2>&1 && echo "$PWD/.tools/pwsh/pwsh"
}

demo() {
  build NasPubSub.sln
  NATS_SERVER=$(tools/get-nats-server.sh)
  export NATS_SERVER
  local pwsh
  pwsh=$(find_pwsh) || pwsh=tests/NasPubSub.Host/bin/Release/net10.0/nashost
  echo "examples/quickstart.ps1 in $pwsh with $("$NATS_SERVER" --version)"
  "$pwsh" -NoProfile -File examples/quickstart.ps1
}

passed=0 failed=0 skipped=0

count() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# run_xunit NAME PROJECT [ARGUMENT...]: one run, whose numbers come from its result file. A run that ends badly without a
# failed test in that file has crashed or hung, and counts as a failure. Without the runtime's profiles: tests run most code
# a few times only, and a seventh of their processor time went into those.
run_xunit() {
  local file=$results/$1.trx status=0 counters total executed ok bad
  echo "== $1"
  DOTNET_TieredPGO=0 dotnet test "tests/$2" -c Release --no-build -v quiet --results-directory "$results" \
    --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" \
    --blame-hang-timeout 4m --blame-hang-dump-type none "${@:3}" </dev/null || status=$?
  counters=$(grep -o '<Counters [^>]*' "$file" 2>/dev/null || true)
  number() { sed -nE "s/.* $1=\"([0-9]+)\".*/\1/p" <<<"$counters" | grep . || echo 0; }
  total=$(number total) executed=$(number executed) ok=$(number passed)
  bad=$((executed - ok))
  if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$executed" -eq 0 ]; }; then
    echo "== $1 did not run to its end (exit code $status, $executed of $total tests)" >&2
    bad=1
  fi
  count "$ok" "$bad" $((total - executed))
}

run_pester() {
  local pwsh file=$results/pester.counts
  if ! ls tests/Pester/*.Tests.ps1 >/dev/null 2>&1; then return; fi
  echo "== Pester"
  if ! pwsh=$(find_pwsh); then
    echo "Pester is skipped: there is no pwsh on PATH, nor one to be had. The same behaviour is tested above in the hosted engine."
    return
  fi
  if ! PATH="$(dirname "$pwsh"):$PATH" "$pwsh" -NoProfile -NonInteractive -File tools/Invoke-PesterTests.ps1 -CountFile "$file" </dev/null && [ ! -s "$file" ]; then
    echo "== Pester did not run to its end" >&2
    count 0 1 0
    return
  fi
  # shellcheck disable=SC2046
  count $(cat "$file")
}

run_tests() {
  rm -rf "$results"
  mkdir -p "$results"
  build NasPubSub.sln
  if NATS_SERVER=$(tools/get-nats-server.sh); then export NATS_SERVER; else [ "${NAS_TEST_SERVER:-}" = container ] || exit 1; fi
  local old
  old=$(tools/get-nats-server.sh 2.9 2>/dev/null) || echo "Tests against nats-server 2.9 are skipped: it cannot be fetched."
  run_xunit client NasPubSub.Client.Tests
  [ -z "$old" ] || NATS_SERVER=$old NAS_TEST_SERVER='' run_xunit client-on-2.9 NasPubSub.Client.Tests --filter Servers=old
  NAS_MODULE_BUILD=net8.0 run_xunit module-net8.0 NasPubSub.Tests
  NAS_MODULE_BUILD=netstandard2.0 run_xunit module-netstandard2.0 NasPubSub.Tests
  run_pester
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

task=${1:-build}
[ $# -eq 0 ] || shift
case $task in
  build) build NasPubSub.sln "$@" ;;
  demo) demo ;;
  test) run_tests ;;
  bench) dotnet run -c Release --project tests/NasPubSub.Benchmarks -- "$@" ;;
  # What is shipped knows nothing of the folder it was built in.
  package) build src/NasPubSub -p:ContinuousIntegrationBuild=true && dotnet msbuild tools/package.proj -nologo -v:minimal "$@" ;;
  clean) rm -rf bin en-US out TestResults src/*/bin src/*/obj tests/*/bin tests/*/obj ;;
  *) echo "usage: ./build.sh [build | demo | test | bench | package | clean]" >&2; exit 2 ;;
esac
