"""Which process a run is: tags that say so, set before the run waits for anything.

Read by whoever looks for runs whose process was killed.
"""

import os
import socket

import psutil

# Tags are copied to retries: those of another run's process say nothing about this one.
RUN_TAG = "eur/run"
HOST_TAG = "eur/host"
PID_TAG = "eur/pid"
PROCESS_STARTED_TAG = "eur/process_started"


def process_tags(run_id: str) -> dict[str, str]:
    """What identifies a run's process on its host, even when its number was given to another."""
    return {
        RUN_TAG: run_id,
        HOST_TAG: socket.gethostname(),
        PID_TAG: str(os.getpid()),
        PROCESS_STARTED_TAG: str(psutil.Process().create_time()),
    }
