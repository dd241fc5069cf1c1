"""The kinds of failure there are: permanent (nobody retries) and transient (retried).

A message says what was found, what was expected and what to do. Errors of libraries are translated
into these once, at the border where the library is called; nothing further inside catches theirs.
"""


class EurError(Exception):
    """Any failure that this software explains to its user."""


class PermanentError(EurError):
    """Trying again does not help: somebody has to change something first."""


class TransientError(EurError):
    """Trying again later may help: a link was lost, a lock was held, a disk was full."""


class ConfigurationError(PermanentError):
    """A file of the project says something that cannot be used."""


class LoginRefusedError(PermanentError):
    """The archive server did not accept the user, password or key."""


class HostKeyError(PermanentError):
    """The archive server's host key is unknown or not the one that is expected."""


class OutdatedServerError(PermanentError):
    """The archive server speaks none of the SSH algorithms that are safe today."""


class RemoteFolderError(PermanentError):
    """The remote folder is missing, or may not be read or written by this user."""


class ServerUnreachableError(TransientError):
    """The archive server did not answer, or the link to it was lost."""


class TransferError(TransientError):
    """A file did not arrive as the server had announced it."""


class FetchError(TransientError):
    """A file that lies elsewhere could not be fetched, and there is no earlier copy of it."""


class VanishedError(TransferError):
    """A file was gone from the server before it could be had."""


class MassChangeError(PermanentError):
    """A server has so many more files than usual that somebody has to confirm them."""


class BusyError(TransientError):
    """Another process holds the lock that this step needs."""


class StorageError(TransientError):
    """This machine's disk is full, read-only or failing: what was to be written is not there."""


class UnreadableArchiveError(PermanentError):
    """An archive is not what its dialect expects, or is damaged.

    Attributes:
        records_before: How many records could be read before the damage.
    """

    def __init__(self, reason: str, records_before: int = 0) -> None:
        super().__init__(reason)
        self.records_before = records_before


class ModelError(PermanentError):
    """A SQL model cannot be found, compiled or run."""


class InvoiceError(PermanentError):
    """A document cannot be issued, credited or found, or the files of record do not agree."""


class OrchestratorError(EurError):
    """Dagster ended a run without success."""
