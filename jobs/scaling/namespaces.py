#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One rank in each of two network namespaces, over TCP, and the same runs simulated; by hand, as root:

    CC=smpicc cmake -S . -B build-smpi -DCROW_SMPI=ON -DCROW_TESTS=OFF -DCROW_PLOTS=OFF && cmake --build build-smpi
    jobs/scaling/namespaces.py build/crow build-smpi/crow --folder spaces

Needs iproute2 (ip netns, veth), util-linux (unshare) and what simulate.py needs. Two namespaces with host names of their own
are joined by a veth pair; Open MPI starts its daemon in the other one through an agent in the place of ssh, and is told to
use TCP alone. `crow bench` measures latency and rate of the allreduce there: they become the link between the two hosts of
the simulated platform. Then weights, complete preferences and pairs are run on the two ranks and held against their
simulation, which is charged the work rates of one rank. The namespaces are removed at the end.
"""
import argparse
import json
import os
import subprocess

import simulate

KINDS = ("weights", "complete", "pairs")
A, B = "crow-a", "crow-b"
ADDRESS = {A: "10.77.0.1", B: "10.77.0.2"}
PLATFORM = """<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <zone id="all" routing="Full">
    <host id="node-0" speed="1Gf"/>
    <host id="node-1" speed="1Gf"/>
    <link id="veth" bandwidth="%.9gBps" latency="%.9gs" sharing_policy="SPLITDUPLEX"/>
    <route src="node-0" dst="node-1" symmetrical="NO"><link_ctn id="veth" direction="UP"/></route>
    <route src="node-1" dst="node-0" symmetrical="NO"><link_ctn id="veth" direction="DOWN"/></route>
  </zone>
</platform>
"""
# The link is what was measured, without the factors of another network.
SETTINGS = [*simulate.SETTINGS, "--cfg=smpi/lat-factor:0:1", "--cfg=smpi/bw-factor:0:1", "--cfg=network/weight-S:0"]


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def join_namespaces():
    for name in (A, B):
        ip("netns", "add", name)
    ip("link", "add", "crow-veth-a", "type", "veth", "peer", "name", "crow-veth-b")
    for name, link in ((A, "crow-veth-a"), (B, "crow-veth-b")):
        ip("link", "set", link, "netns", name)
        ip("-n", name, "addr", "add", ADDRESS[name] + "/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")
        ip("-n", name, "link", "set", "lo", "up")


def write_agent(folder):
    path = os.path.join(os.path.abspath(folder), "agent")
    with open(path, "w") as file:
        file.write("#!/bin/sh\n# agent HOST COMMAND...: in the other namespace, with a host name of its own\nshift\n"
                   "exec ip netns exec %s unshare --uts sh -c \"hostname %s; $*\"\n" % (B, B))
    os.chmod(path, 0o755)
    return path


def launcher(agent):
    """One rank in each namespace, on a core of its own."""
    mpirun = ["mpirun", "--allow-run-as-root", "--mca", "plm_rsh_agent", agent, "--mca", "plm_rsh_no_tree_spawn", "1",
              "--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "10.77.0.0/24",
              "--mca", "oob_tcp_if_include", "10.77.0.0/24", "--mca", "mpi_yield_when_idle", "0", "--bind-to", "none",
              "-H", "%s:1,%s:1" % (ADDRESS[A], ADDRESS[B]), "-n", "2",
              "sh", "-c", "exec nice -n -20 taskset -c $OMPI_COMM_WORLD_RANK \"$@\"", "sh"]
    return ["ip", "netns", "exec", A, "unshare", "--uts", "sh", "-c", "hostname %s; exec \"$@\"" % A, "sh", *mpirun]


def run_real(options, launch, kind, ranks, at):
    out = os.path.join(os.path.abspath(options.folder), "%s-%d-run-%d.json" % (kind, ranks, at))
    if not os.path.exists(out):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OMPI_MCA_")}
        subprocess.run([*launch, options.real, "bench", *simulate.REAL[kind](ranks), "--repetitions", "3", "--warm-up", "1",
                        "--machine-seconds", "1", "--quiet", "--json", out], check=True,
                       stdin=subprocess.DEVNULL, env={**environment, **simulate.ENVIRONMENT, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                                                      "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
    with open(out) as file:
        found = json.load(file)["benchmarks"]
    assert all(b["valid"] for b in found)
    return found[0]["figures"], found[1]["figures"]


def simulate_on(options, kind, rates, link):
    out = os.path.join(os.path.abspath(options.folder), "simulated-%s.json" % kind)
    platform, hosts = (os.path.join(os.path.abspath(options.folder), name) for name in ("platform.xml", "hosts"))
    with open(platform, "w") as file:
        file.write(PLATFORM % (link["rate"], link["latency"]))
    with open(hosts, "w") as file:
        file.write("node-0\nnode-1\n")
    subprocess.run(["smpirun", "-np", "2", "-platform", platform, "-hostfile", hosts, *SETTINGS, options.simulated, "bench",
                    *simulate.REAL[kind](2), *simulate.charges(**rates[kind]), "--repetitions", "1", "--warm-up", "0", "--quiet",
                    "--json", out], check=True, env={**os.environ, **simulate.ENVIRONMENT})
    with open(out) as file:
        found = json.load(file)["benchmarks"]
    return found[0]["figures"], found[1]["figures"]


def main():
    parser = argparse.ArgumentParser(description="Two ranks in two network namespaces, and their simulation.")
    parser.add_argument("real", help="crow, as usually built")
    parser.add_argument("simulated", help="crow, built with CROW_SMPI")
    parser.add_argument("--folder", default="spaces")
    parser.add_argument("--real-only", action="store_true", help="stop after the real runs")
    parser.add_argument("--runs", type=int, default=3, help="the fastest counts")
    options = parser.parse_args()
    options.real, options.simulated = os.path.abspath(options.real), os.path.abspath(options.simulated)
    os.makedirs(options.folder, exist_ok=True)
    machines, time, rates, alone = [], {}, {}, {}
    try:
        join_namespaces()
        launch = launcher(write_agent(options.folder))
        for kind in KINDS:
            runs = [run_real(options, ["nice", "-n", "-20"], kind, 1, at)[1] for at in range(options.runs)]
            best = min(runs, key=lambda figures: figures["time"]["least"])
            rates[kind], alone[kind] = simulate.rates_of(best), best["time"]["least"]
            pairs = [run_real(options, launch, kind, 2, at) for at in range(options.runs)]
            machines += [machine for machine, _ in pairs]
            time[kind] = sorted(figures["time"]["least"] for _, figures in pairs)
    finally:
        for name in (A, B):
            subprocess.run(["ip", "netns", "del", name], check=False)
    link = {"latency": 1e-6 * min(m["allreduce_latency"]["median"] for m in machines),
            "rate": 1e9 * max(m["allreduce_rate"]["median"] for m in machines)}
    print("allreduce over TCP: %.3g us, %.3g GB/s (the best of %d runs)" % (1e6 * link["latency"], link["rate"] / 1e9, len(machines)))
    if options.real_only:
        for kind in KINDS:
            print("%s: 1 rank %.4g s, 2 ranks %s s" % (kind, alone[kind], ", ".join("%.4g" % t for t in time[kind])))
        return
    print("| problem | 1 rank, s | 2 ranks over TCP, s: least [all] | simulated, s | error |\n|---|---|---|---|---|")
    for kind in KINDS:
        machine, found = simulate_on(options, kind, rates, link)
        seconds = found["time"]["median"]
        print("| %s | %.4g | %.4g [%s] | %.4g | %+.1f %% |" % (
            kind, alone[kind], time[kind][0], ", ".join("%.4g" % t for t in time[kind]), seconds,
            100 * (seconds / time[kind][0] - 1)), flush=True)
    print("simulated allreduce: %.3g us, %.3g GB/s" % (machine["allreduce_latency"]["median"], machine["allreduce_rate"]["median"]))


if __name__ == "__main__":
    main()
