"""What the house is made of: `python tools/components.py sbom` and `… licences`.

`sbom` writes CycloneDX 1.6 JSON of what the lock files name and is installed here; `licences` stops
with every component whose licence is not one that goes with the EUPL-1.2.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)(?: ; ([^\\]+))?")
# Of what runs in production. Each is compatible with the EUPL-1.2, or linked as a library.
GOOD = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|MPL|Mozilla Public|Unlicense"
    r"|Public Domain|ZPL|Zope|LGPL|Lesser General Public|HPND|CNRI|0BSD|Zlib|EUPL|MIT-CMU|CC0",
    re.I,
)
# Whose metadata says nothing, and where it is written.
SAID_ELSEWHERE: dict[str, str] = {}


def pinned(file: str) -> list[tuple[str, str]]:
    found = []
    for line in (ROOT / file).read_text().splitlines():
        match = PINNED.match(line)
        if match and (not match[3] or Marker(match[3].strip()).evaluate()):
            found.append((match[1], match[2]))
    return found


def licence_of(name: str) -> str:
    told = metadata.metadata(name)
    expression = told.get("License-Expression")
    if expression:
        return str(expression)
    classes = [
        text.rpartition(":: ")[2]
        for text in told.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    written = (told.get("License") or "").strip().splitlines()[:1]
    return " OR ".join(classes) or "".join(written) or SAID_ELSEWHERE.get(name.lower(), "")


def components() -> list[dict[str, Any]]:
    """Of Python as installed; of the browser as `static/vendor/VERSIONS.txt` says."""
    found = []
    for name, version in pinned("requirements.txt"):
        try:
            known = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another system than this one
        if known != version:
            raise SystemExit(f"{name} is installed as {known} and pinned as {version}.")
        found.append(
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name.lower()}@{version}",
                "licenses": [{"license": {"name": licence_of(name)}}],
            }
        )
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for path, told in lock["packages"].items():
        if path and not told.get("dev"):
            name = path.rpartition("node_modules/")[2]
            found.append(
                {
                    "type": "library",
                    "name": name,
                    "version": told["version"],
                    "purl": f"pkg:npm/{name.replace('@', '%40')}@{told['version']}",
                    "licenses": [{"license": {"name": told.get("license", "")}}],
                }
            )
    return found


def sbom() -> None:
    listed = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "ventanilla"}},
        "components": components(),
    }
    print(json.dumps(listed, indent=1, sort_keys=True))


def licences() -> None:
    odd = [
        f"{one['name']} {one['version']}: {one['licenses'][0]['license']['name'] or 'says nothing'}"
        for one in components()
        if not GOOD.search(one["licenses"][0]["license"]["name"])
    ]
    if odd:
        raise SystemExit("\n".join(["Licences that somebody has to look at:", *odd]))
    print(f"Licences: {len(components())} components, all of them fit.")


if __name__ == "__main__":
    {"sbom": sbom, "licences": licences}[sys.argv[1]]()
