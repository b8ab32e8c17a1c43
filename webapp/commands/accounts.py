"""`engage user add`, `engage device add`."""

import sys

import click

from engage import devices, staff
from engage.staff import Role
from webapp.commands import BY, Answer, engage, told
from webapp.wiring import clock, saving


@engage.group()
def user() -> None:
    """Who may sign in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@told
def add_user(name: str, role: str, *, password_stdin: bool) -> Answer:
    """Add the user NAME."""
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    password = given if given is not None else click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with saving() as session:
        added = staff.add_user(session, name, password, role=Role(role), now=clock(), by=BY).username
    return Answer(f"Added {added} as {role}.", {"name": added, "role": role})


@engage.group()
def device() -> None:
    """What may use the API."""


@device.command("add")
@click.argument("name")
@told
def add_device(name: str) -> Answer:
    """Add the scanner NAME and print its token, which is shown only now."""
    with saving() as session:
        added, token = devices.add_device(session, name, now=clock(), by=BY)
        name = added.name
    return Answer(token, {"name": name, "token": token})
