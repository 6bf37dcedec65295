#!/usr/bin/env python3
"""Compares what servers spend on a request, in one run on one machine.

    compare_load.py NAME=PID@HOST:PORT [NAME=PID@HOST:PORT …] [--case MODEL:CONNECTIONSxSTREAMS …]
                    [--seconds 5] [--rounds 3] [--warmup 15] [--json FILE]

Each round takes every case on every server in turn, so that a drifting machine disturbs all of them
alike. A figure is the median of the rounds; a ratio is to the last server named. CPU time is the
server process's own, user and system, over the requests that its statistics say it answered. The
load is closed-loop (a stream sends its next request when the last was answered) by h2load, which
costs less than any client in Python: Debian's nghttp2-client. Needs tritonclient[grpc] from PyPI.

The servers must have the models: identity_small moves 64 bytes, identity_fp32
602,112, each way. Only loopback addresses are taken.
"""
import argparse
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

SHAPES = {"identity_small": [1, 16], "identity_small_batched": [1, 16], "identity_fp32": [1, 224, 224, 3]}
CASES = [
    "identity_small:1x1", "identity_small:1x8", "identity_small:8x8", "identity_small_batched:8x8",
    "identity_fp32:1x1", "identity_fp32:4x1", "identity_fp32:16x1",
]
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """One server under load: its process and its address."""

    def __init__(self, text):
        match = re.fullmatch(r"([^=]+)=(\d+)@((?:127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+)", text)
        if not match:
            sys.exit(f"server: {text} (expected: NAME=PID@HOST:PORT with a loopback address)")
        self.name, self.pid, self.address = match[1], int(match[2]), match[3]
        self.stub = service_pb2_grpc.GRPCInferenceServiceStub(grpc.insecure_channel(self.address))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024

    def counts(self, model):
        stats = self.stub.ModelStatistics(service_pb2.ModelStatisticsRequest(name=model)).model_stats[0]
        return stats.inference_stats.success.count, stats.execution_count, stats.inference_stats.fail.count


def body(model):
    """A length-prefixed gRPC message of one ModelInfer."""
    request = service_pb2.ModelInferRequest(model_name=model)
    request.inputs.add(name="INPUT0", datatype="FP32", shape=SHAPES[model])
    elements = 1
    for dimension in SHAPES[model]:
        elements *= dimension
    request.raw_input_contents.append(struct.pack("<f", 0.5) * elements)
    message = request.SerializeToString()
    return b"\0" + struct.pack(">I", len(message)) + message


def measure(server, case, seconds, folder):
    """One window of one case on one server."""
    model, load = case.split(":")
    connections, streams = load.split("x")
    path = os.path.join(folder, model)
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(body(model))
    success, executions, failures = server.counts(model)
    cpu, start = server.cpu_seconds(), time.monotonic()
    output = subprocess.run(
        ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", "-w24", "-W26", "-d", path,
         "-H", "content-type: application/grpc", "-H", "te: trailers",
         f"http://{server.address}/inference.GRPCInferenceService/ModelInfer"],
        capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    wall = time.monotonic() - start
    success1, executions1, failures1 = server.counts(model)
    answered = success1 - success
    # At the end h2load withdraws what is in flight: at most one a stream.
    if answered == 0 or failures1 - failures > int(connections) * int(streams):
        sys.exit(f"{server.name} {case}: {answered} answered, {failures1 - failures} failed\n{output[-600:]}")
    return {
        "server": server.name, "case": case, "requestsPerSecond": answered / wall,
        "cpuMicrosPerRequest": (server.cpu_seconds() - cpu) / answered * 1e6,
        "meanBatch": answered / max(1, executions1 - executions), "rssMib": server.rss_mib(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("servers", nargs="+", type=Server)
    parser.add_argument("--case", action="append", dest="cases")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warmup", type=int, default=15, help="seconds of each case on each server that do not count")
    parser.add_argument("--json")
    options = parser.parse_args()
    cases, samples = options.cases or CASES, []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:  # a JVM compiles its hot code meanwhile, which takes CPU time too
            for server in options.servers:
                measure(server, case, options.warmup, folder)
        for _ in range(options.rounds):
            for case in cases:
                for server in options.servers:
                    samples.append(measure(server, case, options.seconds, folder))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(samples, file, indent=1)
    median = {}
    for case in cases:
        for server in options.servers:
            of = [s for s in samples if s["case"] == case and s["server"] == server.name]
            median[case, server.name] = {
                key: statistics.median(s[key] for s in of)
                for key in ("requestsPerSecond", "cpuMicrosPerRequest", "meanBatch", "rssMib")}
            median[case, server.name]["cpu"] = sorted(s["cpuMicrosPerRequest"] for s in of)
    last = options.servers[-1].name
    print(f"{'case':30}{'server':12}{'req/s':>10}{'CPU µs':>9}{'min–max':>16}{'ratio':>7}{'batch':>7}{'RSS MiB':>9}")
    for case in cases:
        for server in options.servers:
            m = median[case, server.name]
            ratio = m["cpuMicrosPerRequest"] / median[case, last]["cpuMicrosPerRequest"]
            spread = f"{m['cpu'][0]:.0f}–{m['cpu'][-1]:.0f}"
            print(f"{case:30}{server.name:12}{m['requestsPerSecond']:10.0f}{m['cpuMicrosPerRequest']:9.1f}"
                  f"{spread:>16}{ratio:7.2f}{m['meanBatch']:7.1f}{m['rssMib']:9.0f}")


if __name__ == "__main__":
    main()
