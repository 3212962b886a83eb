#!/usr/bin/env bash
# Prints the path of a nats-server, fetching one into .tools/ when the machine has none. The system is not touched.
#
#   tools/get-nats-server.sh        $NATS_SERVER, PATH, .tools/, the official release, then Debian's mirror
#   tools/get-nats-server.sh 2.9    that line of tools/nats-server.version, in .tools/nats-server-2.9/
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wanted=${1:-}
read -r version suite < <(grep -v '^#' "$root/tools/nats-server.version" | grep -m1 "^$wanted" || true) || true
[ -n "${version:-}" ] || { echo "get-nats-server: tools/nats-server.version has no version $wanted" >&2; exit 2; }
target=$root/.tools/nats-server${wanted:+-$wanted}

runs() { "$1" --version >/dev/null 2>&1; }
found() { printf '%s\n' "$1"; exit 0; }

if [ -z "$wanted" ]; then
  if [ -n "${NATS_SERVER:-}" ]; then
    runs "$NATS_SERVER" && found "$NATS_SERVER"
    echo "get-nats-server: NATS_SERVER is '$NATS_SERVER', which does not run" >&2; exit 1
  fi
  on_path=$(command -v nats-server || true)
  [ -n "$on_path" ] && runs "$on_path" && found "$on_path"
fi
runs "$target/nats-server" && found "$target/nats-server"

mkdir -p "$root/.tools"
work=$(mktemp -d "$root/.tools/get.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The move is the last step, so a run beside this one sees a whole server or none.
install_server() {
  chmod +x "$1" && runs "$1" || return 1
  mkdir -p "$target"
  mv -f "$1" "$target/nats-server"
  found "$target/nats-server"
}

sha256() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }

from_release() {
  local os arch name base expected
  case $(uname -s) in Linux) os=linux ;; Darwin) os=darwin ;; *) return 1 ;; esac
  case $(uname -m) in x86_64 | amd64) arch=amd64 ;; aarch64 | arm64) arch=arm64 ;; *) return 1 ;; esac
  command -v curl >/dev/null || return 1
  name=nats-server-v$version-$os-$arch
  base=https://github.com/nats-io/nats-server/releases/download/v$version
  curl -fsSL --connect-timeout 5 --max-time 20 -o "$work/sums" "$base/SHA256SUMS" 2>/dev/null || return 1
  curl -fsSL --connect-timeout 5 --max-time 180 -o "$work/server.tar.gz" "$base/$name.tar.gz" 2>/dev/null || return 1
  expected=$(awk -v name="$name.tar.gz" '$2 == name || $2 == "*" name { print $1 }' "$work/sums")
  if [ -z "$expected" ] || [ "$(sha256 "$work/server.tar.gz")" != "$expected" ]; then
    echo "get-nats-server: $name.tar.gz does not match the release's SHA256SUMS; not used" >&2
    return 1
  fi
  tar -xzf "$work/server.tar.gz" -C "$work" && install_server "$work/$name/nats-server"
}

# The mirrors apt already uses, asked of apt itself so that .list and .sources files both count.
mirrors() {
  apt-get update --print-uris 2>/dev/null \
    | sed -nE "s#^'(https?://[^']*)/dists/[a-z]+/(In)?Release(\.gpg)?'.*#\1#p" | awk '!seen[$0]++'
}

from_debian() {
  local mirror deb apt
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/deb"
  apt=(apt-get -qq
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache"
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o APT::Get::List-Cleanup=false
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
  while read -r mirror; do
    printf 'deb %s %s main\n' "$mirror" "$suite" >"$work/sources.list"
    "${apt[@]}" update >/dev/null 2>"$work/apt.log" || continue
    (cd "$work/deb" && "${apt[@]}" download nats-server >/dev/null 2>>"$work/apt.log") || continue
    deb=$(find "$work/deb" -name 'nats-server_*.deb' | head -n 1)
    [ -n "$deb" ] && dpkg-deb -x "$deb" "$work/root" || continue
    install_server "$(find "$work/root" -type f -name nats-server -path '*bin/*' | head -n 1)"
  done < <(mirrors)
  return 1
}

from_release || from_debian || true
echo "get-nats-server: no nats-server $version to be had: neither its release nor this machine's package mirror can be" \
  "reached. Install nats-server, or set NATS_SERVER to the path of one." >&2
exit 1
