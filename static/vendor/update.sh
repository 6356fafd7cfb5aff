#!/bin/sh
# Fetches what static/vendor/ holds and writes it anew. Needs npm and nothing else; run it from anywhere.
#
#   bootstrap@5.3.9 (npm)  dist/css/bootstrap.min.css, LICENSE
#
# The stylesheet is kept as published, but for two things: it is wrapped in a cascade layer, so that the gateway's
# own rules always win without fighting over specificity, and the reference to its source map is dropped.
# Bootstrap's JavaScript is not used.
set -eu

version=5.3.9
integrity=sha512-20cU0rcfw8WdxtVbmfU+xT2EjvVTw9Ror/h1Qvd7DXCujRg8OO9mdBCsmTHdJFf3BuadmBNJtgIuUXsBqSkk/w==

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm pack --silent "bootstrap@$version" >/dev/null
archive="bootstrap-$version.tgz"
actual="sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)"
if [ "$actual" != "$integrity" ]; then
  echo "bootstrap@$version is not what was expected: $actual" >&2
  exit 1
fi
tar -xzf "$archive"

target="$here/bootstrap"
mkdir -p "$target"
{
  printf '@layer bootstrap{\n'
  sed -e 's/^@charset "UTF-8";//' -e '/sourceMappingURL=/d' package/dist/css/bootstrap.min.css
  printf '\n}\n'
} >"$target/bootstrap.min.css"
cp package/LICENSE "$target/LICENSE"
printf 'bootstrap@%s\n%s\n' "$version" "$integrity" >"$target/VERSION"
echo "bootstrap@$version is in $target"
