"""`eur up`: the Dagster UI and daemon on one project."""

import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from typing import Annotated

import typer

from eur_pipeline.cli.console import ProjectDir, errors, out, project_in
from eur_pipeline.demo import demo_server, is_demo
from eur_pipeline.errors import OrchestratorError, PermanentError
from eur_pipeline.orchestrator import UI_HOST, dev_command, environment, fail_killed_runs


def up(
    directory: ProjectDir = None,
    port: Annotated[int, typer.Option(help="The UI's port on 127.0.0.1.")] = 3000,
) -> None:
    """Serve the Dagster UI and run its daemon, until Ctrl-C (twice: at once).

    In a demo project its SFTP server runs, too.
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
        code = _serve(dev_command(project, port), environment(project), port)
    if code != 0:
        raise OrchestratorError(f"Dagster ended with exit code {code}; its messages are above")


def _serve(command: list[str], env: dict[str, str], port: int) -> int:
    """Run Dagster in the foreground; 0 when it was us who asked it to stop."""
    # A session of its own: Ctrl-C reaches it through us, once, and not all its children at once.
    process = subprocess.Popen(command, env=env, start_new_session=True)
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        if len(asked) == 1:
            process.send_signal(signal.SIGINT)
        else:
            process.kill()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with errors.status("Starting Dagster"):
        while process.poll() is None and not asked and not _answers(port):
            time.sleep(0.5)
    if process.poll() is None and not asked:
        out.print(f"Dagster UI: http://{UI_HOST}:{port}  (stop with Ctrl-C)", highlight=False)
    code = process.wait()
    return 0 if asked else code


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((UI_HOST, port)) == 0
