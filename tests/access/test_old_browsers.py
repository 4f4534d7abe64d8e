"""Nothing on the citizen's side needs a browser newer than the spring of 2022 (docs/access.md)."""

import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"
# Staff and kiosks have the browser that the town installs.
OTHERS = ("desk", "kiosks", "recordings")
SHEETS_OF_OTHERS = {"desk.css", "office.css", "insight.css", "keeper.css", "kiosk.css"}

NEWER_SCRIPT = re.compile(
    r"\.(?:findLast|findLastIndex|toSorted|toReversed|toSpliced|isWellFormed|union|difference"
    r"|intersection|isSubsetOf|showPopover|hidePopover|togglePopover|startViewTransition"
    r"|checkVisibility|moveBefore|getHTML|setHTMLUnsafe)\("
    r"|\b(?:structuredClone|requestClose)\("
    r"|\b(?:Array\.fromAsync|Object\.groupBy|Map\.groupBy|Promise\.withResolvers|Promise\.try"
    r"|URL\.canParse|URL\.parse|AbortSignal\.(?:any|timeout)|Uint8Array\.fromBase64"
    r"|Iterator\.from|RegExp\.escape)\b"
    r"|\bimport\.meta\.resolve\b|\bwith \{ type:|^using |/v;"
)
# Without these a rule, and what stands in it, is not read at all.
NEWER_STYLE = re.compile(
    r"@(?:container|scope|starting-style|property|position-try|view-transition)\b"
    r"|:(?:has|popover-open|user-invalid|user-valid|state)\(?"
    r"|\b(?:color-mix|light-dark|oklch|oklab|lab|lch|anchor|sibling-index)\("
    r"|\bsubgrid\b|^\s*&",
    re.M,
)
# Used all the same, and what an older browser does instead.
INSTEAD = {
    ("upload.js", "AbortSignal.any"): "asked for first: the browser's own patience",
    ("upload.js", "AbortSignal.timeout"): "the same",
    ("choices.css", ":has("): "the circle itself shows what is chosen",
    ("checkbox.css", ":has("): "the box itself shows what is chosen",
    ("requests.css", ":has("): "cards stand below the picture of the call, not over it",
    ("assurance.css", ":has("): "the same",
    ("recordings.css", ":has("): "the same",
    ("papers-beside.css", ":has("): "the same",
    ("calls.css", ":has("): "a control shows both of its icons; its name says which it is",
}


def scripts() -> list[Path]:
    return [file for file in (STATIC / "js").rglob("*.js") if file.parent.name not in OTHERS]


def sheets() -> list[Path]:
    every = (STATIC / "css").rglob("*.css")
    return [file for file in every if file.name not in SHEETS_OF_OTHERS]


def test_no_script_of_a_citizen_calls_what_is_newer():
    found = [
        f"{file.relative_to(STATIC)}:{number}: {hit[0]}"
        for file in scripts()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if not line.lstrip().startswith(("*", "/"))
        for hit in NEWER_SCRIPT.finditer(line)
        if (file.name, hit[0]) not in INSTEAD
    ]

    assert found == []
    assert len(scripts()) > 40


def test_no_sheet_of_a_citizen_needs_what_is_newer():
    found = [
        f"{file.name}: {hit[0]}"
        for file in sheets()
        for hit in NEWER_STYLE.finditer(re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.S))
        if (file.name, hit[0]) not in INSTEAD
    ]

    assert found == []
    assert len(sheets()) > 25


def test_every_script_is_a_module_that_an_old_browser_leaves_alone(app):
    templates = Path(app.root_path).glob("*/templates/**/*.html")
    tags = {
        tag
        for file in templates
        for tag in re.findall(r"<script[^>]*>", file.read_text())
        if "/vendor/" not in tag and "vendor/" not in tag
    }

    assert {tag for tag in tags if 'type="module"' not in tag} == {
        # A television, which may be as old: it is written for that.
        """<script src="{{ asset('js/desk/display.js') }}">"""
    }
