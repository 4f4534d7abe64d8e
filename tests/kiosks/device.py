"""A device of a town that was let in, and the browser that it opens."""

from flask.testing import FlaskClient

from app.core.db import db
from app.kiosks import queries, services
from app.kiosks.models import Kiosk
from app.towns.models import Town
from tests import town

KEY = {"Authorization": "Bearer the-key-of-the-tests"}


def a_device(place: Town, name: str = "Biblioteca") -> Kiosk:
    """Let in, with a key that tests know."""
    secret, shown = services.ask({})
    kiosk = services.approve(shown, town.a_supervisor(), name=name)
    services.take(secret)
    kiosk.key_digest = queries.digest_of("the-key-of-the-tests")
    db.session.commit()
    return kiosk


def open_browser(client: FlaskClient, kiosk: Kiosk) -> None:
    """As the launcher does for each person."""
    ticket = services.open_stay(kiosk)[1]
    db.session.commit()
    answer = client.get(f"http://vilaclara.localhost/kiosk/begin/{ticket}")
    assert answer.status_code == 303
