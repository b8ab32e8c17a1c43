"""The desk: staff's pages under /desk, one Blueprint with a module per area. Every view is marked; see `webapp.guard`."""

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint

from webapp.guard import check_view

desk = pages = Blueprint("desk", __name__, url_prefix="/desk")
desk.before_request(check_view)

for module in sorted(iter_modules(__path__), key=lambda found: found.name):
    import_module(f"{__name__}.{module.name}")
