"""A wall clock that can be put forwards and backwards while a program runs (`clock_step.c`)."""

import functools
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_step.c")


def can_be_made() -> bool:
    return shutil.which("cc") is not None


@functools.cache
def library(folder: Path) -> Path:
    made = folder / "clock_step.so"
    words = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", made, SOURCE]
    subprocess.run(words, check=True)
    return made


class Clock:
    """The wall clock of one machine."""

    def __init__(self, file: Path) -> None:
        self.file, self.library = file, library(file.parent)
        self.differ(0)

    def differ(self, seconds: int) -> None:
        """From now on it is so many seconds ahead, or behind."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    @property
    def around(self) -> Mapping[str, str]:
        """What makes a program look at it."""
        return {"LD_PRELOAD": str(self.library), "CLOCK_STEP_FILE": str(self.file)}
