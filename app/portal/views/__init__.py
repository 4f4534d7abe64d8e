"""The pages that a citizen walks through around the booking itself."""

from app.portal.views import me, now, pages, plain, visit
from app.portal.views.door import bp, start_bp

__all__ = ["bp", "me", "now", "pages", "plain", "start_bp", "visit"]
