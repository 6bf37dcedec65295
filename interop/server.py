"""Our server as a process, as a user runs it."""
import os
import signal
import socket
import subprocess
import time
import urllib.request

import tritonclient.grpc as triton

HOME = os.path.normpath(os.path.join(os.path.dirname(__file__), "..", "target", "nereid"))
COMMAND = os.path.join(HOME, "bin", "nereid")
READY_SECONDS = 120
STOP_SECONDS = 40


class Server:
    """Ready when entered, ended when left; its log is printed when a test fails."""

    def __init__(self, repository, log, *flags):
        self.log = log
        self.grpc_port, self.metrics_port = free_ports(2)
        self.url = f"127.0.0.1:{self.grpc_port}"
        self.metrics_url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        self.arguments = [
            COMMAND,
            "serve",
            f"--model-repository={repository}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self.grpc_port}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={self.metrics_port}",
            *flags,
        ]
        self.process = None
        self.asked_to_stop = False

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self.await_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        return self

    def __exit__(self, *failure):
        self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def ask_to_stop(self):
        """Sends SIGTERM, once: a second one would end the server at once."""
        if not self.asked_to_stop and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.asked_to_stop = True

    def await_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        with triton.InferenceServerClient(self.url) as client:
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.read_log()}")
                try:
                    if client.is_server_ready(client_timeout=1):
                        return
                except triton.InferenceServerException:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"the server was not ready after {READY_SECONDS} s:\n{self.read_log()}")

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def metrics(self):
        with urllib.request.urlopen(self.metrics_url, timeout=10) as page:
            return page.read().decode()

    def metric(self, name, **labels):
        """A metric's value, found by name and by some of its labels."""
        for line in self.metrics().splitlines():
            if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name} with {labels}")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
