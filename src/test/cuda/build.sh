#!/usr/bin/env bash
# build.sh OUT.so FOLDER: the emulator with the kernels of all .cu files of a folder
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); mkdir -p "$1.parts"; out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1"); folder=$(cd "$2" && pwd); made=$out.parts
export LC_ALL=C
for file in "$folder"/*.cu; do echo "#include \"$file\""; done >"$made/kernels.inc"
# every kernel becomes an entry of the emulator's table
cat "$folder"/*.cu | grep -oE '^extern "C" __global__ void [a-z_0-9]+' | sed 's/.* \(.*\)/K(\1),/' >"$made/list.inc"
# sums and products must not be contracted: the host's Java does not either
# every access to threadIdx goes to a variable of the thread: the faster way to those
fast=; [ "$(uname -m)" = x86_64 ] && fast=-mtls-dialect=gnu2
exec "${CXX:-g++}" $fast -std=c++17 -O2 -g1 -fPIC -shared -ffp-contract=off -Wall -Wno-unknown-pragmas -Wno-unused -I"$here" \
  -DKERNELS_FILE="\"$made/kernels.inc\"" -DKERNELS_LIST="\"$made/list.inc\"" "$here/driver.cpp" -o "$out" -lpthread
