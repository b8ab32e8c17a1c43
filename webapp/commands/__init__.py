"""The `engage` command. Each module here adds commands to the group `engage`; `webapp.cli` imports them all.

A command that does something and is done is marked `@told` and returns an `Answer`:

    @engage.command()
    @told
    def init() -> Answer: …
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from engage.errors import EngageError
from surveys.errors import SurveyError
from webapp import create_app
from webapp.settings import BadSetting

BY = "system"  # what the audit trail says of whoever can run commands on the server


@dataclass(frozen=True)
class Answer:
    """What a command tells: words for a person, or with `--json` the facts as one JSON object."""

    words: str
    facts: dict[str, Any]


class Commands(click.Group):
    """The group that turns a refusal into one clear line on standard error and exit status 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (EngageError, SurveyError, BadSetting) as error:
            raise click.ClickException(str(error)) from None
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise click.ClickException(f"The database refused: {reason}. Has `engage init` been run?") from None
        except OSError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands)
def engage() -> None:
    """Events, invitations, check-in and opinions of a public office. Settings come from ENGAGE_… variables."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def told(run: Callable[..., Answer]) -> Callable[..., None]:
    """Run inside the app's context and print the answer; adds `--json`."""

    @functools.wraps(run)
    def command(**options: Any) -> None:
        as_json = options.pop("as_json")
        with create_app().app_context():
            answer = run(**options)
        tell(answer, as_json=as_json)

    return json_option(command)


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print an answer."""
    click.echo(json.dumps(answer.facts, ensure_ascii=False) if as_json else answer.words)
