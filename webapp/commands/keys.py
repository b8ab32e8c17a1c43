"""`engage rekey`: sensitive answers under a new key."""

from engage import answers
from engage.answers import Keeping
from webapp.commands import BY, Answer, engage, told
from webapp.wiring import cipher, clock, saving


@engage.command()
@told
def rekey() -> Answer:
    """Encrypt all sensitive answers anew with the first key of ENGAGE_FIELD_KEY; then the older ones can be dropped."""
    with saving() as session:
        done = answers.reseal(session, Keeping(cipher(), BY, clock()))
    return Answer(f"Encrypted {done.answers} answers and {done.files} files anew.", {"answers": done.answers, "files": done.files})
