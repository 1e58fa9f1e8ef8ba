# --- What this host is ---------------------------------------------------------------------------

look_at_engine() {
  # DOCKER_HOST or its default names the socket that the agent will be given.
  case ${DOCKER_HOST:-} in
    '') SOCKET=/var/run/docker.sock ;;
    unix://*) SOCKET=${DOCKER_HOST#unix://} ;;
    *) die 'DOCKER_HOST names an engine elsewhere. Run this line on the host that is to join, with its own socket.' ;;
  esac
  command -v docker >/dev/null 2>&1 ||
    die 'There is no docker command here. Install Docker Engine 20.10 or later, then run the line again.'
  ENGINE=$(docker info --format '{{.ID}}' 2>"$WORK/error") ||
    die "Docker does not answer: $(sed -n 1p "$WORK/error"). Start it (systemctl start docker), and run this line as root."
  HOST_NAME=$(docker info --format '{{.Name}}')
  MACHINE=$(machine_id).$(printf '%s' "$ENGINE" | tr -d ':')
  look_at_swarm
}

machine_id() {
  for place in /etc/machine-id /var/lib/dbus/machine-id; do
    if [ -s "$place" ]; then
      sed -n 1p "$place" | cut -c 1-32
      return
    fi
  done
  echo unnamed
}

look_at_swarm() {
  SWARM_STATE=$(docker info --format '{{.Swarm.LocalNodeState}}')
  SWARM_NODE=$(docker info --format '{{.Swarm.NodeID}}')
  SWARM_MANAGER=$(docker info --format '{{.Swarm.ControlAvailable}}')
  SWARM_CLUSTER=$(docker info --format '{{with .Swarm.Cluster}}{{.ID}}{{end}}')
  SWARM_MANAGERS=$(docker info --format '{{range .Swarm.RemoteManagers}}{{.Addr}} {{end}}')
}

host_lines() {
  printf '%s\n' "machine=$MACHINE" "engine=$ENGINE" "hostname=$HOST_NAME" "address=$ADDRESS" \
    "swarm_state=$SWARM_STATE" "swarm_node=$SWARM_NODE" "swarm_manager=$SWARM_MANAGER" \
    "swarm_cluster=$SWARM_CLUSTER" "swarm_managers=$SWARM_MANAGERS" "own_address=$(own_address)"
}

own_address() { # what a route to the outside would use, where the tools to tell are here
  ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p' | sed -n 1p
}

is_behind_bridge() { # address: of this host towards containers, where the portal runs in one
  ip -4 -o addr show docker0 2>/dev/null | grep -q " $1/"
}
