"""The pages. Each module here offers its Blueprint as `pages`; the desk's areas are modules of `views.desk`."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


def init_app(app: Flask) -> None:
    """Register every module's pages."""
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        app.register_blueprint(import_module(f"{__name__}.{module.name}").pages)
