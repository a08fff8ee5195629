"""What seals what events say, where nothing can be deleted? A random key that stands beside them and goes with them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class DataKey:
    """256 bits, known to nobody but the row it stands in."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """16 hex that name the key in clear; they tell nothing of it."""
        return sha256(b"segue data key" + self.secret).hexdigest()[:16]


NewKey: TypeAlias = Callable[[], DataKey]


def random_key() -> DataKey:
    """A key that was never there before."""
    return DataKey(secrets.token_bytes(KEY_BYTES))


class DataKeys:
    """How a KEY row becomes bytes: as they are."""

    def encode(self, content: DataKey) -> bytes:
        """See ``functions.shared.rows.Codec``."""
        return content.secret

    def decode(self, data: bytes) -> DataKey:
        """See ``functions.shared.rows.Codec``."""
        return DataKey(data)
