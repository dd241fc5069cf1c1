"""One run of a real XMPP server: what its clients sent, and what of it each archive can tell.

Which file is read, and how, is the business of the tests.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from eur_pipeline.archives.record import Record

from .reading import CASES

Row = dict[str, Any]

_LINES = (CASES / "xmpp-mam" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
TRUTH: list[Row] = [json.loads(line) for line in _LINES]
DOMAIN = "presence.example.test"
KINDS = {
    **dict.fromkeys(("im", "groupchat", "muc-pm", "reply", "empty-body"), "message"),
    **dict.fromkeys(("receipt", "marker", "reaction"), "receipt"),
    **dict.fromkeys(("direct-invite", "mediated-invite"), "invite"),
    "file": "file_transfer",
    "correction": "edit",
    "retraction": "delete",
    **dict.fromkeys(("subject", "subject-only", "headline", "chatstate"), "system"),
}
WITHOUT_ID = 71
PRIVATE_IN_ROOM = 96
SEMI_ANONYMOUS = range(110, 113)
ARCHIVED = [row for row in TRUTH if row["archived_in"] or row["n"] == WITHOUT_ID]
_SAME_ID = (69, 70)
_FILE_NAMES_IN_URLS = {73: "план 9.xlsx", 74: "no-body.bin", 115: "é&è.txt"}
_INVITED_TO = "desk-7f3a@conference.presence.example.test"


def row_of(record: Record) -> Row:
    """What the client did that this is a record of."""
    if record.native_id is None:
        return TRUTH[WITHOUT_ID - 1]
    rows = [row for row in TRUTH if row["id"] == record.native_id]
    if len(rows) > 1:  # clients choose ids; two chose the same
        rows = [row for row in rows if row["sender"] == record.sender]
    (row,) = rows
    return row


def archived_in(path: str, owner: str) -> Counter[int]:
    """How often each row is in the archive of that path in the run, whose owner this is."""
    found = Counter({row["n"]: (row["archived_in"] or []).count(path) for row in TRUTH})
    # Two rows share an id: the search for it has found both of them for each.
    for n in _SAME_ID:
        found[n] //= 2
    # The one without an id was not searched for; it is in the archives of its two parties.
    found[WITHOUT_ID] = int(owner in (f"56207@{DOMAIN}", f"56208@{DOMAIN}"))
    return +found


def expected(row: Row, owner: str | None, *, joins_are_told: bool = False) -> dict[str, Any]:
    """What the owner's archive can tell of a row; recipients as a set."""
    n, body = row["n"], row["body"]
    fields = {
        "native_id": row["id"],
        "kind": KINDS[row["kind"]],
        "sender": row["sender"],
        "recipients": set(row["recipients"]),
        "conversation_id": row.get("room") or row["thread"],
        "body": body if body is None else body.replace("\r\n", "\n").replace("\r", "\n"),
        "file_name": _FILE_NAMES_IN_URLS.get(n, row.get("file_name")),
        "refers_to": row.get("refers_to"),
        "original_sent_at": None,
    }
    if "original_utc" in row:
        fields["original_sent_at"] = dt.datetime.fromisoformat(row["original_utc"])
    if n in SEMI_ANONYMOUS:
        fields["sender"] = f"{row['room']}/{row['nick']}"
        fields["recipients"] = _other_nicknames(row)
    if row["type"] == "groupchat" and not joins_are_told:
        fields["recipients"] = set()
    if n == PRIVATE_IN_ROOM and owner == row["sender"]:
        fields["recipients"] = {row["to"]}
    if n == PRIVATE_IN_ROOM and owner != row["sender"]:
        fields["sender"] = f"{row['room']}/{row['sender_name']}"
    if row["kind"] == "direct-invite":
        fields["conversation_id"] = _INVITED_TO
    return fields


def _other_nicknames(row: Row) -> set[str]:
    joined = (r for r in TRUTH if r["kind"] == "join" and r["room"] == row["room"])
    return {f"{r['room']}/{r['nick']}" for r in joined if r["nick"] != row["nick"]}


def compared(record: Record, row: Row, owner: str | None, **more: bool) -> tuple[Any, Any]:
    """What the record says and what it ought to say, of all that the archive can tell."""
    ought = expected(row, owner, **more)
    says = {name: getattr(record, name) for name in ought}
    return {**says, "recipients": set(record.recipients)}, ought


def messages_of(rows: Iterable[Row], *, joins_are_told: bool) -> Counter[tuple[Any, ...]]:
    """Each as one message, all copies put together: id, kind, sender, recipients, length."""
    return Counter(_message(row, joins_are_told=joins_are_told) for row in rows)


def _message(row: Row, *, joins_are_told: bool) -> tuple[Any, ...]:
    says = expected(row, row["sender"], joins_are_told=joins_are_told)
    hidden = row["n"] in SEMI_ANONYMOUS or (row["type"] == "groupchat" and not joins_are_told)
    recipients = says["recipients"] if hidden else set(row["recipients"])
    body = says["body"]
    characters = None if body is None else len(body)
    return says["native_id"], says["kind"], says["sender"], frozenset(recipients), characters


def is_stamp_of(sent_at: dt.datetime, row: Row) -> bool:
    """Whether it is a whole second, less than one before the client noted the time."""
    early = dt.datetime.fromisoformat(row["sent_utc"]) - sent_at
    return sent_at.microsecond == 0 and dt.timedelta(0) <= early < dt.timedelta(seconds=1)
