#!/bin/sh
# Fetches what static/vendor/ holds and writes it anew. Needs npm and nothing else; run it from anywhere.
#
#   bootstrap@5.3.9 (npm)  dist/css/bootstrap.min.css, LICENSE
#   zxcvbn@4.4.2 (npm)     dist/zxcvbn.js, LICENSE.txt
#
# The files are kept as published, but for this: references to source maps are dropped, and the stylesheet is wrapped in a
# cascade layer, so that the gateway's own rules always win without fighting over specificity. Bootstrap's JavaScript is
# not used. zxcvbn judges passwords while they are typed; pages load it when a password is begun (static/js/strength.js).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# fetch NAME VERSION INTEGRITY: the published package lies in $work/NAME afterwards, its name and hash in $here/NAME/VERSION.
fetch() {
  cd "$work"
  npm pack --silent "$1@$2" >/dev/null
  actual="sha512-$(openssl dgst -sha512 -binary "$1-$2.tgz" | openssl base64 -A)"
  if [ "$actual" != "$3" ]; then
    echo "$1@$2 is not what was expected: $actual" >&2
    exit 1
  fi
  tar -xzf "$1-$2.tgz"
  mv package "$1"
  mkdir -p "$here/$1"
  printf '%s@%s\n%s\n' "$1" "$2" "$3" >"$here/$1/VERSION"
}

fetch bootstrap 5.3.9 sha512-20cU0rcfw8WdxtVbmfU+xT2EjvVTw9Ror/h1Qvd7DXCujRg8OO9mdBCsmTHdJFf3BuadmBNJtgIuUXsBqSkk/w==
{
  printf '@layer bootstrap{\n'
  sed -e 's/^@charset "UTF-8";//' -e '/sourceMappingURL=/d' bootstrap/dist/css/bootstrap.min.css
  printf '\n}\n'
} >"$here/bootstrap/bootstrap.min.css"
cp bootstrap/LICENSE "$here/bootstrap/LICENSE"

fetch zxcvbn 4.4.2 sha512-Bq0B+ixT/DMyG8kgX2xWcI5jUvCwqrMxSFam7m0lAf78nf04hv6lNCsyLYdyYTrCVMqNDY/206K7eExYCeSyUQ==
sed -e '/sourceMappingURL=/d' zxcvbn/dist/zxcvbn.js >"$here/zxcvbn/zxcvbn.js"
cp zxcvbn/LICENSE.txt "$here/zxcvbn/LICENSE"

echo "static/vendor is as this script says"
