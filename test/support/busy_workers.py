"""Invokes a worker whose reader of logs gets little of the machine. Prints how many of its invocations got all their lines.

Run by worker-logs.test.ts: python busy_workers.py <folder of worker_logs.py> <invocations>
"""

import queue
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from worker_logs import collect_all  # noqa: E402

LINES = 20

CHILD = f"""
import sys
for asked in sys.stdin:
    for line in range({LINES}):
        sys.stderr.write(f"{{asked.strip()}} {{line}}\\n")
    sys.stderr.flush()
    print("answer", flush=True)
"""


class Worker:
    """As MiniStack 1.5.33 has it, as far as its logs go."""

    def __init__(self):
        self._proc = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._stderr_queue = queue.Queue()
        self._stderr_thread = threading.Thread(target=self._read_stderr, daemon=True)
        self._stderr_thread.start()

    def _read_stderr(self):
        for line in self._proc.stderr:
            self._stderr_queue.put(line.rstrip("\n"))
            # What a busy machine does to a thread.
            time.sleep(0.02)

    def _drain_stderr(self):
        lines = []
        while not self._stderr_queue.empty():
            lines.append(self._stderr_queue.get_nowait())
        return "\n".join(lines)

    def _drain_stderr_bounded(self):
        time.sleep(0.05)
        return self._drain_stderr()

    def invoke(self, name):
        self._proc.stdin.write(f"{name}\n")
        self._proc.stdin.flush()
        self._proc.stdout.readline()
        return self._drain_stderr_bounded().splitlines()

    def end(self):
        self._proc.stdin.close()
        self._proc.wait()
        # As when another takes its place.
        self._proc = None
        return self._drain_stderr_bounded().splitlines()


if sys.argv[3:] != ["--as-it-is"]:
    collect_all(Worker)
worker = Worker()
whole = sum(
    worker.invoke(f"call-{call}") == [f"call-{call} {line}" for line in range(LINES)]
    for call in range(int(sys.argv[2]))
)
left = worker.end()
# A thread that has nothing to read any more must not go round and round.
worker._stderr_thread.join(5)
print(f"{whole} whole, {len(left)} lines left, {'reads on' if worker._stderr_thread.is_alive() else 'ended'}")
