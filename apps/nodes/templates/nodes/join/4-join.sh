# --- Joining -------------------------------------------------------------------------------------

join() {
  ask /claim "$(host_lines)"
  CLAIMED=yes
  SERVER_NAME=$(field name)
  IMAGE=$(field image)
  tell preflight 'done' "$WARNINGS warnings"
  keep_script
  trust_registry
  pull_image
  get_certificate
  enter_swarm
  start_agent
  await_answer
}

keep_script() { # so that leaving needs no line from the page
  mkdir -p "$KEPT" && chmod 700 "$KEPT"
  request '' >"$WORK/script" && grep -q '^main "\$@"$' "$WORK/script" || return 0
  (umask 077 && cp "$WORK/script" "$KEPT/join")
}

trust_registry() {
  begin registry "Trusting the portal's registry $DCE_REGISTRY"
  request /ca >"$WORK/ca" || die 'The portal did not hand out its CA. Run the line again.'
  if grep -q '^-----BEGIN CERTIFICATE-----' "$WORK/ca"; then
    mkdir -p "$CERTIFICATES/$DCE_REGISTRY"
    cmp -s "$WORK/ca" "$CERTIFICATES/$DCE_REGISTRY/ca.crt" || cp "$WORK/ca" "$CERTIFICATES/$DCE_REGISTRY/ca.crt"
  fi
  finish
}

pull_image() {
  begin image "Pulling $IMAGE"
  docker pull -q "$IMAGE" >/dev/null 2>"$WORK/error" ||
    die "The engine could not pull $IMAGE: $(sed -n '$p' "$WORK/error")"
  finish
}

in_volume() { # verb and its arguments, with the agent's volume
  docker run --rm -i --network none -v "$VOLUME:/etc/dce" "$IMAGE" "$@"
}

get_certificate() {
  begin certificate 'Making a key here and having its certificate signed'
  in_volume csr --name "$SERVER_NAME" </dev/null >"$WORK/csr" 2>"$WORK/error" ||
    die "The agent's image could not make a key: $(sed -n '$p' "$WORK/error")"
  { printf 'machine=%s\n\n' "$MACHINE" && cat "$WORK/csr"; } >"$WORK/body"
  ask_file /certificate
  [ -z "$(field error)" ] || die "$(field error)"
  printf '%s\n' "$ANSWER" | in_volume install >/dev/null 2>"$WORK/error" ||
    die "The certificate could not be installed: $(sed -n '$p' "$WORK/error")"
  finish
}

enter_swarm() {
  begin swarm 'Entering the Swarm'
  look_at_swarm
  since=$(date +%s)
  while :; do
    ask /swarm "$(host_lines)"
    [ "$(field action)" = wait ] || break
    [ $(($(date +%s) - since)) -lt "$WAIT_S" ] ||
      die 'Another host of this token is to make the Swarm and has not. Run the line there first, then here again.'
    sleep 3
  done
  case $(field action) in
    init) found_swarm ;;
    join) join_swarm ;;
    none) say '    it is in already' ;;
    *) die 'The portal gave no order that this script knows. Copy a new line from Add nodes.' ;;
  esac
  finish "$(field action)"
}

found_swarm() {
  say "    as the first manager of a new one, at $ADDRESS"
  docker swarm init --advertise-addr "$ADDRESS" --availability "$(field availability)" >/dev/null 2>"$WORK/error" ||
    die "docker swarm init failed: $(sed -n '$p' "$WORK/error")"
}

join_swarm() {
  say "    as a $ROLE, at $ADDRESS"
  for manager in $(field managers); do
    docker swarm join --advertise-addr "$ADDRESS" --availability "$(field availability)" \
      --token "$(field swarm_token)" "$manager" >/dev/null 2>"$WORK/error" && return 0
    # It goes on in the background when a manager is slow to answer.
    await_member && return 0
  done
  die "docker swarm join failed: $(sed -n '$p' "$WORK/error")"
}

await_member() {
  tries=0
  while [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = pending ] && [ "$tries" -lt 30 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  [ "$(docker info --format '{{.Swarm.LocalNodeState}}')" = active ]
}

agent_state() { docker inspect --type container --format '{{.State.Running}}' "$AGENT" 2>/dev/null; }

start_agent() {
  begin agent 'Starting the agent'
  # One that was here before may bear another certificate: it is replaced, its volume stays.
  docker rm -f "$AGENT" >/dev/null 2>&1 || true
  docker run -d --name "$AGENT" --restart unless-stopped --network host --pid host \
    --security-opt label=disable --label io.dce.role=agent \
    -v "$SOCKET:/var/run/docker.sock" -v "$VOLUME:/etc/dce" -v /:/host:ro,rslave \
    "$IMAGE" >/dev/null 2>"$WORK/error" ||
    die "The agent did not start: $(sed -n '$p' "$WORK/error")"
  finish
}

await_answer() {
  begin answer 'Waiting until the portal has heard the agent'
  since=$(date +%s)
  until ask /result "machine=$MACHINE" && [ "$(field is_done)" = yes ]; do
    [ $(($(date +%s) - since)) -lt "$WAIT_S" ] ||
      die "The portal has not heard the agent within $WAIT_S s: $(field awaited) Look at: docker logs $AGENT"
    sleep 2
  done
  say "Joined. $HOST_NAME is at $(field page)"
  [ ! -f "$KEPT/join" ] || say "To undo all of this: sudo sh $KEPT/join --leave"
}

describe() { # what would be done
  say 'What this line would do here:'
  say "  1. write the registry's CA to $CERTIFICATES/$DCE_REGISTRY/ca.crt"
  say "  2. docker pull $IMAGE"
  say "  3. make a key in the volume $VOLUME and have its certificate signed by the portal"
  case $ACTION in
    init) say "  4. docker swarm init --advertise-addr $ADDRESS" ;;
    join) say "  4. docker swarm join --advertise-addr $ADDRESS, as a $ROLE" ;;
    *) say '  4. leave the Swarm membership as it is' ;;
  esac
  say "  5. start the container $AGENT, which listens on $AGENT_PORT for the portal alone"
}
