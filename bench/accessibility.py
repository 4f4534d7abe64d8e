"""What axe finds on the citizen's pages: the report from which the accessibility statement is made.

    .venv/bin/python bench/accessibility.py

It opens the demonstration, walks the pages in seven languages at two widths, and writes the
report that the product brings with it (`app/portal/data/accessibility.json`). An installation may
put one of its own into its folder, under the same name.
"""

import json
import sys
import tempfile
from collections import Counter as Count
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from app.core.i18n import LANGUAGES  # noqa: E402 - the path comes first
from tests.counter import close_counter, open_counter  # noqa: E402
from tests.journeys.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.journeys.test_everybody import AXE, TAGS  # noqa: E402

REPORT = ROOT / "app" / "portal" / "data" / "accessibility.json"
WIDTHS = (390, 1280)
PAGES = (
    *("", "procedures", "procedures/volante", "procedures/volante/times"),
    *("help", "privacy", "accessibility", "me/sign-in"),
)


def main() -> None:
    found: Count[str] = Count()
    version, looks = "", 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        counter, process = open_counter(Path(folder), WRITES_PER_MINUTE="1000000")
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            for width in WIDTHS:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, bypass_csp=True
                )
                page = context.new_page()
                for lang in LANGUAGES:
                    for path in PAGES:
                        page.goto(counter.at("vilaclara", f"/{lang}/{path}"))
                        page.evaluate(AXE.read_text() + ";undefined")
                        options = {"runOnly": {"type": "tag", "values": TAGS}}
                        answer = page.evaluate("(o) => axe.run(document, o)", options)
                        version = answer["testEngine"]["version"]
                        looks += 1
                        found.update(one["id"] for one in answer["violations"])
                context.close()
        finally:
            browser.close()
            close_counter(process)
    report = {
        "made_on": datetime.now(UTC).date().isoformat(),
        "tool": f"axe-core {version}",
        "rules": TAGS,
        "pages": len(PAGES),
        "languages": list(LANGUAGES),
        "widths": list(WIDTHS),
        "looks": looks,
        "violations": dict(sorted(found.items())),
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    print(f"{looks} looks, {sum(found.values())} violations, in {REPORT}")


if __name__ == "__main__":
    main()
