"""The ways to a national identity, against a real provider and against one that lies."""

import logging
import socket
import time

import pytest
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry
from structlog.testing import capture_logs

from app.identity.eid import Ending, ProviderDown
from app.identity.eid.oidc import OpenIdProvider
from app.identity.eid.valid import ValidProvider
from tests.counter import a_free_port
from tests.identity.forger import a_forger
from tests.identity.provider import BACKS, SECRET, query_of, walk

BACK = {name: next(back for back in BACKS if f"/{name}/" in back) for name in ("real", "valid")}
BACK["hasty"] = BACK["real"].replace("real", "hasty")


def openid(settings):
    return OpenIdProvider({"timeout": 5, **settings}, is_https_needed=False)


def valid(settings):
    return ValidProvider({"timeout": 5, **settings}, is_https_needed=False)


@pytest.fixture
def real(provider):
    return openid(provider.oidc)


@pytest.fixture
def like_valid(provider):
    return valid(provider.valid)


def come_back(way, who):
    """Go there, be that person, and return with what the provider says."""
    beginning = way.begin(BACK[way.name], "ca")
    callback = query_of(walk(beginning.url, who))
    return way.finish(beginning.kept, callback, BACK[way.name]), beginning, callback


def test_openid_tells_who_it_is_and_how_surely(real):
    outcome, _beginning, _callback = come_back(real, "miren")

    assert outcome.ending is Ending.IDENTIFIED
    assert outcome.level == "substantial"
    assert outcome.claims.name == "Miren Agirre Etxeberria"
    assert (outcome.claims.document_kind, outcome.claims.document_number) == ("dni", "00000000T")
    assert outcome.evidence["id_token"].startswith("sha-256:")
    assert "00000000T" not in str(outcome.evidence)


def test_a_level_written_as_an_address_is_read(real):
    assert come_back(real, "xoan")[0].level == "high"


def test_what_is_asked_carries_state_nonce_and_a_challenge(real, like_valid):
    asked = query_of(real.begin(BACK["real"], "eu").url)
    other = query_of(real.begin(BACK["real"], "eu").url)
    plain = query_of(like_valid.begin(BACK["valid"], "eu").url)

    assert asked["code_challenge_method"] == plain["code_challenge_method"] == "S256"
    assert asked["ui_locales"] == "eu"
    assert all(asked[key] != other[key] for key in ("state", "nonce", "code_challenge"))
    assert plain["state"].isascii()
    assert plain["scope"] == "autenticacio_usuari"


@pytest.mark.parametrize("who", ["miren", "xoan"])
def test_valid_is_read_whatever_it_calls_its_fields(like_valid, who):
    outcome, _beginning, _callback = come_back(like_valid, who)

    assert outcome.ending is Ending.IDENTIFIED
    assert outcome.claims.document_kind == "dni"
    assert len(outcome.claims.name.split()) == 3
    assert outcome.evidence["evidence_1"].startswith("sha-256:")
    assert outcome.claims.document_number not in str(outcome.evidence)


@pytest.mark.parametrize("name", ["real", "valid"])
def test_whoever_turns_back_has_cancelled(request, provider, name):
    way = {"real": openid(provider.oidc), "valid": valid(provider.valid)}[name]

    outcome, _beginning, callback = come_back(way, "")

    assert callback["error"] == {"real": "access_denied", "valid": "SESSION_CANCEL"}[name]
    assert outcome.ending is Ending.CANCELLED


def test_a_code_is_good_once(real):
    outcome, beginning, callback = come_back(real, "miren")

    again = real.finish(beginning.kept, callback, BACK["real"])

    assert outcome.ending is Ending.IDENTIFIED
    assert again.ending is Ending.FAILED


def test_a_code_that_is_too_old_is_nobody(provider):
    way = openid(provider.hasty)
    beginning = way.begin(BACK["hasty"], "ca")
    callback = query_of(walk(beginning.url, "miren"))

    time.sleep(2.1)

    assert way.finish(beginning.kept, callback, BACK["hasty"]).ending is Ending.FAILED


@pytest.mark.parametrize("key", ["nonce", "state", "code_verifier"])
def test_what_was_remembered_must_fit(real, key):
    beginning = real.begin(BACK["real"], "ca")
    callback = query_of(walk(beginning.url, "miren"))

    outcome = real.finish({**beginning.kept, key: "x" * 43}, callback, BACK["real"])

    assert outcome.ending is Ending.FAILED


@pytest.mark.parametrize(
    "change",
    [{"iss": "http://127.0.0.1:1"}, {"iss": None}, {"code": ""}, {"code": "x"}, {"state": ""}],
    ids=str,
)
def test_what_came_back_must_fit(real, change):
    beginning = real.begin(BACK["real"], "ca")
    callback = {**query_of(walk(beginning.url, "miren")), **change}
    callback = {key: text for key, text in callback.items() if text is not None}

    assert real.finish(beginning.kept, callback, BACK["real"]).ending is Ending.FAILED


def test_an_error_of_theirs_is_not_a_cancellation(real):
    beginning = real.begin(BACK["real"], "ca")
    callback = {"state": beginning.kept["state"], "error": "server_error", "iss": real_issuer(real)}

    outcome = real.finish(beginning.kept, callback, BACK["real"])

    assert (outcome.ending, outcome.reason) == (Ending.FAILED, "provider_error")


def real_issuer(way):
    return way.settings["issuer"]


# --- one that lies --------------------------------------------------------------------------


def forged(forger, key=None, alg="ES256", **changes):
    """A token of the forger for whoever asks, with something changed."""
    now = int(time.time())
    claims = {
        "iss": forger.issuer,
        "sub": "miren",
        "aud": "ventanilla",
        "iat": now,
        "exp": now + 60,
        "nonce": "n" * 20,
        "acr": "high",
        **changes,
    }
    claims = {name: text for name, text in claims.items() if text is not None}
    registry = JWSRegistry(algorithms=[alg])
    return jwt.encode({"alg": alg, "kid": "one"}, claims, key or forger.key, registry=registry)


def ask(forger, id_token):
    forger.token = lambda: {"access_token": "a", "token_type": "Bearer", "id_token": id_token}
    way = openid(forger.settings)
    kept = {**way.begin("http://vilaclara.localhost/x", "ca").kept, "nonce": "n" * 20}
    return way.finish(kept, {"state": kept["state"], "code": "c"}, "http://vilaclara.localhost/x")


def test_the_forger_is_believed_while_it_does_not_lie():
    with a_forger() as forger:
        assert ask(forger, forged(forger)).ending is Ending.IDENTIFIED


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "m" * 20},
        {"nonce": None},
        {"aud": "somebody else"},
        {"aud": ["somebody else"], "azp": "ventanilla"},
        {"aud": None},
        {"iss": "http://127.0.0.1:1"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": "xoan"},
    ],
    ids=str,
)
def test_a_token_that_is_not_about_this_is_nobody(lie):
    with a_forger() as forger:
        assert ask(forger, forged(forger, **lie)).ending is Ending.FAILED


def test_a_token_signed_with_our_own_secret_or_by_nobody_is_nobody():
    with a_forger() as forger:
        ours = jwk.OctKey.import_key(SECRET)
        stranger = jwk.ECKey.generate_key("P-256", {"kid": "one"})
        head, body, _signature = forged(forger).split(".")
        unsigned = f"eyJhbGciOiJub25lIn0.{body}."

        for token in (
            forged(forger, ours, "HS256"),
            forged(forger, stranger),
            unsigned,
            f"{head}.{body}.",
            "",
            None,
            7,
            "x" * 100_000,
        ):
            assert ask(forger, token).ending is Ending.FAILED, token


def test_an_issuer_that_says_it_is_another_is_nobody():
    with a_forger() as forger:
        token = forged(forger)
        forger.metadata["issuer"] = "http://127.0.0.1:1"

        assert ask(forger, token).ending is Ending.FAILED


@pytest.mark.parametrize("about", [[], {}, {"sub": "xoan"}, "x", None], ids=str)
def test_data_about_somebody_else_is_refused(about):
    with a_forger() as forger:
        forger.about = about

        assert ask(forger, forged(forger)).ending is Ending.FAILED


# --- one that is not there ------------------------------------------------------------------


def nowhere(settings):
    """The same provider, where nobody listens."""
    port = a_free_port()
    return {
        key: f"http://127.0.0.1:{port}/x" if str(text).startswith("http") else text
        for key, text in settings.items()
    }


def test_a_provider_that_is_not_there_is_down(provider):
    with pytest.raises(ProviderDown):
        openid(nowhere(provider.oidc)).begin(BACK["real"], "ca")
    way = valid(nowhere(provider.valid))
    kept = way.begin(BACK["valid"], "ca").kept

    assert way.finish(kept, {"state": kept["state"], "code": "c"}, "x").ending is Ending.DOWN


def test_a_provider_that_does_not_answer_in_time_is_down(provider):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        there = f"http://127.0.0.1:{mute.getsockname()[1]}/token"
        way = valid({**provider.valid, "token_url": there, "timeout": 0.2})
        kept = way.begin(BACK["valid"], "ca").kept

        outcome = way.finish(kept, {"state": kept["state"], "code": "c"}, BACK["valid"])

    assert outcome.ending is Ending.DOWN


def test_the_access_token_is_written_nowhere(provider, caplog):
    """VALid wants it in the address, and addresses love to be logged."""
    caplog.set_level(logging.DEBUG)
    broken = valid({**provider.valid, "userinfo_url": nowhere(provider.valid)["userinfo_url"]})

    with capture_logs() as lines:
        come_back(valid(provider.valid), "miren")
        outcome, _beginning, _callback = come_back(broken, "miren")

    written = caplog.text + str(lines)
    assert outcome.ending is Ending.DOWN
    assert "ConnectionError" in written
    assert "AccessToken" not in written
    assert "code_verifier" not in written
