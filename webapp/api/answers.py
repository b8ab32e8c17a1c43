"""What all calls of the API share: how they are described, how a body is read and refused, how they answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn, cast

import flask_smorest
import marshmallow as ma
from apispec import APISpec
from flask import Response, request
from flask_babel import gettext
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

from webapp import errors, formats
from webapp.api.schemas import Problem, faults

JSON = "application/json"
PROBLEM = "application/problem+json"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
LARGEST_BODY = 2_000_000  # bytes; a thousand scans of the longest kind are less than a third of it


class Faulty(UnprocessableEntity):
    """The request does not have the form that the description asks for; `faults` says where."""

    def __init__(self, messages: object) -> None:
        super().__init__()
        self.faults = faults(messages)


class _Parser(FlaskParser):
    def handle_error(self, error: ma.ValidationError, *_: object, **__: object) -> NoReturn:
        """Words are ours; the location (`query`) is no part of the path."""
        messages = error.messages
        raise Faulty(next(iter(messages.values())) if isinstance(messages, dict) else messages)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose wrong parameters are answered like wrong bodies."""

    ARGUMENTS_PARSER = _Parser()


def described(schema: type[ma.Schema], *refusals: int, body: type[ma.Schema] | None = None) -> Callable[..., Any]:
    """Say in the description what a call answers, with which statuses it refuses, and what body it takes."""
    responses: dict[int, Any] = {status: HTTPStatus(status).name for status in (401, 403, *refusals, 429)}
    responses[200] = {"description": "OK", "content": {JSON: {"schema": schema}}}
    taken = {"requestBody": {"required": True, "content": {JSON: {"schema": body}}}} if body else {}
    return flask_smorest.Blueprint.doc(responses=responses, **taken)


def read_body() -> object:
    """The request's JSON, or a refusal: too large, of another type, or not JSON."""
    request.max_content_length = LARGEST_BODY
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):  # also bytes that are no UTF-8, and numbers of thousands of digits
        raise BadRequest from None


def read(schema: ma.Schema, body: object) -> dict[str, Any]:
    """What the schema makes of the body, or a refusal that names each fault."""
    try:
        return cast("dict[str, Any]", schema.load(cast("Any", body)))
    except ma.ValidationError as error:
        raise Faulty(error.messages) from None


def skew(sent_at: datetime | None, *, now: datetime) -> timedelta:
    """By how much the device's clock is slow, told from its time of sending; nothing where it does not say."""
    return now - sent_at if sent_at else timedelta()


def corrected(at: datetime, by: timedelta) -> datetime:
    """The time that it really was; a time that would leave the calendar stays as it is."""
    try:
        return at + by
    except OverflowError:
        return at


def answer(body: Mapping[str, object]) -> Response:
    """200 with this body."""
    return Response(encode(body), content_type=JSON)


def encode(body: Mapping[str, object] | Sequence[object]) -> str:
    """JSON without blanks."""
    return _ENCODER.encode(body)


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with the offset of the installation's zone."""
    return formats.local(at).isoformat() if at else None


def faulty(error: Faulty) -> Response:
    """422 with the faults."""
    detail = gettext("请求内容有误，详见 errors。")
    return errors.problem(422, detail, code="invalid_request", errors=error.faults)


def unreadable(_error: BadRequest) -> Response:
    """400."""
    return errors.problem(400, gettext("请求正文应为 UTF-8 编码的 JSON。"), code="not_json")


def other_type(_error: UnsupportedMediaType) -> Response:
    """415."""
    return errors.problem(415, gettext("Content-Type 应为 application/json。"), code="unsupported_media_type")


def describe_refusals(api: flask_smorest.Api) -> None:
    """Register each refusal once, to be referred to by its name."""
    for status in map(HTTPStatus, (400, 401, 403, 404, 413, 415, 422, 429)):
        content = {PROBLEM: {"schema": Problem}}
        specification(api).components.response(status.name, {"description": status.phrase, "content": content}, lazy=True)


def specification(api: flask_smorest.Api) -> APISpec:
    """The description, which is there once the API has its app."""
    assert api.spec is not None
    return api.spec
