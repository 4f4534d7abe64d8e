"""Two people with one form: what it showed when it was opened, and what differs by now."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm


def mark_of(values: Mapping[str, Any]) -> str:
    """Two versions with one mark are the same."""
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:24]


def differences(form: FlaskForm, values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Where register and form differ: the name of the field, what is there, what is mine."""
    found = []
    for name, there in values.items():
        field = form[name]
        if field.data != there:
            found.append((field.label.text, _said(field, there), _said(field, field.data)))
    return found


def _said(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value in (None, "", [], ()):
        return "–"
    named = {str(key): str(label) for key, label, *_rest in _choices(field)}
    several = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(named.get(str(one), _written(one)) for one in several)


def _choices(field: Any) -> list[Any]:
    return [
        (choice[0], choice[1]) if isinstance(choice, tuple) else (choice.value, choice.label)
        for choice in getattr(field, "choices", None) or []
    ]


def _written(value: Any) -> str:
    return f"{value:%H:%M}" if hasattr(value, "hour") else str(value)
