"""Bad input through the whole pipeline: a clear error, nothing lost, and the rest goes on."""

import pytest
import yaml

from eur_pipeline.project import Project
from tests.conftest import Remote, archive_xml, configuration

from .command import eur
from .demo import published

pytestmark = pytest.mark.xdist_group("bad-input")

NO_SENDER = (
    b"<im-archive><message time='1773043200000' kind='text'><to>56208@presence.example</to>"
    b"<body>private words</body></message></im-archive>"
)


def test_what_can_be_read_goes_on_beside_what_cannot(project: Project, remote: Remote) -> None:
    remote.put("good.xml", archive_xml("first"))
    remote.put("broken.xml", archive_xml("second").replace(b"</body>", b"</bdy>"))
    remote.put("truncated.xml", archive_xml("third")[:-20])
    remote.put("no-sender.xml", NO_SENDER)
    remote.put("also-good.xml", archive_xml("fourth", minute=1))

    done = eur("run", "--dir", project.path)

    assert done.returncode == 0, done.stderr
    # What lacks its closing tag may still grow: it is collected, and left on the server for now.
    assert remote.names() == ["truncated.xml"]
    assert published(project.path, "select archive_name from messages order by sent_at") == [
        ("good.xml",),
        ("also-good.xml",),
    ]
    found = published(project.path, "select archive_name, status, records, rejects from archives")
    assert sorted(found) == [
        ("also-good.xml", "read", 1, 0),
        ("broken.xml", "unreadable", 0, 0),
        ("good.xml", "read", 1, 0),
        ("no-sender.xml", "read", 1, 1),
        ("truncated.xml", "unreadable", 0, 0),
    ]
    [(name, field, reason)] = published(
        project.path, "select archive_name, field, reason from rejects"
    )
    assert (name, field) == ("no-sender.xml", "sender")
    assert "private words" not in reason


def test_a_wrong_key_in_the_configuration_is_named_with_its_line(
    project: Project, remote: Remote
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    text = project.config_path.read_text()
    project.config_path.write_text(text + "colour: blue\n")

    done = eur("run", "--dir", project.path)

    assert done.returncode == 1
    assert f"{project.config_path}, line {len(text.splitlines()) + 1}, colour" in done.stderr
    assert "Traceback" not in done.stderr
    assert remote.names() == ["im.xml"]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("known_hosts", "", "host key"),
        (".env", "EUR_BODY_HASH_KEY=k\nEUR_TEST_PASSWORD=not-this-one\n", "refused the login"),
    ],
)
def test_who_the_server_is_and_who_we_are_must_be_right(
    project: Project, remote: Remote, file: str, content: str, words: str
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    (project.path / file).write_text(content)

    done = eur("collect", "--dir", project.path)

    assert done.returncode == 1
    assert words in done.stderr
    assert "not-this-one" not in done.stderr + done.stdout
    assert remote.names() == ["im.xml"]


def test_one_collection_that_fails_keeps_no_other_from_being_published(
    project: Project, remote: Remote
) -> None:
    remote.put("im.xml", archive_xml("hello"))
    two = configuration(remote)
    (good,) = two["collections"]
    two["collections"].append({**good, "name": "boston_im", "remote_path": "/nowhere"})
    project.config_path.write_text(yaml.safe_dump(two))

    done = eur("run", "--dir", project.path)

    assert done.returncode == 1
    assert "there is no such folder" in done.stderr
    assert "boston_im" in done.stderr
    assert published(project.path, "select archive_name from messages") == [("im.xml",)]
    assert remote.names() == []
