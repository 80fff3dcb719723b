"""Calls an API for a person, with what their browser brought. See README.md."""
import base64
import hashlib
import json
import os
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

env = os.environ


def access_token(refused=None):
    """An access token of the person, fresh; `refused` is one that the API did not take."""
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": env["SESSION"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": env["CONNECTION"],
    }
    if refused is not None:
        form["rejected_token_hash"] = hashlib.sha256(refused.encode()).hexdigest()
    credentials = base64.b64encode(f"{env['SERVICE_ID']}:{env['SERVICE_SECRET']}".encode()).decode()
    request = Request(env["BASE"] + "/token", urlencode(form).encode(), {"Authorization": "Basic " + credentials})
    try:
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)["access_token"]
    except HTTPError as refusal:
        body = json.load(refusal)
        if "connect_uri" in body:
            print("connect first: " + body["connect_uri"])
            sys.exit(3)
        sys.exit(f"{refusal.code} {body.get('error')} {body.get('code', '')}")


def call(token):
    with urlopen(Request(env["API"], headers={"Authorization": "Bearer " + token}), timeout=30) as answer:
        return answer.read().decode()


token = access_token()
try:
    print(call(token))
except HTTPError as refusal:
    if refusal.code != 401:
        raise
    print(call(access_token(refused=token)))
