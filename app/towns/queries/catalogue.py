"""Common procedures of town halls, with texts in every language: what a town may begin with."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "procedures"

# As a town hall would list them: where one lives, life, taxes, the street, help, free time.
ORDER = (
    *("padron", "volante", "certificado-padron", "cambio-domicilio"),
    *("registro", "certificado-digital", "reclamacion"),
    *("nacimiento", "matrimonio", "fe-de-vida", "cementerio"),
    *("domiciliacion", "ibi", "ivtm", "basura", "aplazamiento"),
    *("licencia-obra", "ocupacion-via", "terrazas", "vado", "mercados"),
    *("ayuda-social", "tarjeta-aparcamiento", "becas"),
    *("biblioteca", "deportes", "animales"),
)


@cache
def catalogue() -> Sequence[dict[str, Any]]:
    """Every procedure of the catalogue, in the order in which a town hall would list them."""
    found = [_read(file) for file in FOLDER.glob("*.toml")]
    return tuple(sorted(found, key=lambda item: ORDER.index(item["slug"])))


def catalogued(slug: str) -> dict[str, Any] | None:
    """One of them by its name."""
    return next((item for item in catalogue() if item["slug"] == slug), None)


def columns_of(item: dict[str, Any]) -> dict[str, Any]:
    """What a row of the register is made of; its office and its place are the town's."""
    renamed = {"afterwards" if name == "after" else name: value for name, value in item.items()}
    return {name: value for name, value in renamed.items() if name != "position"}


def _read(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        return tomllib.load(opened)
