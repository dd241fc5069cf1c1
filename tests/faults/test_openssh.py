"""OpenSSH's server as a test tool: it lets the right key in, and can be killed and started."""

from pathlib import Path

import asyncssh
import pytest

from eur_pipeline.collect.backlog import backlog
from eur_pipeline.errors import LoginRefusedError, ServerUnreachableError
from tests.conftest import archive_xml, openssh, project_at
from tests.faults.openssh import OpenSshServer


def test_only_the_authorized_key_gets_in(tmp_path: Path) -> None:
    with openssh(tmp_path) as remote:
        project = project_at(tmp_path / "project", remote)
        (collection,) = project.config.collections
        remote.put("a.xml", archive_xml("hello"))
        assert backlog(project, collection).files == 1

        assert isinstance(remote.server, OpenSshServer)
        remote.server.authorize(asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises(LoginRefusedError):
            backlog(project, collection)


def test_a_killed_server_is_gone_until_it_is_started_again(tmp_path: Path) -> None:
    with openssh(tmp_path) as remote:
        project = project_at(tmp_path / "project", remote)
        (collection,) = project.config.collections
        assert isinstance(remote.server, OpenSshServer)
        remote.server.kill()
        with pytest.raises(ServerUnreachableError):
            backlog(project, collection)

        assert remote.server.start()
        assert backlog(project, collection).files == 0
