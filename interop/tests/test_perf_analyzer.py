"""NVIDIA's load generator against our server."""
import csv
import os
import subprocess

import pytest

TOOLS = os.path.join(os.path.dirname(__file__), "..", ".venv", "perf_analyzer")
TIMEOUT_SECONDS = 240


def perf_analyzer(server, table, *arguments):
    """Runs it to its end and returns the table that it wrote."""
    done = subprocess.run(
        [
            os.path.join(TOOLS, "perf_analyzer"),
            *("-u", server.url, "-i", "grpc"),
            # Short windows, and content with any three of them: this is about getting through, not about figures.
            *("--measurement-interval", "1000", "--stability-percentage", "999", "--max-trials", "10"),
            *("-f", str(table)),
            *arguments,
        ],
        env={**os.environ, "LD_LIBRARY_PATH": TOOLS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    with open(table, encoding="utf-8") as file:
        return list(csv.DictReader(file)), done.stdout


@pytest.mark.parametrize("asynchronous", ["--sync", "--async"])
def test_a_concurrency_sweep_completes(server, tmp_path, asynchronous):
    rows, output = perf_analyzer(
        server,
        tmp_path / "table.csv",
        *("-m", "identity_fp32", "--shape", "INPUT0:16", "-b", "1"),
        *("--concurrency-range", "1:4:1", asynchronous),
    )
    assert [int(row["Concurrency"]) for row in sorted(rows, key=lambda row: int(row["Concurrency"]))] == [1, 2, 3, 4]
    assert all(float(row["Inferences/Second"]) > 0 for row in rows), output
    # The server's own account, which it reads from ModelStatistics.
    assert {"Server Queue", "Server Compute Infer"} <= rows[0].keys()


def test_a_run_at_given_rates_completes(server, tmp_path):
    rows, output = perf_analyzer(
        server,
        tmp_path / "table.csv",
        *("-m", "identity_image", "--request-rate-range", "20:60:20", "--request-distribution", "poisson", "--async"),
    )
    assert sorted(float(row["Request Rate"]) for row in rows) == [20, 40, 60], output
    assert all(float(row["Inferences/Second"]) > 0 for row in rows), output


def test_a_batched_model_of_two_inputs_completes(server, tmp_path):
    rows, output = perf_analyzer(
        server,
        tmp_path / "table.csv",
        *("-m", "add_and_subtract", "-b", "4", "--concurrency-range", "2", "--percentile=95"),
    )
    assert len(rows) == 1, output
    assert "p95 latency" in rows[0], output
