#!/usr/bin/env bash
# Runs one audit, or puts the shards of one together, and leaves its reports in a folder. Called by action.yml and ci/gitlab.yml.
#
# Everything comes in through variables, and every value goes to the command line as one word of its own: whatever a branch or an output is
# called, no shell reads it as a command.
#
#   FLAKE_TRUST_FLAKE       directory of the flake; default .
#   FLAKE_TRUST_OUTPUTS     installables to audit, in words; `all` for all
#   FLAKE_TRUST_PATHS       store paths to audit, in words
#   FLAKE_TRUST_CHALLENGE   true: ask every cache for every path
#   FLAKE_TRUST_FAIL_ON     error, warning, information or never; default error
#   FLAKE_TRUST_SHARD       i/n: only this part
#   FLAKE_TRUST_MERGE       folder with reports of shards, to be put together instead of an audit
#   FLAKE_TRUST_PARTIAL     true: put them together although some are missing
#   FLAKE_TRUST_ARGS        further arguments of `flake-trust audit`, one a line
#   FLAKE_TRUST_REPORT_DIR  where reports go; default flake-trust-report
#   FLAKE_TRUST_CLI         the command line; default that of this folder, which is built when it is not there
#
# Exit code: that of flake-trust. 0: nothing at or above FAIL_ON; 1: findings; 2: could not be completed.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cli=${FLAKE_TRUST_CLI:-$root/dist/cli.js}
reports=${FLAKE_TRUST_REPORT_DIR:-flake-trust-report}
fail_on=${FLAKE_TRUST_FAIL_ON:-error}
shard=${FLAKE_TRUST_SHARD:-}
# What a part finds counts when all are put together; alone it fails only when it could not be completed.
[[ -n $shard ]] && fail_on=never

if [[ ! -f $cli ]]; then
  echo 'Building flake-trust' >&2
  # Without scripts of packages: nothing but our own build runs.
  (cd -- "$root" && npm ci --ignore-scripts --no-audit --no-fund && node esbuild.mjs --production) >&2
fi

mkdir -p -- "$reports"
report=$reports/report.json
rm -f -- "$report" "$reports"/report.{sarif,md,cdx.json}

# Nothing between blanks is a pattern for file names.
set -f
if [[ -n ${FLAKE_TRUST_MERGE:-} ]]; then
  args=(merge)
  [[ ${FLAKE_TRUST_PARTIAL:-false} == true ]] && args+=(--partial)
  files=()
  while IFS= read -r -d '' file; do files+=("$file"); done < <(find "$(realpath -- "$FLAKE_TRUST_MERGE")" -name report.json -type f -print0 | sort -z)
  if ((${#files[@]} == 0)); then
    echo 'There is no report.json to put together' >&2
    exit 2
  fi
  last=("${files[@]}")
else
  args=(audit)
  for output in ${FLAKE_TRUST_OUTPUTS:-}; do args+=("--output=$output"); done
  for path in ${FLAKE_TRUST_PATHS:-}; do args+=("--path=$path"); done
  [[ ${FLAKE_TRUST_CHALLENGE:-false} == true ]] && args+=(--challenge)
  [[ -n $shard ]] && args+=("--shard=$shard")
  while IFS= read -r word; do
    [[ -n $word ]] && args+=("$word")
  done <<<"${FLAKE_TRUST_ARGS:-}"
  last=("${FLAKE_TRUST_FLAKE:-.}")
fi
set +f

code=0
node -- "$cli" "${args[@]}" "--fail-on=$fail_on" --json "--out=$report" -- "${last[@]}" || code=$?

# One audit, many formats: each is printed from the report, and nobody is asked again. A shard alone says too little for that.
if [[ -f $report && -z $shard ]]; then
  node -- "$cli" merge --quiet --fail-on=never --format=sarif "--out=$reports/report.sarif" -- "$report" || code=2
  node -- "$cli" merge --quiet --fail-on=never --format=cyclonedx "--out=$reports/report.cdx.json" -- "$report" || code=2
  node -- "$cli" merge --quiet --fail-on=never --format=markdown "--out=$reports/report.md" -- "$report" || code=2
fi
[[ -f $report ]] && node -- "$cli" merge --partial --fail-on=never -- "$report"
exit "$code"
