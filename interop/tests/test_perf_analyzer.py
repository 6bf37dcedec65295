"""NVIDIA's load generator against our server."""
import pytest

from perf_analyzer import run as perf_analyzer


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
