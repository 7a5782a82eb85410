"""Session tokens: RS256 JWTs (RFC 7519) that name a user and a session, valid for about a minute."""

from __future__ import annotations

import re
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lightfast.emulator.errors import RefusedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

__all__ = ["Claims", "SigningKey", "issue", "read"]

ALGORITHM = "RS256"
LEEWAY = 1  # seconds that the reader's clock may differ from the writer's
# Base64url without padding: a lenient decoder ignores other characters, so that one token would have many spellings.
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)  # RFC 7515 §7.1
_MALFORMED = "Invalid session: it is not a session token."
_NAMES = ("sub", "sid", "iss", "iat", "nbf", "exp")


@attrs.frozen
class Claims:
    """Claims of a token.

    Args:
        sub: The user.
        sid: The session.
        iat: When it was issued, in seconds since 1970.
        exp: When it expires.
    """

    sub: str
    sid: str
    iat: int
    exp: int


@attrs.define(slots=False, repr=False)
class SigningKey:
    """RSA key of a database.

    Args:
        id: Its name, which tells one database's tokens from another's.
        pem: The private key: PKCS #8.
    """

    id: str
    pem: bytes

    @classmethod
    def generate(cls) -> SigningKey:
        """Create a key of 2048 bits."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return cls(secrets.token_hex(4), pem)

    @cached_property
    def private(self) -> RSAPrivateKey:
        """The private key."""
        key = serialization.load_pem_private_key(self.pem, password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the database's signing key is not an RSA key")
        return key

    @property
    def issuer(self) -> str:
        """The issuer of tokens signed with it."""
        return f"urn:lightfast:emulator:{self.id}"


def issue(key: SigningKey, claims: Claims) -> str:
    """Sign claims as a token."""
    content = {
        "sub": claims.sub,
        "sid": claims.sid,
        "iss": key.issuer,
        "iat": claims.iat,
        "nbf": claims.iat,
        "exp": claims.exp,
    }
    return jwt.encode(content, key.private, algorithm=ALGORITHM, headers={"kid": key.id})


def read(key: SigningKey, token: str, *, now: float) -> Claims:
    """Return the claims of a token after checking its signature, issuer and times.

    Args:
        key: The key that must have signed it.
        token: The token.
        now: Seconds since 1970.

    Raises:
        RefusedError: The token is not valid; the message says why.
    """
    if not _COMPACT.fullmatch(token):
        raise RefusedError(_MALFORMED)
    try:
        # One algorithm, ours: what the token's own header asks for decides nothing (RFC 8725 §3.1).
        content = jwt.decode(
            token,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            issuer=key.issuer,
            options={
                "require": list(_NAMES),
                # Checked below, by the clock that the caller gives.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except jwt.PyJWTError as error:
        raise RefusedError(_invalid(error)) from None
    return _timely(content, now)


def _timely(content: dict[str, Any], now: float) -> Claims:
    sub, sid, _, *times = (content[name] for name in _NAMES)
    if not isinstance(sid, str) or not all(type(time) is int for time in times):
        raise RefusedError("Invalid session: a claim has the wrong type.")
    iat, nbf, exp = times
    if now >= exp + LEEWAY:
        raise RefusedError("Session has expired; get a fresh token, or sign in again.")
    if now < max(nbf, iat) - LEEWAY:
        raise RefusedError("Invalid session: it is not valid yet.")
    return Claims(sub, sid, iat, exp)


def _invalid(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.InvalidIssuerError():
            return "Invalid session: it was issued elsewhere."
        case jwt.MissingRequiredClaimError():
            return f"Invalid session: it lacks the claim '{error.claim}'."
        case jwt.InvalidAlgorithmError():
            return f"Invalid session: it is not signed with {ALGORITHM}."
        case jwt.InvalidSignatureError():
            return "Invalid session: its signature is not this server's."
    return _MALFORMED
