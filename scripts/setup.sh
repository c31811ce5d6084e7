#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make a virtual environment with the exact versions of constraints.txt.
#   sh scripts/setup.sh VENV [EXTRAS]      e.g. sh scripts/setup.sh .venv "[test,lint]"
# Without an NVIDIA GPU the CPU build of torch is taken where it can be had: pip prefers it
# wherever an index or a folder that pip knows offers it, and the public CPU index is added here
# when it answers. On a machine with a GPU pip takes the CUDA build from PyPI.
set -eu
venv=$1
extras=${2:-}
python=${PYTHON:-python3}
cpu_index=${TORCH_CPU_INDEX:-https://download.pytorch.org/whl/cpu}

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
set -- -c constraints.txt
if ! command -v nvidia-smi >/dev/null 2>&1 &&
    "$venv/bin/python" - "$cpu_index" <<'PY'
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=5).close()
except OSError:
    sys.exit(1)
PY
then
    set -- "$@" --extra-index-url "$cpu_index"
fi
echo "Installing monai-medvid$extras into $venv (some minutes and about 2 GB the first time)"
# what is used is compiled when it is first imported: most never is
"$venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check "$@" -e ".$extras"
