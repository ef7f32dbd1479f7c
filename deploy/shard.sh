#!/bin/sh
# One shard of a campaign: the very same command wherever it runs. Further options may follow, such as --system buddy.
#
#   INDEX   which shard, from 0        SHARDS  how many there are
#   SEED    seed of the first run      TIME    how long each system is searched
#   OUT     folder for reports and checkpoints; one that outlives the process lets it go on after being killed
#
# Exit codes are those of mm-check: 0 holds, 1 a counterexample, 2 wrong use, 3 a fault of mm-check.
set -eu
: "${INDEX:?which shard, from 0}" "${SHARDS:?how many shards}"
OUT=${OUT:-out}
mkdir -p "$OUT"
exec mm-check run --seed "${SEED:-1}" --time "${TIME:-30m}" --shard "$((INDEX + 1))/$SHARDS" \
  --checkpoint "$OUT/shard-$INDEX.jsonl" --resume \
  --json "$OUT/shard-$INDEX.json" --junit "$OUT/shard-$INDEX.xml" --save "$OUT/found-$INDEX" "$@"
