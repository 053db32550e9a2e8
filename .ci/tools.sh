# shellcheck shell=bash
# What benchmarks and tests can use besides Node; sourced by .ci/run. Nothing here is needed by `npm test`, and nothing
# here fails a run: what cannot be installed is added to `skipped`, and what needs it says so and leaves it out.

declare -a skipped=()
PATH=$PATH:/usr/sbin:/usr/local/sbin:/usr/local/go/bin

knative_version=v0.50.0 # of knative.dev/serving, which is Knative 1.23
go_version=1.26.8
go_sha256=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7 # linux-amd64

have() { command -v "$1" >/dev/null 2>&1; }

# Load generators, the peer to compare with, and what reads our metrics and alerts, from Debian.
install_packages() {
  local -a missing=()
  have nginx || missing+=(nginx-light)
  have wrk || missing+=(wrk)
  have h2load || missing+=(nghttp2-client)
  have promtool && have prometheus || missing+=(prometheus)
  have chromium || missing+=(chromium)
  have nats-server || missing+=(nats-server)
  have curl || missing+=(curl)
  have go || have unzip || missing+=(unzip)
  ((${#missing[@]} == 0)) && return 0
  if ! have apt-get || (($(id -u) != 0)); then
    skipped+=("${missing[*]}: not installed, and apt-get is missing or this is not root")
    return 0
  fi
  # nginx and Prometheus are wanted as programs: do not let their packages start a server.
  local policy=/usr/sbin/policy-rc.d made=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && made=1
  fi
  export DEBIAN_FRONTEND=noninteractive
  timeout 600 bash -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' apt "${missing[@]}" >/dev/null ||
    skipped+=("${missing[*]}: apt-get could not install them")
  ((made)) && rm -f "$policy"
  return 0
}

# Go, from the module proxy: only to build the peers below.
install_go() {
  have go && return 0
  [[ $(uname -sm) == 'Linux x86_64' ]] && have curl && have unzip || return 1
  local name=golang.org/toolchain@v0.0.1-go$go_version.linux-amd64 zip=$cache/go.zip
  if [[ ! -x $cache/$name/bin/go ]]; then
    curl -sSf --max-time 300 -o "$zip" "https://proxy.golang.org/golang.org/toolchain/@v/${name#*@}.zip" &&
      echo "$go_sha256  $zip" | sha256sum --check --quiet &&
      unzip -q -o -d "$cache" "$zip" || return 1
    chmod -R +x "$cache/$name/bin" "$cache/$name/pkg/tool"
    rm -f "$zip"
  fi
  PATH=$PATH:$cache/$name/bin
}

# Knative's autoscaler as a program, which the tests of ours are compared with. Built anew when its sources change.
build_autoscaler_oracle() {
  local source=test/autoscaler-oracle/go binary
  binary=$cache/knative-$knative_version/autoscaler-oracle-$(cat "$source"/* | sha256sum | cut -c1-16)
  if [[ ! -x $binary ]]; then
    install_go && timeout 900 go -C "$source" test -c -buildvcs=false -o "$binary" . || {
      skipped+=("Knative's autoscaler: could not be built")
      return 0
    }
  fi
  export KNATIVE_AUTOSCALER_ORACLE=$binary
}

# A receiver of OTLP made of the OpenTelemetry Collector's own code, which reads the spans that the tests send it.
build_otlp_receiver() {
  local source=test/otlp/receiver binary
  binary=$cache/otlp-receiver-$(cat "$source"/* | sha256sum | cut -c1-16)
  if [[ ! -x $binary ]]; then
    install_go && timeout 900 go -C "$source" build -buildvcs=false -o "$binary" . || {
      skipped+=('the receiver of OTLP: could not be built')
      return 0
    }
  fi
  export OTLP_RECEIVER=$binary
}

# Knative's queue-proxy, the peer that the benchmarks compare with.
build_knative() {
  local binary=$cache/knative-$knative_version/queue
  if [[ ! -x $binary ]]; then
    install_go && GOBIN=${binary%/*} timeout 900 go install "knative.dev/serving/cmd/queue@$knative_version" || {
      skipped+=("Knative's queue-proxy: could not be built")
      return 0
    }
  fi
  export KNATIVE_QUEUE_PROXY=$binary
}

printf '==> tools\n'
install_packages
build_knative
build_autoscaler_oracle
build_otlp_receiver
