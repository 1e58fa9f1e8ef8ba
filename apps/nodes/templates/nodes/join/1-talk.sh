#!/bin/sh
# Takes this host into a Swarm of the portal, or out of it again. It is safe to run it twice, and to
# run it again after it was interrupted: each step looks first whether it has been done.
#
#   --check            look whether the host is fit, change nothing; the exit status says it
#   --dry-run          the same, and say what would be done
#   --leave            undo: leave the Swarm, remove the agent, its keys and the registry's CA
#   --advertise IP     the address at which the other nodes and the portal reach this host
#   --docker-socket P  the engine's socket, else DOCKER_HOST, else /var/run/docker.sock
#
# Only sh, docker, sed, awk and curl (or GNU wget) are used. The whole script is functions, and its
# last line starts them, so that half a download does nothing.
# (the portal puts its address, the token and the key's pin here)

AGENT=dce-agent
VOLUME=dce-agent
AGENT_PORT=12376
CERTIFICATES=${DCE_CERTIFICATES:-/etc/docker/certs.d}
KEPT=${DCE_KEPT:-/etc/dce}
WAIT_S=${DCE_WAIT_S:-180}
FAILS=0
WARNINGS=0
STEP=preflight
CLAIMED=no

# --- Talking to the person -----------------------------------------------------------------------

say() { printf '%s\n' "$*"; }

die() { # sentence: stop, and let the portal's page show it
  say "$*" >&2
  [ "$CLAIMED" = no ] || tell "$STEP" failed "$*"
  exit 1
}

row() { # ok|warn|FAIL, what, finding, what to do
  printf '  %-5s %-16s %s\n' "$1" "$2" "$3"
  [ -z "${4:-}" ] || printf '  %-5s %-16s -> %s\n' '' '' "$4"
  case $1 in
    FAIL) FAILS=$((FAILS + 1)) ;;
    warn) WARNINGS=$((WARNINGS + 1)) ;;
  esac
}

usage() {
  say 'Options: --check, --dry-run, --leave, --advertise IP, --docker-socket PATH.'
  say "The script's first lines say what each does."
}

# --- Talking to the portal -----------------------------------------------------------------------
# Both ways `key=value` lines. The pin of the portal's key stands for the trust in its certificate.

request() { # path, body file (none: GET); prints the answer, whatever its status
  url=$DCE_URL$1
  body=${2:-}
  if command -v curl >/dev/null 2>&1; then
    request_by_curl
  elif wget --help 2>&1 | grep -q -- --pinnedpubkey; then
    request_by_wget
  else
    say 'This script needs curl or GNU wget to talk to the portal. Install one of them, then run it again.' >&2
    return 1
  fi
}

request_by_curl() {
  set -- -sS --noproxy '*' --connect-timeout 10 --max-time 60
  [ -z "$DCE_PIN" ] || set -- "$@" -k --pinnedpubkey "sha256//$DCE_PIN"
  [ -z "$body" ] || set -- "$@" -H 'Content-Type: text/plain' --data-binary "@$body"
  curl "$@" "$url"
}

request_by_wget() {
  set -- -q -O - --no-proxy --content-on-error --tries=1 --timeout=60
  [ -z "$DCE_PIN" ] || set -- "$@" --no-check-certificate "--pinnedpubkey=sha256//$DCE_PIN"
  [ -z "$body" ] || set -- "$@" --header='Content-Type: text/plain' "--post-file=$body"
  wget "$@" "$url" || [ $? -eq 8 ] # 8: the portal refused, and says why in its answer
}

field() { # name: the value of `name=` in the answer
  printf '%s\n' "$ANSWER" | sed -n "s/^$1=//p" | sed -n 1p
}

explain_silence() { # exit status of the last request
  case $1 in
    60 | 90 | 5) die "The portal at $DCE_REGISTRY shows another key than this line names: either the line is old, or somebody stands between. Nothing was sent; copy a new line from Add nodes." ;;
    6) die "This host cannot resolve the name in $DCE_REGISTRY. Put it into DNS or /etc/hosts, then run the line again." ;;
    *) die "The portal at $DCE_REGISTRY does not answer this host (code $1). See that it runs and that no firewall is in the way, then run the line again." ;;
  esac
}

ask() { # path, lines…: leaves the answer in ANSWER, ends with the portal's own sentence on refusal
  path=$1
  shift
  printf '%s\n' "$@" >"$WORK/body"
  ask_file "$path"
  [ -z "$(field error)" ] || die "$(field error)"
}

ask_file() { # path: the body is in $WORK/body
  status=0
  ANSWER=$(request "$1" "$WORK/body") || status=$?
  [ "$status" -eq 0 ] || explain_silence "$status"
}

tell() { # step, running|done|failed, detail
  detail=$(printf '%s' "${3:-}" | tr -d '\r' | tr '\n\t' '  ' | cut -c 1-480)
  printf 'machine=%s\nstep=%s\nstate=%s\ndetail=%s\n' "$MACHINE" "$1" "$2" "$detail" >"$WORK/step"
  request /step "$WORK/step" >/dev/null 2>&1 || true
}

begin() { # step, words
  STEP=$1
  say "==> $2"
  tell "$1" running
}

finish() { tell "$STEP" 'done' "${1:-}"; }
