#!/bin/sh
# Calls an API for a person, with what their browser brought. See README.md.
set -eu

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# One member of the last answer. The values have no quotes in them.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$answer"; }

# An access token of the person, fresh, in $token; "$@" are further fields. The secret goes by standard input, where `ps` does not show it.
exchange() {
  status=$(printf 'user = "%s:%s"\n' "$SERVICE_ID" "$SERVICE_SECRET" |
    curl -sS -K - -o "$answer" -w '%{http_code}' "$BASE/token" \
      -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
      -d subject_token_type=urn:ietf:params:oauth:token-type:access_token \
      --data-urlencode "subject_token=$SESSION" --data-urlencode "audience=$CONNECTION" "$@")
  if [ "$status" != 200 ]; then
    connect=$(member connect_uri)
    if [ -n "$connect" ]; then echo "connect first: $connect"; exit 3; fi
    echo "$status $(member error) $(member code)" >&2
    exit 1
  fi
  token=$(member access_token)
}

call() { printf 'header = "Authorization: Bearer %s"\n' "$token" | curl -sS -K - -o "$answer" -w '%{http_code}' "$API"; }

exchange
status=$(call)
if [ "$status" = 401 ]; then
  exchange -d "rejected_token_hash=$(printf %s "$token" | sha256sum | cut -d' ' -f1)"
  status=$(call)
fi
cat "$answer"
echo
[ "$status" -lt 400 ]
