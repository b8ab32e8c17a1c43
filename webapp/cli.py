"""The door to the `engage` command."""

from importlib import import_module
from pkgutil import iter_modules

from webapp import commands
from webapp.commands import engage as main

for module in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{module.name}")

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="engage")
