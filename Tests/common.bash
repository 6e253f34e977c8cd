# Shared by the scripts under Tests; sourced, not run.
#
# Sets `repository` and `cache`, and turns to C locale so that versions and names sort the same everywhere.
set -euo pipefail
export LC_ALL=C.UTF-8

repository=$(realpath "${BASH_SOURCE[0]%/*}/..")
# Downloads, the guest's kernel and the Python environment: outside the clone, so that every clone shares them.
cache=${PATCHBAY_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/patchbay}

say() { echo "${0##*/}: $*" >&2; }
fail() { say "$*"; exit 1; }

# Waits for other set-ups on this machine; the lock ends with the process.
lock_cache() {
    mkdir -p "$cache"
    exec {cache_lock}>"$cache/lock"
    flock "$cache_lock"
}

apt() { # command... ; quiet unless it fails
    local log
    log=$(mktemp)
    if ! DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@" \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get $* failed"
    fi
    rm -f "$log"
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Installs those of the packages named that are missing, and says so.
install_packages() { # [-t SUITE] package...
    local suite=() missing=() package
    if [[ $1 == -t ]]; then suite=(-t "$2"); shift 2; fi
    for package; do is_installed "$package" || missing+=("$package"); done
    ((${#missing[@]})) || return 0
    [[ $EUID == 0 ]] || fail "must be root to install ${missing[*]}"
    say "installing ${missing[*]}"
    apt update
    apt install --no-install-recommends "${suite[@]}" "${missing[@]}"
}

# One environment for each set of pinned versions.
venv=$cache/venv-$(sha256sum <"$repository/Tests/requirements.txt" | cut -c 1-12)
python=$venv/bin/python
