"""The doctor: looks at everything a project needs, and says what is wrong and what to do.

Changes nothing in the project but the copies of the organisation's files that lie elsewhere: these
are fetched as before every build, so that what is looked at is what would be billed. On a server it
makes and removes one empty file, and only where the collection removes files anyway. Every
examination stands alone: no fault hides another.
"""

from eur_pipeline.doctor.examination import examine
from eur_pipeline.doctor.finding import Finding

__all__ = ["Finding", "examine"]
