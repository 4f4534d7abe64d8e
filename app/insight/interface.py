"""The description of the interface for machines, made from the code that answers (OpenAPI 3.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from app.booking.models import Status
from app.core.i18n import LANGUAGES
from app.insight.models import Scope
from app.insight.queries import By, Of
from app.insight.words import columns
from app.towns.models import Channel

F = TypeVar("F", bound=Callable[..., Any])
VERSION = "1"

DAY = {"type": "string", "format": "date", "pattern": "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"}
COUNT = {"type": "integer", "minimum": 0}
TEXTS = {
    "type": "object",
    "propertyNames": {"enum": list(LANGUAGES)},
    "additionalProperties": {"type": "string"},
}
PROBLEM = {
    "type": "object",
    "required": ["title", "status"],
    "properties": {"title": {"type": "string"}, "status": {"type": "integer"}},
}


@dataclass(frozen=True)
class Operation:
    """One thing that may be asked. `parameters`: name, schema, whether it is needed, what it is."""

    name: str
    path: str
    scope: Scope
    summary: str
    parameters: tuple[tuple[str, Mapping[str, Any], bool, str], ...]
    answer: Callable[[], Mapping[str, Any]]


OPERATIONS: dict[str, Operation] = {}


def described(operation: Operation) -> Callable[[F], F]:
    """Label: this view answers that operation."""

    def register(view: F) -> F:
        OPERATIONS[operation.name] = operation
        return view

    return register


def description(address: str) -> dict[str, Any]:
    """The whole of it, for this town's own address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ventanilla",
            "version": VERSION,
            "description": (
                "Procedures, figures and visits of one town. Each request carries four headers: "
                "Ventanilla-Key, Ventanilla-Time (seconds since 1970, at most five minutes off), "
                "Ventanilla-Nonce (8 to 64 signs, never used twice) and Ventanilla-Signature: "
                "HMAC-SHA256, in hexadecimal, of method, path with query, time, nonce and the "
                "SHA-256 of the body in hexadecimal, one on each line."
            ),
        },
        "servers": [{"url": address}],
        "components": {
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": "Ventanilla-Signature"}
            },
            "schemas": {"Problem": PROBLEM},
        },
        "paths": {one.path: {"get": _operation(one)} for one in OPERATIONS.values()},
    }


def _operation(one: Operation) -> dict[str, Any]:
    refused = {
        "400": "A parameter cannot be read.",
        "401": "Not signed by a key of this town, or too old.",
        "403": "The key does not open this.",
        "409": "Heard before.",
        "429": "Too fast.",
        "503": "Busy.",
    }
    return {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs a key for: {one.scope.value}.",
        "security": [{"signature": []}],
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": is_needed,
                "description": text,
                "schema": schema,
            }
            for name, schema, is_needed, text in one.parameters
        ],
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": one.answer()}},
            },
            **{
                status: {
                    "description": text,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                }
                for status, text in refused.items()
            },
        },
    }


def catalogue_answer() -> Mapping[str, Any]:
    return {
        "type": "object",
        "required": ["procedures"],
        "properties": {
            "procedures": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["slug", "name", "summary", "minutes", "office"],
                    "properties": {
                        "slug": {"type": "string"},
                        "office": {"type": "string"},
                        "name": TEXTS,
                        "summary": TEXTS,
                        "minutes": {
                            "type": "object",
                            "propertyNames": {"enum": [one.value for one in Channel]},
                            "additionalProperties": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            }
        },
    }


def figures_answer() -> Mapping[str, Any]:
    names = [name for name, _title, _kind in columns()]
    return {
        "type": "object",
        "required": ["figures"],
        "properties": {
            "figures": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["period", "key", *names],
                    "properties": {
                        "period": DAY,
                        "key": {"type": "string"},
                        **{name: {"type": ["number", "null"]} for name in names},
                    },
                },
            }
        },
    }


def visits_answer() -> Mapping[str, Any]:
    return {
        "type": "object",
        "required": ["visits"],
        "properties": {
            "visits": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["visit", "procedure", "channel", "language", "status"],
                    "properties": {
                        "visit": {"type": "string"},
                        "procedure": {"type": "string"},
                        "channel": {"enum": [one.value for one in Channel]},
                        "language": {"enum": list(LANGUAGES)},
                        "status": {"enum": [one.value for one in Status]},
                        "starts_at": {"type": "string", "format": "date-time"},
                        "minutes": COUNT,
                        "is_walk_in": {"type": "boolean"},
                    },
                },
            }
        },
    }


SPAN = (
    ("first", DAY, False, "First day."),
    ("last", DAY, False, "Last day."),
    ("by", {"enum": [one.value for one in By]}, False, "How long a period is."),
    ("of", {"enum": [one.value for one in Of]}, False, "At what the figures are looked."),
)
