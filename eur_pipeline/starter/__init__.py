"""Makes new project directories from the commented files beside this module."""

import secrets
from importlib.resources import files
from pathlib import Path

from eur_pipeline.errors import PermanentError
from eur_pipeline.project import BODY_KEY_VARIABLE, Project
from eur_pipeline.storage import make_private_folder, open_private

STARTER_FILES = ("eur.yaml", "directory.csv", "tariff.csv", "known_hosts")
_STARTER_PASSWORDS = ("EUR_HEADQUARTERS_IM_PASSWORD",)


def create_starter(path: Path) -> Project:
    """A project to be filled in; raises PermanentError where a file of it is there already."""
    for name in (*STARTER_FILES, ".env"):
        if (path / name).exists():
            raise PermanentError(
                f"{path / name} is there already and would be overwritten; choose another folder"
            )
    return create_project(
        path,
        {name: files(__package__).joinpath(name).read_text("utf-8") for name in STARTER_FILES},
        dict.fromkeys(_STARTER_PASSWORDS, ""),
    )


def create_project(path: Path, texts: dict[str, str], passwords: dict[str, str]) -> Project:
    """A project with these files and secrets, and a new key for the body hashes."""
    project = Project(path.resolve())
    if project.config_path.exists():
        raise PermanentError(
            f"{project.config_path} is there already; a project is made in a folder without one"
        )
    project.path.mkdir(parents=True, exist_ok=True)
    make_private_folder(project.path / "data")
    _write_secrets(project, {BODY_KEY_VARIABLE: secrets.token_hex(32), **passwords})
    # eur.yaml last: a folder that has it is a whole project.
    for name, text in sorted(texts.items(), key=lambda item: item[0] == "eur.yaml"):
        (project.path / name).write_text(text, encoding="utf-8")
    return project


def _write_secrets(project: Project, values: dict[str, str]) -> None:
    path = project.path / ".env"
    with open_private(path) as file:
        file.write("".join(f"{name}={value}\n" for name, value in values.items()).encode())
