# --- Leaving -------------------------------------------------------------------------------------

leave() {
  ask /leave "machine=$MACHINE" stage=begin
  if [ "$SWARM_STATE" != inactive ]; then
    say '==> Leaving the Swarm'
    leave_swarm "$(field is_last_manager)" || die 'The engine did not leave the Swarm: run docker swarm leave --force, then this line again.'
  fi
  say '==> Removing the agent, its keys and the registry'"'"'s CA'
  docker rm -f "$AGENT" >/dev/null 2>&1 || true
  docker volume rm "$VOLUME" >/dev/null 2>&1 || true
  docker image ls -q --filter "reference=$DCE_REGISTRY/dce/agent" | xargs docker image rm >/dev/null 2>&1 || true
  rm -f "$CERTIFICATES/$DCE_REGISTRY/ca.crt"
  rmdir "$CERTIFICATES/$DCE_REGISTRY" 2>/dev/null || true
  ask /leave "machine=$MACHINE" stage=end
  note=$(field note)
  [ -z "$note" ] || say "    $note"
  rm -f "$KEPT/join"
  rmdir "$KEPT" 2>/dev/null || true
  say "Left. $HOST_NAME is an engine on its own again."
}

leave_swarm() { # yes when this host is the last manager
  [ "$1" != yes ] || say '    it was the last manager: the Swarm ends here, its services with it'
  tries=0
  while [ "$1" != yes ] && [ "$tries" -lt 20 ]; do
    # A manager that the portal has demoted learns of it within seconds.
    docker swarm leave >/dev/null 2>&1 && return 0
    tries=$((tries + 1))
    sleep 1
  done
  docker swarm leave --force >/dev/null 2>&1
}

# --- Start ---------------------------------------------------------------------------------------

read_options() {
  MODE='join'
  ADDRESS=
  while [ $# -gt 0 ]; do
    case $1 in
      --check) MODE=check ;;
      --dry-run) MODE=dry-run ;;
      --leave) MODE=leave ;;
      --advertise) ADDRESS=${2:?'--advertise needs an address'} && shift ;;
      --docker-socket) export DOCKER_HOST="unix://${2:?'--docker-socket needs a path'}" && shift ;;
      -h | --help) usage && exit 0 ;;
      *) die "There is no option $1 here; there are --check, --dry-run, --leave, --advertise and --docker-socket." ;;
    esac
    shift
  done
}

main() {
  set -u
  umask 022
  WORK=$(mktemp -d) || exit 1
  trap 'rm -rf "$WORK"' EXIT
  trap 'exit 130' INT TERM HUP
  read_options "$@"
  [ "$MODE" = leave ] || [ -z "$DCE_REFUSAL" ] || die "$DCE_REFUSAL"
  look_at_engine
  if [ "$MODE" = leave ]; then
    [ "$(id -u)" -eq 0 ] || die 'Leaving needs root: run the line with sudo.'
    leave
    return
  fi
  preflight
  [ "$FAILS" -eq 0 ] || die "$FAILS of these must be put right before this host can join. Nothing was changed."
  case $MODE in
    check) say 'This host can join.' ;;
    dry-run) describe ;;
    *) if is_in; then say "Nothing to do: $HOST_NAME has joined already. It is at $(checked page)"; else join; fi ;;
  esac
}

is_in() { [ "$(checked is_joined)" = yes ] && [ "$(agent_state)" = true ]; }

main "$@"
