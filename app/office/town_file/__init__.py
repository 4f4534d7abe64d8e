"""A whole town as one file that people also edit by hand (TOML): written, read, compared."""

from app.office.town_file.differences import Change, changes
from app.office.town_file.reading import Draft, Fault, read
from app.office.town_file.shape import VERSION
from app.office.town_file.writing import document, written

__all__ = ["VERSION", "Change", "Draft", "Fault", "changes", "document", "read", "written"]
