"""Gives each invocation of a function all that it has logged.

MiniStack reads what a worker logs in a thread of its own, and after the answer waits a few milliseconds for it. On a busy
machine that is too short: the last line, which holds the metrics, is then told with the next invocation of the same
worker, or never. A worker writes all its lines before its answer, so what is in the pipe then is all there is.
"""

import fcntl
import os
import select
import termios
import threading

# How long the last lines of a worker that was ended may take.
GONE_SECONDS = 1


def collect_all(worker_class):
    """Has the workers of a class read their logs so. A class that reads them otherwise is left alone."""
    names = ("_read_stderr", "_drain_stderr", "_drain_stderr_bounded")
    if not all(hasattr(worker_class, name) for name in names):
        return

    def read_stderr(self):
        pipe, lines = self._proc.stderr, self._stderr_queue
        there = select.poll()
        there.register(pipe, select.POLLIN)
        try:
            while True:
                # Waits without taking anything: what is taken is in the queue before the lock goes.
                [(_, event)] = there.poll()
                with _lock_of(pipe):
                    if _waiting(pipe) > 0:
                        _take(pipe, lines)
                    elif event & (select.POLLHUP | select.POLLERR | select.POLLNVAL):
                        # Nothing is there, and nothing comes any more.
                        return
        except (OSError, ValueError):
            # The worker is gone, and its pipe with it.
            pass

    def drain(self, *args, **options):
        if self._proc is None:
            # It was ended: its last lines are on their way to the queue.
            self._stderr_thread.join(GONE_SECONDS)
        elif self._proc.stderr is None:
            return bounded(self, *args, **options)
        else:
            pipe = self._proc.stderr
            with _lock_of(pipe):
                while _waiting(pipe) > 0:
                    _take(pipe, self._stderr_queue)
        return self._drain_stderr()

    bounded = worker_class._drain_stderr_bounded
    worker_class._read_stderr = read_stderr
    worker_class._drain_stderr_bounded = drain


_making = threading.Lock()


def _lock_of(pipe):
    with _making:
        if not hasattr(pipe, "logs_lock"):
            pipe.logs_lock = threading.Lock()
            pipe.logs_rest = b""
        return pipe.logs_lock


def _waiting(pipe):
    """Bytes that are in the pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), "little")


def _take(pipe, queue):
    """Takes what there is into the queue, by lines."""
    *lines, pipe.logs_rest = (pipe.logs_rest + os.read(pipe.fileno(), 65_536)).split(b"\n")
    for line in lines:
        queue.put(line.decode("utf-8", "replace"))
