# Sourced by bin/run, bin/test and bin/holdfast: makes .venv from uv.lock if it is missing or out of date.
# Needs Python 3.11 or newer and pip (or uv); neither python3-venv nor root, and it leaves the system's
# Python alone: uv itself goes to .tools. Where packages come from is the user's pip and uv configuration.

# Each file is compiled once, not by every process that starts, whatever the shell says: two thirds of a start.
unset PYTHONDONTWRITEBYTECODE

UV_PIN=0.13.9
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
python="$here/.venv/bin/python"

refuse() { echo "holdfast: $*" >&2; exit 1; }

# prepare_environment run|test: `test` adds the development group; nothing that is installed is taken away.
prepare_environment() {
    local wanted=$1 stamp="$here/.venv/.holdfast" found="" level="" lock
    [ -r "$here/uv.lock" ] || refuse "$here/uv.lock is missing: this checkout is not complete."
    lock=$(sha256sum <"$here/uv.lock" | cut -d' ' -f1)
    if [ -r "$stamp" ]; then read -r found level <"$stamp" || true; fi
    if [ "$found" = "$lock" ] && { [ "$level" = test ] || [ "$wanted" = run ]; } && "$python" -c '' 2>/dev/null; then
        return
    fi
    if [ "$level" = test ]; then wanted=test; fi
    { mkdir -p "$here/.tools" && [ -w "$here" ]; } 2>/dev/null ||
        refuse "$here cannot be written, and the environment in .venv is missing or out of date."
    if command -v flock >/dev/null; then exec 9>"$here/.tools/lock"; flock 9; fi
    install_environment "$wanted"
    echo "$lock $wanted" >"$stamp"
    if command -v flock >/dev/null; then exec 9>&-; fi
}

install_environment() {
    local base uv group=()
    base=$(find_python) || refuse "Python 3.11 or newer was not found: install it (Debian: apt install python3 python3-pip)."
    uv=$(find_uv "$base") || exit 1
    if [ "$1" = run ]; then group=(--no-dev); fi
    if [ -z "${UV_CACHE_DIR:-}" ] && ! { [ -n "${HOME:-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ]; }; then
        export UV_CACHE_DIR="$here/.tools/cache"
    fi
    echo "Installing the environment into .venv (once; a minute or two)"
    (
        cd "$here"
        export UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT="$here/.venv" VIRTUAL_ENV=
        "$uv" sync --frozen --inexact --python "$base" "${group[@]}" || {
            echo "uv could not fetch the locked files; trying pip with its own configuration"
            install_with_pip "$base" "$uv" "${group[@]}"
        }
    ) || refuse "the environment could not be installed; the reason stands above."
}

# The same pinned versions and hashes, fetched by pip: for networks whose mirror only pip knows.
install_with_pip() {
    local base=$1 uv=$2 wanted="$here/.tools/requirements.txt"
    shift 2
    "$uv" export --quiet --frozen --no-emit-project "$@" --output-file "$wanted" >/dev/null &&
        "$uv" venv --quiet --allow-existing --python "$base" "$here/.venv" &&
        "$base" -m pip --python "$python" install --quiet --require-hashes -r "$wanted" &&
        "$base" -m pip --python "$python" install --quiet --no-deps --editable "$here"
}

find_python() {
    local name
    for name in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

# Our pinned uv below .tools by pip; where there is no pip, a uv that the user has.
find_uv() {
    local base=$1 own="$here/.tools/uv-$UV_PIN"
    if [ -x "$own/bin/uv" ]; then echo "$own/bin/uv"; return; fi
    if "$base" -m pip --version >/dev/null 2>&1; then
        echo "Fetching uv $UV_PIN with pip" >&2
        rm -rf "$own.new"
        if PIP_ROOT_USER_ACTION=ignore "$base" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
            --target "$own.new" "uv==$UV_PIN" >&2 && mv "$own.new" "$own"; then
            echo "$own/bin/uv"
            return
        fi
    fi
    if command -v uv >/dev/null; then command -v uv; return; fi
    if "$base" -m pip --version >/dev/null 2>&1; then
        echo "holdfast: pip could not fetch uv $UV_PIN; the reason stands above." >&2
    else
        echo "holdfast: pip is missing for $base: install it (Debian: apt install python3-pip), or install uv." >&2
    fi
    return 1
}
