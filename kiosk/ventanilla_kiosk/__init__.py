"""The device behind a kiosk: it opens a clean browser for each person and shows that it did.

Python's own library alone, so that nothing has to be installed with it nor kept up to date.
"""
