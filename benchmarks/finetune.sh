#!/usr/bin/env bash
# Accuracy and time of a pretrained network on the flowers, from cold: the cache is made anew for every run.
#   benchmarks/finetune.sh FLOWERS WEIGHTS.safetensors [head|all] [SEED...]
# Prints one line a run: what, seed, validation accuracy of the best epoch, seconds of the whole command.
set -euo pipefail
flowers=$1 weights=$2 tune=${3:-head}
shift $(($# < 3 ? $# : 3))
seeds=("$@")
[ ${#seeds[@]} -gt 0 ] || seeds=(123 1 2)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for seed in "${seeds[@]}"; do
    rm -rf "$scratch/cache"
    umbel train "$flowers" --split keras --seed "$seed" --recipe finetune --pretrained "$weights" --tune "$tune" \
        --cache "$scratch/cache" --out "$scratch/$tune-$seed" --json 2> "$scratch/err" |
        grep '"event":"end"' | sed -E "s/.*\"val_accuracy\":([0-9.]+).*\"seconds\":([0-9.]+).*/$tune seed $seed: val_accuracy \1, \2 s/"
done
