# SPDX-License-Identifier: Apache-2.0
"""``python apps/monitor_endoscopy --source SOURCE --output OUT``."""

from __future__ import annotations

import gc
import os
import sys
import warnings

if __name__ == "__main__":
    os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "WARN")
    # seconds that one half waits for the other, which may have a model to load
    os.environ.setdefault("HOLOSCAN_MAX_CONNECTION_RETRY_COUNT", "120")
    warnings.simplefilter("ignore")
    gc.set_threshold(50_000, 20, 20)  # what is imported stays, as in the medvid command
    from run import main  # not above: what it imports is loud until told otherwise

    sys.exit(main())
