# Copyright (c) 2026, Community ZITADEL collection contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of service accounts."""

from __future__ import annotations

import threading

from .store import Store, User


def make_key(store: Store, user: User, *, fresh: bool = False) -> dict[str, str]:
    """Add a key to a user and return the content of its file. All share one RSA key unless ``fresh``."""
    private, public = _new_key_pair() if fresh else _shared_key_pair()
    key_id = store.new_id()
    user.keys[key_id] = public
    return {
        "type": "serviceaccount",
        "keyId": key_id,
        "key": private,
        "expirationDate": "2099-01-01T00:00:00Z",
        "userId": user.user_id,
    }


_key_lock = threading.Lock()
_key_pairs: list[tuple[str, str]] = []


def _shared_key_pair() -> tuple[str, str]:
    with _key_lock:
        if not _key_pairs:
            _key_pairs.append(_new_key_pair())
        return _key_pairs[0]


def _new_key_pair() -> tuple[str, str]:
    # Only here: everything else runs without it.
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private_pem.decode(), public_pem.decode()
