"""Files that guests hand in with a registration."""

from surveys import files
from surveys.files import Upload

TAKEN = ("pdf", "jpg", "png", "docx", "xlsx")
ENDINGS = files.endings(TAKEN)


def accepted(upload: Upload, *, most: int) -> Upload:
    """As `surveys.files.accepted`, of the kinds that a registration takes."""
    return files.accepted(upload, most=most, kinds=TAKEN)
