"""Secrets that have to be read again, encrypted as they are stored.

A key or a password is only compared, so its hash is enough. The secret of a webhook endpoint is the
key of a signature and has to be there in full; it is encrypted by Fernet
(https://github.com/fernet/spec/blob/master/Spec.md) under a key that is not in the database, so
that a copy of the tables forges nothing.
"""

import base64
import secrets
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gql.errors import Unavailable
from gql.settings import Settings

ABSENT = (
    "Secrets of webhook endpoints are stored encrypted, and there is no key for that: set"
    " GQL_SECRETS_KEY to what `openssl rand -hex 32` prints, for the servers and for this command."
)

_KEY_BYTES = 32
_WEBHOOK_BYTES = 32


class SecretBox:
    """Seals and opens secrets.

    Args:
        keys: Texts of the setting; the first seals, and each opens, so that a key can be replaced.
    """

    def __init__(self, *keys: str) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The box of these settings; None without a key."""
        key = settings.secrets_key
        return None if key is None else cls(*key.get_secret_value().split(","))

    def seal(self, secret: str) -> str:
        """What is stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret.

        Raises:
            Unavailable: when it was sealed under another key.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Unavailable(
                "The secret of this webhook endpoint was encrypted with another GQL_SECRETS_KEY."
            ) from None


def new_webhook_secret() -> str:
    """A secret as Standard Webhooks write it: https://www.standardwebhooks.com."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_WEBHOOK_BYTES)).decode()


def require_box(box: SecretBox | None) -> SecretBox:
    """The box.

    Raises:
        Unavailable: when there is none.
    """
    if box is None:
        raise Unavailable(ABSENT)
    return box


def _derived(key: str) -> bytes:
    """A key as Fernet wants it, of a text of any form that is as hard to guess."""
    kdf = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"jackfield secrets")
    return base64.urlsafe_b64encode(kdf.derive(key.strip().encode()))
