# --- Preflight -----------------------------------------------------------------------------------

preflight() {
  say "Preflight of $HOST_NAME"
  check_root
  check_kernel
  check_cgroups
  check_engine
  check_storage
  ask_portal
  check_clock
  check_ports
  check_twins
  check_disk
  check_memory
  check_firewall
  check_modules
  check_names
  check_mtu
  say "  $FAILS failed, $WARNINGS warnings"
}

check_root() {
  if [ "$(id -u)" -eq 0 ]; then
    row ok root 'this script runs as root'
  else
    row FAIL root "this script runs as $(id -un)" 'Run the line with sudo.'
  fi
}

check_kernel() {
  release=$(uname -r)
  major=${release%%.*}
  rest=${release#*.}
  minor=${rest%%[!0-9]*}
  if [ "$major" -lt 3 ] || { [ "$major" -eq 3 ] && [ "${minor:-0}" -lt 10 ]; }; then
    row FAIL kernel "$release" 'Docker needs 3.10 or later: upgrade the system.'
  elif [ "$major" -lt 4 ]; then
    row warn kernel "$release" 'Overlay networks and limits work better from 4.x on.'
  else
    row ok kernel "$release"
  fi
}

check_cgroups() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    row ok cgroups 'version 2'
  elif [ -d /sys/fs/cgroup/memory ]; then
    row ok cgroups 'version 1'
  else
    row warn cgroups 'not found under /sys/fs/cgroup' 'The usage of containers will not be known.'
  fi
}

check_engine() {
  version=$(docker version --format '{{.Server.Version}}')
  api=$(docker version --format '{{.Server.APIVersion}}')
  if ! at_least "$api" 1.40; then
    row FAIL docker "$version, API $api" 'The portal needs API 1.40 (Docker 19.03) or later: upgrade Docker.'
  elif ! at_least "$version" 20.10; then
    row warn docker "$version, API $api" 'This version gets no fixes any more: plan an upgrade.'
  else
    row ok docker "$version, API $api"
  fi
}

at_least() { # version, least: of the first two numbers
  awk -v a="$1" -v b="$2" 'BEGIN { split(a, x, "."); split(b, y, ".");
    exit !(x[1] + 0 > y[1] + 0 || (x[1] + 0 == y[1] + 0 && x[2] + 0 >= y[2] + 0)) }'
}

check_storage() {
  driver=$(docker info --format '{{.Driver}}')
  case $driver in
    overlay2 | overlayfs | fuse-overlayfs | btrfs | zfs | stargz) row ok storage "$driver" ;;
    vfs) row warn storage "$driver" 'It copies every layer in full: use overlay2 where the file system allows it.' ;;
    *) row warn storage "$driver" 'This driver is deprecated: move to overlay2.' ;;
  esac
}

ask_portal() {
  # The portal takes the address that the request came from, unless one is named.
  ask_check
  if [ -z "$ADDRESS" ] && is_behind_bridge "$(field address)"; then
    ADDRESS=$(own_address)
    ask_check
  fi
  ADDRESS=$(field address)
  ACTION=$(field action)
  ROLE=$(field role)
  IMAGE=$(field image)
  CHECKED=$ANSWER
}

ask_check() {
  lines=$(host_lines)
  ASKED_S=$(date -u +%s)
  ask /check "$lines"
  ANSWERED_S=$(date -u +%s)
}

checked() { ANSWER=$CHECKED field "$1"; }

clock_skew() { # portal's time: by how much this clock is off at the least
  # The portal looked at its clock at some time between question and answer, which a slow host spreads.
  if [ "$1" -lt "$ASKED_S" ]; then
    echo $((ASKED_S - $1))
  elif [ "$1" -gt "$ANSWERED_S" ]; then
    echo $((ANSWERED_S - $1))
  else
    echo 0
  fi
}

check_clock() {
  skew=$(clock_skew "$(checked now_unix_s)")
  size=${skew#-}
  if [ "$size" -gt 300 ]; then
    row FAIL clock "$skew s off the portal's" 'Certificates would not be valid yet or any more: set the clock, best with chrony.'
  elif [ "$size" -gt 5 ]; then
    row warn clock "$skew s off the portal's" 'Times in charts and logs will not match: run chrony or systemd-timesyncd.'
  else
    row ok clock "$skew s off the portal's"
  fi
}

listens() { # port, tcp|udp: whether something here listens on it
  hex=$(printf '%04X' "$1")
  for family in "$2" "${2}6"; do
    awk -v port="$hex" -v proto="$2" 'NR > 1 { n = split($2, at, ":");
      if (at[n] == port && (proto == "udp" || $4 == "0A")) found = 1 } END { exit !found }' \
      "/proc/net/$family" 2>/dev/null && return 0
  done
  return 1
}

check_ports() {
  check_port 2377 tcp 'the Swarm'"'"'s managers'
  check_port 7946 tcp 'the Swarm'"'"'s gossip'
  check_port 4789 udp 'overlay networks'
  check_port "$AGENT_PORT" tcp 'the agent'
}

check_port() { # port, protocol, what for
  name="port $1"
  if listens "$1" "$2" && ! is_ours "$1"; then
    row FAIL "$name" "taken here; it is for $3" "See who has it (ss -lnp | grep :$1) and end that, then run the line again."
    return
  fi
  case $(checked "port_$1") in
    reached | answers) row ok "$name" "free or ours, and the portal gets through to it" ;;
    blocked) check_blocked "$name" "$1" ;;
    *) row ok "$name" "free or ours; not checked from the portal" ;;
  esac
}

check_blocked() { # row's name, port
  advice="Open $2/tcp to the portal and to the other nodes in this host's firewall."
  if [ "$2" = "$AGENT_PORT" ]; then
    row FAIL "$1" 'the portal does not get through to it' "$advice"
  else
    row warn "$1" 'the portal does not get through to it' "$advice"
  fi
}

is_ours() { # port: held by this host's part of a Swarm, or by the agent
  if [ "$1" = "$AGENT_PORT" ]; then
    [ "$(agent_state)" = true ]
  else
    [ "$SWARM_STATE" = active ]
  fi
}

check_twins() {
  if [ -n "$(checked duplicate_fatal)" ]; then
    row FAIL identity "$(checked duplicate_fatal)" 'Give this machine an engine ID of its own, then run the line again.'
  elif [ -n "$(checked duplicate)" ]; then
    row warn identity "$(checked duplicate)" 'Rename this host (hostnamectl set-hostname), or live with it.'
  else
    row ok identity "no other node has this engine's ID or the name $HOST_NAME"
  fi
}

check_disk() {
  root=$(docker info --format '{{.DockerRootDir}}')
  free_mib=$(df -Pk "$root" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
  if [ -z "$free_mib" ]; then
    row warn disk "$root cannot be looked at" ''
  elif [ "$free_mib" -lt 512 ]; then
    row FAIL disk "$free_mib MiB free in $root" 'The agent alone needs 200 MiB: make room (docker system prune).'
  elif [ "$free_mib" -lt 3072 ]; then
    row warn disk "$free_mib MiB free in $root" 'Images will fill this soon.'
  else
    row ok disk "$free_mib MiB free in $root"
  fi
}

check_memory() {
  total_mib=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  if [ "${total_mib:-0}" -lt 480 ]; then
    row warn memory "$total_mib MiB" 'The agent and the engine take about 200 MiB of it.'
  else
    row ok memory "$total_mib MiB"
  fi
}

check_firewall() {
  needed='2377/tcp and 7946/tcp+udp and 4789/udp between the nodes, 12376/tcp from the portal'
  if command -v firewall-cmd >/dev/null 2>&1 && firewall-cmd --state >/dev/null 2>&1; then
    row warn firewall 'firewalld is active' "Let through $needed."
  elif command -v ufw >/dev/null 2>&1 && ufw status 2>/dev/null | grep -q '^Status: active'; then
    row warn firewall 'ufw is active' "Let through $needed."
  elif [ -n "$(drop_policies)" ]; then
    row warn firewall "$(drop_policies)" "Let through $needed."
  else
    row ok firewall 'none that drops what comes in'
  fi
}

drop_policies() {
  if iptables -S INPUT 2>/dev/null | grep -q '^-P INPUT DROP'; then
    echo 'iptables drops what comes in'
  elif nft list ruleset 2>/dev/null | grep -q 'hook input .*policy drop'; then
    echo 'nftables drops what comes in'
  fi
}

check_modules() {
  if [ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ]; then
    row warn security 'SELinux enforces' "The agent needs the engine's socket: allow it (docker run --security-opt label=disable is used)."
  elif [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
    row ok security 'AppArmor, with which the agent works'
  else
    row ok security 'neither SELinux nor AppArmor'
  fi
}

check_names() {
  # The portal has answered by now, so that its name could be resolved here.
  row ok name "$DCE_REGISTRY answers; this host is $ADDRESS to the others"
}

check_mtu() {
  device=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route 2>/dev/null)
  mtu=$(cat "/sys/class/net/${device:-eth0}/mtu" 2>/dev/null)
  if [ -z "$mtu" ]; then
    row ok MTU 'not known; overlay networks take 50 bytes of it'
  elif [ "$mtu" -lt 1450 ]; then
    row warn MTU "$mtu on ${device:-eth0}" 'Make overlay networks with a smaller MTU (driver option com.docker.network.driver.mtu).'
  else
    row ok MTU "$mtu on ${device:-eth0}"
  fi
}
