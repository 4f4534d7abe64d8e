"""What identity forgets by itself."""

from app.core.db import transaction
from app.core.jobs import every
from app.identity import services
from app.towns.tenant import every_town


@every(600)
def forget() -> None:
    with every_town(), transaction():
        services.forget_challenges()
        services.forget_sessions()
