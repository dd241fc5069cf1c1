"""Presence Services upload to the server they know, and nobody ever sees half an archive."""

import asyncio
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr, ValidationError

from eur_pipeline.errors import (
    HostKeyError,
    LoginRefusedError,
    RemoteFolderError,
    ServerUnreachableError,
)
from eur_pipeline.simulator.presence import PresenceServices
from eur_pipeline.simulator.sftp_server import SftpServer

AT = dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC)
MakeServices = Callable[..., PresenceServices]


def upload(services: PresenceServices, *, publish: bool = True) -> None:
    async def run() -> None:
        async with services.connect() as connection:
            await connection.stage("a.xml", b"content", AT)
            if publish:
                await connection.publish("a.xml")

    asyncio.run(run())


def test_settings_can_be_given_by_the_names_that_system_manager_shows() -> None:
    settings = PresenceServices.model_validate(
        {
            "Message Archiving Enabled": True,
            "Remote Server Address": "archive.example",
            "Remote User": "avaya",
            "Remote Password": "secret",
            "Remote Path": "/archives",
            "Remote Upload Frequency (hours)": 4,
            "known_hosts": "",
        }
    )
    assert settings.remote_upload_frequency_hours == 4
    assert settings.remote_port == 22
    assert "secret" not in repr(settings)


def test_an_upload_frequency_below_an_hour_is_refused(make_services: MakeServices) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        make_services(remote_upload_frequency_hours=0)


def test_a_published_archive_has_its_content_and_the_time_of_upload_as_mtime(
    make_services: MakeServices, served: Path
) -> None:
    upload(make_services())
    (archive,) = (served / "archives").iterdir()
    assert (archive.name, archive.read_bytes()) == ("a.xml", b"content")
    assert archive.stat().st_mtime == AT.timestamp()


def test_before_its_name_is_final_an_archive_has_content_and_mtime_already(
    make_services: MakeServices, served: Path
) -> None:
    upload(make_services(), publish=False)
    (archive,) = (served / "archives").iterdir()
    assert (archive.name, archive.read_bytes()) == (".a.xml.part", b"content")
    assert archive.stat().st_mtime == AT.timestamp()


def test_the_rest_of_an_interrupted_upload_is_overwritten(
    make_services: MakeServices, served: Path
) -> None:
    (served / "archives").mkdir()
    (served / "archives" / ".a.xml.part").write_bytes(b"a longer content than the new one")
    upload(make_services())
    assert [p.read_bytes() for p in (served / "archives").iterdir()] == [b"content"]


def test_another_host_key_is_refused(make_services: MakeServices, server: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    line = f"[{server.host}]:{server.port} {other}"
    with pytest.raises(HostKeyError, match="unknown or not the one expected"):
        upload(make_services(known_hosts=line))


def test_an_unknown_host_is_refused(make_services: MakeServices, server: SftpServer) -> None:
    line = server.known_hosts_line.replace(str(server.port), "1")
    with pytest.raises(HostKeyError):
        upload(make_services(known_hosts=line))


def test_a_refused_login_is_explained_without_the_password(make_services: MakeServices) -> None:
    with pytest.raises(LoginRefusedError, match="check Remote User") as caught:
        upload(make_services(remote_password=SecretStr("letmein")))
    assert "letmein" not in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_explained(
    make_services: MakeServices, served: Path
) -> None:
    (served / "file").write_text("in the way")
    with pytest.raises(RemoteFolderError, match="cannot write to /file/archives"):
        upload(make_services(remote_path="/file/archives"))


def test_a_server_that_does_not_run_can_be_tried_again_later(
    make_services: MakeServices, make_server: Callable[..., SftpServer]
) -> None:
    with make_server() as gone:
        pass
    with pytest.raises(ServerUnreachableError, match="no connection"):
        upload(make_services(remote_port=gone.port, known_hosts=gone.known_hosts_line))


def test_a_known_hosts_text_that_cannot_be_read_is_explained(make_services: MakeServices) -> None:
    with pytest.raises(HostKeyError, match=r"cannot be read.*expected lines in OpenSSH's format"):
        upload(make_services(known_hosts="nonsense"))
