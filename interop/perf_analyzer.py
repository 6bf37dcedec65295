"""NVIDIA's load generator as a process."""
import csv
import os
import subprocess

TOOLS = os.path.join(os.path.dirname(__file__), ".venv", "perf_analyzer")
TIMEOUT_SECONDS = 240


def run(server, table, *arguments):
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
