# SPDX-License-Identifier: Apache-2.0
"""``python apps/analyze_study -i IN -o OUT -m MODEL``; in a MAP, ``python3 /opt/holoscan/app``."""

from __future__ import annotations

import gc
import os
import sys
import warnings

if __name__ == "__main__":
    os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "WARN")
    warnings.simplefilter("ignore")
    gc.set_threshold(50_000, 20, 20)  # what is imported stays, as in the medvid command
    from run import main  # not above: what it imports is loud until told otherwise

    sys.exit(main())
