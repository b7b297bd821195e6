# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real Slurm with six nodes on this one machine, for the tests of the batch scripts; read with `.`.
#
#   cluster_lacks         prints why it cannot run here, or nothing
#   cluster_start FOLDER  starts it in a new folder, whose path is short, for there are sockets in it
#   cluster_stop          ends all of it and removes the folder
#   cluster_kill_node N   a node is gone at once, with all that ran on it
#   cluster_start_node N  it is back
#   cluster_wait JOB      waits until the job has left the queue; prints its state and exit code, e.g. COMPLETED 0:0
#
# It touches nothing of the system: own configuration, ports, key and state. Each node is a slurmd in namespaces of its
# own, so that it has its own host name, by which Open MPI tells nodes apart, its own /dev/shm and its own processes.

cluster_nodes=6
cluster_cpus=24 # each node claims to have; more than the machine has is fine
export PATH=$PATH:/usr/sbin:/sbin

cluster_lacks() {
  local tool
  [ "$(id -u)" = 0 ] || { echo "it takes root"; return; }
  for tool in slurmctld slurmd srun munged; do
    command -v "$tool" >/dev/null || { echo "there is no $tool (Debian packages slurm-wlm munge)"; return; }
  done
  unshare --uts --mount --pid --fork --mount-proc true 2>/dev/null || echo "namespaces are not allowed here"
}

# Prints a TCP port that no socket of this machine has, nor the nine above it.
cluster_port() {
  local port pattern
  while :; do
    port=$((20000 + RANDOM % 1200 * 10))
    pattern=$(printf ':%04X |' $(seq "$port" $((port + 9))))
    grep -qsE "${pattern%|}" /proc/net/tcp /proc/net/tcp6 || break
  done
  echo "$port"
}

cluster_configure() {
  local port
  port=$(cluster_port)
  # Open MPI names its shared memory after the job number, so two clusters must not share numbers: FirstJobId.
  # A requeued job waits for cred_expire, by default two minutes.
  # PMIx makes folders in TmpFS, which must differ between nodes.
  cat >"$SLURM_CONF" <<CONF
ClusterName=crowtest
SlurmUser=root
SlurmdUser=root
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmctldPidFile=$cluster/slurmctld.id
StateSaveLocation=$cluster/state
CommunicationParameters=NoCtldInAddrAny
AuthInfo=socket=$cluster/munge.sock,cred_expire=10
FirstJobId=$((port * 50))
SlurmdPidFile=$cluster/slurmd.%n.id
SlurmdSpoolDir=$cluster/%n
SlurmdParameters=config_overrides
TmpFS=$cluster/%n/tmp
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$cluster/task-prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0
MailProg=/bin/true
JobRequeue=1
KillWait=5
MinJobAge=3600
SlurmdTimeout=30
ReturnToService=1
NodeName=n[1-$cluster_nodes] NodeHostname=localhost NodeAddr=127.0.0.1 \
Port=[$((port + 1))-$((port + cluster_nodes))] CPUs=$cluster_cpus CoresPerSocket=$cluster_cpus RealMemory=1000000
PartitionName=test Nodes=ALL Default=YES
CONF
  # Debian's Open MPI speaks PMIx with srun, which is not Slurm's default.
  if srun --mpi=list 2>&1 | grep -qw pmix; then echo MpiDefault=pmix >>"$SLURM_CONF"; fi
  # What every task gets, whatever the job exports.
  cat >"$cluster/task-prolog" <<PROLOG
#!/bin/sh
echo export SLURM_CONF=$SLURM_CONF
echo export OMPI_ALLOW_RUN_AS_ROOT=1
echo export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
echo export OMPI_MCA_mpi_yield_when_idle=1
echo export OMPI_MCA_orte_tmpdir_base=$cluster/\$SLURMD_NODENAME/tmp
PROLOG
  chmod 755 "$cluster/task-prolog"
  (umask 077 && mkdir "$cluster/state" && head -c 1024 /dev/urandom >"$cluster/munge.key")
}

# cluster_daemon NAME COMMAND...: a daemon in the foreground of its own, with nothing of the caller's environment or
# output, that dies with the script that started it. Its process number is left in $cluster/NAME.pid.
cluster_daemon() {
  local name=$1
  shift
  env -i PATH="$PATH" setpriv --pdeathsig KILL "$@" </dev/null >>"$cluster/$name.log" 2>&1 &
  echo $! >"$cluster/$name.pid"
}

# A node is the first process of a PID namespace: with it all that runs on the node is gone, as when its power fails.
cluster_start_node() {
  # Nothing is left of what ran there: PMIx starts no step for which it finds an old folder.
  rm -rf "$cluster/n$1"
  mkdir -p "$cluster/n$1/tmp"
  # shellcheck disable=SC2016 # the inner shell's arguments
  cluster_daemon "n$1" unshare --uts --mount --pid --fork --kill-child=KILL --mount-proc --propagation slave sh -c \
    'mount -t tmpfs tmpfs /dev/shm && hostname "$1" && exec slurmd -D -f "$2" -N "$1"' sh "n$1" "$SLURM_CONF"
}

# The power fails.
cluster_kill_node() {
  kill -KILL "$(cat "$cluster/n$1.pid")" || return
  { wait "$(cat "$cluster/n$1.pid")"; } 2>/dev/null || true
}

cluster_start() {
  local node end=$((SECONDS + 60)) states
  cluster=$1
  mkdir "$cluster" || return 1
  export SLURM_CONF=$cluster/slurm.conf
  cluster_configure
  cluster_daemon munged munged --foreground --force --socket="$cluster/munge.sock" --key-file="$cluster/munge.key" \
    --pid-file="$cluster/munged.id" --log-file="$cluster/munge.log" --seed-file="$cluster/munged.seed"
  until [ -S "$cluster/munge.sock" ] || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
  cluster_daemon slurmctld slurmctld -D -c -f "$SLURM_CONF"
  for ((node = 1; node <= cluster_nodes; node++)); do cluster_start_node "$node"; done
  until states=$(timeout 10 sinfo -h -o %t 2>/dev/null) && [ "$states" = idle ]; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "the nodes do not respond: $states" >&2
      tail -n 5 "$cluster"/*.log >&2
      return 1
    fi
    sleep 0.2
  done
}

cluster_stop() {
  local file
  [ -n "${cluster-}" ] && [ -d "$cluster" ] || return 0
  for file in "$cluster"/*.pid; do kill -KILL "$(cat "$file")"; done 2>/dev/null
  { wait; } 2>/dev/null
  rm -rf "$cluster"
}

cluster_wait() {
  local end=$((SECONDS + ${2:-300})) text state
  while :; do
    text=$(timeout 10 scontrol show job "$1" 2>/dev/null)
    state=$(sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' <<<"$text")
    case $state in
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | "") ;;
    *) break ;;
    esac
    if [ "$SECONDS" -ge "$end" ]; then
      state="still ${state:-unknown}"
      break
    fi
    sleep 0.5
  done
  echo "$state $(sed -n 's/.* ExitCode=\([0-9:]*\).*/\1/p' <<<"$text")"
}
