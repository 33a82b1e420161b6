"""Runs a command and writes its wall time and peak memory to a file: `child.py REPORT COMMAND…`.

A process of its own and a small one: on Linux a child's peak memory begins at that of the process which
started it, so a benchmark that holds a large table must not start what it measures.
"""

import json
import os
import sys
import time

report, *command = sys.argv[1:]
started = time.monotonic()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.monotonic() - started
# Kilobytes on Linux, bytes on macOS.
peak_mb = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
with open(report, "w") as file:
    json.dump({"whole_s": seconds, "whole_mb": peak_mb}, file)
sys.exit(os.waitstatus_to_exitcode(status))
