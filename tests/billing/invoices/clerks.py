"""Clerks in processes of their own: several at once, or one that is killed at a given step.

No step knows that it is counted: what is replaced are functions of the operating system.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eur_pipeline.billing.invoices.document import Document
from eur_pipeline.billing.invoices.drawing import ALL, Scope
from eur_pipeline.billing.invoices.filing import file, filing
from eur_pipeline.errors import EurError
from eur_pipeline.project import Project

from .months import MARCH, issue_month

# Forked from a process that has imported all of this, and has no threads.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])
_LONGEST_SECONDS = 120
KILLED = -signal.SIGKILL

Work = Callable[[Project], object]


def issue_march(project: Project, scope: Scope = ALL) -> object:
    """What most clerks do."""
    return issue_month(project, MARCH, scope=scope)


def file_documents(project: Project, documents: Sequence[Document]) -> object:
    """What of issuing concerns the files: all but building and drawing up."""
    with filing(project) as register:
        return file(register, documents)


def work_alone(project: Project, work: Work, last_step: int) -> int:
    """The exit code of a process that does this work, and is killed right after that step.

    Steps are those that concern the documents, counted from 1.
    """
    process = _processes.Process(target=_struck, args=(project.path, work, last_step))
    process.start()
    process.join(_LONGEST_SECONDS)
    assert process.exitcode is not None, "hung"
    return process.exitcode


def _struck(path: Path, work: Work, last_step: int) -> None:
    _count_steps(path / "data" / "invoices", last_step)
    work(Project(path))


def _count_steps(folder: Path, last_step: int) -> None:
    lock, steps = threading.Lock(), iter(range(1, 1 << 20))

    def counted(concerns: Callable[..., Path], take: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            if not concerns(*arguments).is_relative_to(folder):
                return take(*arguments)
            # One at a time, so that it is known what was done before the end.
            with lock:
                result = take(*arguments)
                if next(steps) == last_step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return result

        return step

    os.fsync = counted(lambda fd: Path(f"/proc/self/fd/{fd}").readlink(), os.fsync)
    os.replace = counted(lambda _, target: Path(target), os.replace)
    os.unlink = counted(lambda path: Path(path), os.unlink)


def work_at_once(project: Project, works: list[Work]) -> list[str]:
    """What came of each: the class of the error that was raised, or nothing."""
    barrier, results = _processes.Barrier(len(works)), _processes.Queue()
    processes = [
        _processes.Process(target=_together, args=(project.path, work, barrier, results))
        for work in works
    ]
    for process in processes:
        process.start()
    found: list[str] = [results.get(timeout=_LONGEST_SECONDS) for _ in processes]
    for process in processes:
        process.join(_LONGEST_SECONDS)
    return found


def _together(path: Path, work: Work, barrier: Any, results: Any) -> None:
    project = Project(path)
    barrier.wait(_LONGEST_SECONDS)
    try:
        work(project)
    except EurError as error:
        results.put(type(error).__name__)
    else:
        results.put("")
