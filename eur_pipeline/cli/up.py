"""`eur up`: the Dagster UI and daemon on one project."""

import os
import signal
import socket
import time
from contextlib import ExitStack
from typing import Annotated

import typer

from eur_pipeline.cli.console import ProjectDir, errors, out, project_in
from eur_pipeline.demo import demo_server, is_demo
from eur_pipeline.errors import OrchestratorError, PermanentError
from eur_pipeline.orchestrator import UI_HOST, Process, fail_killed_runs, start_ui


def up(
    directory: ProjectDir = None,
    port: Annotated[int, typer.Option(help="The UI's port on 127.0.0.1.")] = 3000,
) -> None:
    """Serve the Dagster UI and run its daemon, until Ctrl-C.

    A second Ctrl-C ends them at once. In a demo project its SFTP server runs, too.
    """
    project = project_in(directory)
    with ExitStack() as stack:
        stack.enter_context(project.lock("up"))
        if _answers(port):
            raise PermanentError(
                f"port {port} of {UI_HOST} is in use; end the program that uses it, "
                f"or choose another with --port"
            )
        if is_demo(project):
            server = stack.enter_context(demo_server(project))
            out.print(f"SFTP server: {server.host}:{server.port}", highlight=False)
        with errors.status("Looking after runs that were killed"):
            fail_killed_runs(project)
        _serve(start_ui(project, port), port)


def _serve(dagster: Process, port: int) -> None:
    """Wait until somebody asks Dagster to stop; an OrchestratorError when it ends unasked."""
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        if len(asked) == 1:
            dagster.popen.send_signal(signal.SIGINT)
        else:
            # All of Dagster, or its webserver and daemon would live on.
            os.killpg(dagster.popen.pid, signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with errors.status("Starting Dagster"):
        while dagster.popen.poll() is None and not asked and not _answers(port):
            time.sleep(0.5)
    if dagster.popen.poll() is None and not asked:
        out.print(f"Dagster UI:  http://{UI_HOST}:{port}", highlight=False)
        out.print(f"Its log:     {dagster.log}", highlight=False, soft_wrap=True)
        out.print("Stop with Ctrl-C.")
    code = dagster.popen.wait()
    if not asked:
        raise OrchestratorError(
            f"Dagster ended with exit code {code}; its log is {dagster.log}, which ends:\n"
            + dagster.last_lines()
        )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((UI_HOST, port)) == 0
