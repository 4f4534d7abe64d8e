"""Reading the invented province from its files."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from app.towns.queries.catalogue import catalogue

FOLDER = Path(__file__).parent / "province"


@cache
def province() -> dict[str, Any]:
    return _read(FOLDER / "province.toml")


# A dozen of the catalogue, in the order in which a town hall would list them.
OFFERED = (
    *("padron", "volante", "certificado-digital", "domiciliacion", "ayuda-social", "basura"),
    *("licencia-obra", "matrimonio", "nacimiento", "ocupacion-via", "reclamacion"),
    "tarjeta-aparcamiento",
)


@cache
def procedures() -> list[dict[str, Any]]:
    found = {item["slug"]: item for item in catalogue()}
    return [found[slug] for slug in OFFERED]


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
