"""Where the agent of the device stands, which is no part of the site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "kiosk"))
