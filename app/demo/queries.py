"""Reading the invented province from its files."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "province"


@cache
def province() -> dict[str, Any]:
    return _read(FOLDER / "province.toml")


@cache
def procedures() -> list[dict[str, Any]]:
    """Every kind of procedure, in the order in which a town hall would list them."""
    order = ("padron", "volante", "certificado-digital", "domiciliacion", "ayuda-social")
    found = [_read(file) for file in sorted((FOLDER / "procedures").glob("*.toml"))]
    found.sort(key=lambda item: order.index(item["slug"]) if item["slug"] in order else 99)
    return found


@cache
def staff() -> dict[str, Any]:
    return _read(FOLDER / "staff.toml")


@cache
def visits() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _read(FOLDER / "visits.toml")["visits"]
    return found


def _read(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        return tomllib.load(opened)
