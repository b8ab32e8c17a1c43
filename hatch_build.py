"""What a build adds to the files in git: compiled message catalogues, and in a wheel the migrations' place."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EngageBuild(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        for source in sorted((root / "webapp" / "translations").glob("*/LC_MESSAGES/*.po")):
            compiled = source.with_suffix(".mo")
            with source.open("rb") as read, compiled.open("wb") as write:
                write_mo(write, read_po(read, locale=source.parts[-3]))
            build_data["artifacts"].append(f"/{compiled.relative_to(root).as_posix()}")
        if version == "standard":  # in a checkout the folder is used where it is
            build_data["force_include"][str(root / "migrations")] = "webapp/migrations"
