"""An app behind Latchkey, in another language and with another library (PyJWT): checks an assertion and prints its claims.

python3 verify.py JWKS_URL ISSUER AUDIENCE < assertion
Exits with 1 and the name of the error when it is refused.
"""
import json
import sys

import jwt
from jwt import PyJWKClient

keys_url, issuer, audience = sys.argv[1:4]
token = sys.stdin.read().strip()
try:
    if jwt.get_unverified_header(token).get("typ") != "latchkey-assertion+jwt":
        raise jwt.InvalidTokenError("typ")
    key = PyJWKClient(keys_url).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token,
        key.key,
        algorithms=["EdDSA", "ES256"],
        issuer=issuer,
        audience=audience,
        options={"require": ["exp", "iat", "iss", "sub", "aud", "jti", "sid"]},
    )
    print(json.dumps(claims))
except (jwt.InvalidTokenError, jwt.PyJWKClientError) as error:
    print(type(error).__name__)
    sys.exit(1)
