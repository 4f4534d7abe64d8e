"""Doing by hand what the scripts of a browser do with a passkey."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.models import Account
from app.core.db import db
from app.identity import services
from app.identity.models import Passkey
from tests import town
from tests.identity.authenticator import Authenticator

HOST = "vilaclara.localhost"
HOME = f"http://{HOST}"
ME = f"{HOME}/ca/me"


def a_device(host: str = HOST) -> Authenticator:
    return Authenticator(host, f"http://{host}")


def post(client: FlaskClient, url: str, body: object = None, home: str = HOME) -> TestResponse:
    token = town.token_in(client.get(f"{home}/ca/help").text)
    return client.post(url, json=body, headers={"X-CSRFToken": token})


def a_citizen(phone: str = town.PHONE, name: str = "Pere Roca") -> Account:
    """Somebody whose number was shown."""
    from app.accounts import services as accounts

    citizen = accounts.confirm_citizen(phone, "ca", name)
    db.session.commit()
    return citizen


def a_key_of(person: Account, device: Authenticator) -> Passkey:
    """A passkey of theirs, enrolled as a page would, on that device."""
    code, options = services.begin_enrolment(person, device.host, "Vilaclara")
    answer = device.create(options)
    value = services.client_data(answer)["challenge"]
    from webauthn import base64url_to_bytes

    challenge = services.take_challenge([code], f"enrol:{person.id}", base64url_to_bytes(value))
    made = services.finish_enrolment(
        person, challenge, answer, device.host, device.origin, name="Telephone"
    )
    db.session.commit()
    return made


def sign_in(
    client: FlaskClient, device: Authenticator, door: str = ME, query: str = ""
) -> TestResponse:
    options = post(client, f"{door}/sign-in/options").json
    return post(client, f"{door}/sign-in/finish{query}", device.get(options))


def sign_in_by_code(client: FlaskClient, phone: str = town.PHONE, query: str = "") -> TestResponse:
    """With the six digits of the message, as on a page without scripts."""
    asked = town.send(client, f"{ME}/sign-in{query}", phone=phone)
    assert asked.status_code == 303, asked.status_code
    code = town.digits_sent(town.sent_to(phone)[-1])
    return town.send(client, f"{HOME}{asked.location}", code=code)
