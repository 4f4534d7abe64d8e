"""A copy of the tools and the catalogues, for whoever spoils a sentence to see it found."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


class House:
    """The checks run in it as they do in ours; what is not spoiled is shared with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tools", "translations"):
            shutil.copytree(ROOT / name, folder / name)
        (folder / "app").symlink_to(ROOT / "app")

    def rewrite(self, locale: str, old: str, new: str) -> None:
        file = self.folder / "translations" / locale / "LC_MESSAGES/messages.po"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, tool: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, f"tools/{tool}.py", *words]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
