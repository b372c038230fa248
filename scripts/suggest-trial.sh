#!/usr/bin/env bash
# Labels chosen by 'data suggest' against labels chosen at random, on rendered scenes:
#   scripts/suggest-trial.sh OUT [SEEDS] [STEPS] [START] [MORE]      default: 5 seeds, 300 steps, 8 labels, 8 more
# For each seed: train on START labels, add MORE by choice and, apart from that, at random, train each again, measure on val.
# Writes OUT/table.csv. What is there already is not made again.
set -euo pipefail
out=${1:?the folder to write to}; seeds=${2:-5}; steps=${3:-300}; start=${4:-8}; more=${5:-8}
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
hiervl=${HIERVL:-$home/hiervl}
clip=$home/graphs/tiny-clip
mkdir -p "$out"
out=$(cd "$out" && pwd)
data=$out/scenes
[ -d "$data" ] || "$hiervl" data synth "$data" --seed 7
# All photos with masks, in one order for each seed; the first ones are the labels of the start.
shuffled() { cat "$data"/splits/72/labeled.txt | awk -v s="$1" 'BEGIN {srand(s)} {print rand() "\t" $0}' | sort -n | cut -f 2; }
train() { # run labels unlabelled
  [ -f "$1/done" ] || {
    rm -rf "$1"
    "$hiervl" train --quiet --recipe tiny --data "$data" --clip "$clip" --labeled "$2" --unlabeled "$3" --out "$1" --no-eval \
      --set train.steps="$steps" --set train.warmup=$((steps < 40 ? 1 : 40)) ${SUGGEST_TRIAL_SET:-}
    touch "$1/done"
  }
}
miou() { "$hiervl" eval --quiet --model "$1" --data "$data" --list "$data/val.txt" --json | sed 's/.*"miou":\([0-9.eE-]*\).*/\1/'; }
[ -f "$out/table.csv" ] || echo seed,start,chosen,random >"$out/table.csv"
for seed in $(seq 1 "$seeds"); do
  ! grep -q "^$seed," "$out/table.csv" || continue
  dir=$out/seed-$seed
  mkdir -p "$dir"
  shuffled "$seed" >"$dir/all.txt"
  head -n "$start" "$dir/all.txt" >"$dir/start.txt"
  tail -n +"$((start + 1))" "$dir/all.txt" >"$dir/rest.txt"
  cut -d ' ' -f 1 "$dir/rest.txt" >"$dir/pool.txt"
  train "$dir/start" "$dir/start.txt" "$dir/pool.txt"
  "$hiervl" data suggest --quiet --model "$dir/start" --data "$data" --labeled "$dir/start.txt" --unlabeled "$dir/pool.txt" \
    --clip "$clip" --count "$more" --out "$dir/suggested" >/dev/null
  grep -F -w -f "$dir/suggested/suggested.txt" "$dir/rest.txt" | cat "$dir/start.txt" - >"$dir/chosen.txt"
  head -n "$more" "$dir/rest.txt" | cat "$dir/start.txt" - >"$dir/random.txt"
  for way in chosen random; do
    grep -v -F -x -f "$dir/$way.txt" "$dir/all.txt" | cut -d ' ' -f 1 >"$dir/$way-pool.txt"
    train "$dir/$way" "$dir/$way.txt" "$dir/$way-pool.txt"
  done
  echo "$seed,$(miou "$dir/start"),$(miou "$dir/chosen"),$(miou "$dir/random")" >>"$out/table.csv"
done
cat "$out/table.csv"
