"""The door to the `engage` command."""

import gc
from importlib import import_module
from pkgutil import iter_modules

gc.disable()  # nothing that is being loaded is garbage, and looking for some takes a tenth of the time

from webapp import commands  # noqa: E402 -- loads nearly everything
from webapp.commands import engage as main  # noqa: E402 -- the same

for module in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{module.name}")

gc.freeze()
gc.enable()

__all__ = ["main"]

if __name__ == "__main__":
    main(prog_name="engage")
