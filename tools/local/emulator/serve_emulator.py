"""Serves MiniStack on a Unix socket of this user alone, where its own command takes an address and a port.

A web page can reach every port of this machine, and MiniStack answers every page. It cannot reach a socket in a folder.
Run by emulator.ts: python serve_emulator.py <socket>
"""

import asyncio
import os
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import lambda_runtime
from ministack.services import cloudwatch

# Nothing is written beside our sources. MiniStack's, which it imports when they are asked for, are compiled once.
sys.dont_write_bytecode = True
from worker_logs import collect_all  # noqa: E402

sys.dont_write_bytecode = False
collect_all(lambda_runtime.Worker)
# Whoever started it judges the alarms (alarm-evaluation.ts). Its own verdicts, at each put, would be seen until they are set back.
if hasattr(cloudwatch, "_evaluate_all_alarms"):
    cloudwatch._evaluate_all_alarms = lambda: None
config = Config()
config.bind = [f"unix:{sys.argv[1]}"]
config.umask = 0o077
# As MiniStack's own command has them.
config.keep_alive_timeout = 75
config.loglevel = os.environ.get("LOG_LEVEL", "INFO").upper()
asyncio.run(serve(app, config))
