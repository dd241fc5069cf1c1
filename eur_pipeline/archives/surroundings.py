"""What belongs to an archive and is not in its bytes.

Where it lies is the business of those who keep archives, what it says that of the reader.
"""

from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around an archive.

    Attributes:
        path: Its name, with the folders around it where they are known.
        companion: The file beside it that the dialect's `companion_suffix` names.
    """

    path: str = ""
    companion: BinaryIO | None = None

    def rewind(self) -> None:
        """Let it be read again."""
        if self.companion is not None:
            self.companion.seek(0)


ALONE = Surroundings()
