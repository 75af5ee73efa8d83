#!/usr/bin/env bash
# Shows on a real cluster that its size and its losses change nothing: trains a job while workers are scaled 1 -> 4 -> 2, a
# parameter server's pod and a coordinator's are deleted, and compares the weights with those of a training on this machine.
#
#   KUBECONFIG=~/.kube/config deploy/k8s/e2e.sh IMAGE [--overlay dev|prod] [--namespace NAME] [--epochs N] [--keep]
#
# IMAGE is one that the cluster can pull. The default overlay is dev: one machine, about 6 GiB. --keep leaves everything for a
# look. SAMPO in the environment is the local `sampo` (default: the checkout's), E2E_SHA256 the expected sum without one,
# E2E_PATIENCE the seconds to wait for each thing (300). Exit codes: 0 the same bits, 1 not, or it never came, 2 usage or no cluster.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")

usage() { sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
image='' overlay=dev namespace=sampo-e2e epochs=2000 keep=
while [ $# -gt 0 ]; do
  case "$1" in
    --overlay | --namespace | --epochs) [ $# -ge 2 ] || usage; declare "${1#--}=$2"; shift ;;
    --keep) keep=yes ;;
    -*) usage ;;
    *) [ -z "$image" ] || usage; image=$1 ;;
  esac
  shift
done
[ -n "$image" ] || usage
case "$overlay" in dev | prod) ;; *) echo "e2e: --overlay must be dev or prod, was \"$overlay\"" >&2; exit 2 ;; esac
patience=${E2E_PATIENCE:-300}
sampo=${SAMPO:-$root/sampo}
spec=examples/digits/mlp.yaml
# Four ranks, so that four workers have something to do.
sets=(--set "training.epochs=$epochs" --set training.ranks=4)

say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }
fail() { say "FAILED: $*"; exit 1; }
k() { kubectl --namespace "$namespace" "$@"; }
# Runs `sampo COMMAND` in a pod that this script never touches, through the Service of the coordinators (or of serving).
in_cluster() { k exec -i deploy/sampo-serving -- sampo "$@" --cluster "http://sampo-api:8080"; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# until_true WHAT COMMAND...: asks every second; ends with what was waited for.
until_true() {
  local what=$1 end=$((SECONDS + patience))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || fail "$what: not within $patience s"
    sleep 1
  done
  say "$what"
}

state='' step=0 job=''
# The job's state and step; false while nobody answers, as when the coordinator begins again.
look() {
  local view
  view=$(in_cluster status "$job" --json </dev/null 2>/dev/null) || return 1
  state=$(field state <<<"$view") step=$(field step <<<"$view")
  [ "$state" != failed ] || fail "the job failed: $(field reason <<<"$view")"
}
trains() { look && [ "$state" = training ] && [ "$step" -gt "$1" ]; }
# The job must get further than it was before a change, and not be over before it: else nothing would be shown.
goes_on() {
  local before=$step
  until_true "$1: the job goes on past step $before" passed "$before"
}
passed() {
  look || return 1
  [ "$state" != "done" ] || fail "the job was done before the cluster was changed; use a larger --epochs"
  [ "$state" = training ] && [ "$step" -gt "$1" ]
}
ended() { look && case "$state" in done | cancelled) ;; *) false ;; esac; }

roll() {
  for workload in statefulset/sampo-coordinator statefulset/sampo-ps deploy/sampo-worker deploy/sampo-ingest deploy/sampo-serving; do
    k rollout status "$workload" --timeout "${patience}s" >/dev/null || fail "$workload did not become ready"
  done
}
# Nodes that are up with a role, as the cluster itself tells.
nodes() { in_cluster nodes </dev/null 2>/dev/null | awk -v role="$1" '$2 == "up" && $3 == role { n++ } END { print n + 0 }'; }
are() { [ "$(nodes "$2")" = "$1" ]; }
scale() {
  k scale deploy/sampo-worker --replicas "$1" >/dev/null
  until_true "workers: $1 in the cluster" are "$1" worker
}

work=$(mktemp -d "$here/.e2e.XXXXXX") # beside the overlays, which kustomize wants to be named by relative paths
finish() {
  code=$?
  trap - EXIT
  if [ $code -ne 0 ] && [ -n "$applied" ]; then
    echo "--- the namespace at the end" >&2
    k get pods -o wide >&2 || true
    k get events --sort-by .lastTimestamp 2>/dev/null | tail -20 >&2 || true
    for pod in $(k get pods -o name 2>/dev/null); do
      echo "--- $pod" >&2
      k logs "$pod" --tail 20 >&2 || true
    done
  fi
  if [ -n "$applied" ]; then
    if [ -n "$keep" ]; then
      say "kept: namespace $namespace"
    else
      kubectl delete namespace "$namespace" --wait=true --timeout "${patience}s" >/dev/null && say "cleaned up: namespace $namespace"
    fi
  fi
  rm -rf "$work"
  exit $code
}
applied=
trap finish EXIT
trap 'exit 130' INT TERM

command -v kubectl >/dev/null || { echo "e2e: kubectl is not in the PATH" >&2; exit 2; }
kubectl version >/dev/null 2>"$work/version" || { echo "e2e: no cluster answers: $(tail -1 "$work/version")" >&2; exit 2; }
if kubectl get namespace "$namespace" >/dev/null 2>&1; then
  echo "e2e: the namespace $namespace exists; delete it or name another by --namespace" >&2
  exit 2
fi

expected=${E2E_SHA256:-}
if [ -z "$expected" ]; then
  expected=$("$sampo" train "$root/$spec" "${sets[@]}" --home "$work/home" --json 2>"$work/train" | field weightsSha256) || true
  [ -n "$expected" ] || { cat "$work/train" >&2; fail "the training on this machine gave no weights"; }
fi
say "expected: $expected"

case "${image##*/}" in
  *@*) tag="newName: ${image%@*}, digest: ${image##*@}" ;;
  *:*) tag="newName: ${image%:*}, newTag: \"${image##*:}\"" ;;
  *) tag="newName: $image, newTag: latest" ;;
esac
# The overlay under a name of its own, with two parameter servers: one is going to be deleted.
cat >"$work/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: $namespace
resources: [../overlays/$overlay]
replicas:
  - {name: sampo-ps, count: 2}
  - {name: sampo-worker, count: 1}
images:
  - {name: sampo, $tag}
YAML
applied=yes
if [ "$overlay" = prod ]; then
  kubectl create namespace "$namespace" >/dev/null
  k create secret generic sampo-postgres --from-literal "password=$(head -c 24 /dev/urandom | base64 | tr -d '+/')" >/dev/null
fi
kubectl apply -k "$work" >/dev/null
say "applied: overlays/$overlay with $image in namespace $namespace"
roll
say "ready: all roles"
until_true "parameter servers: 2 in the cluster" are 2 ps

job=$(in_cluster submit "/opt/sampo/$spec" "${sets[@]}" </dev/null) || fail "the job was not taken"
say "submitted: $job"
until_true "$job trains" trains 0
for workers in 4 2; do
  scale "$workers"
  goes_on "workers: $workers"
done
k delete pod sampo-ps-1 --wait=true >/dev/null
say "deleted: sampo-ps-1"
goes_on "without sampo-ps-1"
until_true "parameter servers: 2 again" are 2 ps
k delete pod sampo-coordinator-0 --wait=true >/dev/null
say "deleted: sampo-coordinator-0"
goes_on "without sampo-coordinator-0"
say "to the job's end: at most $((patience * 6)) s"
patience=$((patience * 6)) until_true "$job ended" ended
[ "$state" = "done" ] || fail "$job is $state"

actual=$(in_cluster status "$job" --json </dev/null | field weightsSha256)
[ "$actual" = "$expected" ] || fail "the weights differ: $actual here, $expected on this machine"
say "the same bits: $actual"

gunzip -c "$root/examples/digits/digits-test.csv.gz" | sed -n 1,3p >"$work/rows.csv"
predicted() { k exec -i deploy/sampo-serving -- sampo predict digits-mlp --data - --cluster http://sampo-serving:8080 <"$work/rows.csv" >"$work/answers" 2>/dev/null; }
until_true "serving has the model" predicted
[ "$(wc -l <"$work/answers")" = 2 ] || fail "2 rows were asked for, the answer was: $(cat "$work/answers")"
say "predicted: $(cut -f 1 "$work/answers" | awk '{ printf "%s ", $1 }')"
say "PASSED"
