"""The product as the processes of a run see it: `gunicorn bench.races.product:app`. Its clock is the bench's."""

from __future__ import annotations

import logging

from bench.races import plan, shifting, unprotected
from booking import create_app

PLAN = plan.read()

# Each message that is sent, and each connection that a killed server broke, would be a line or forty.
for name in ("booking", "sqlalchemy.pool"):
    logging.getLogger(name).setLevel(logging.CRITICAL)
shifting.install(PLAN.clock)
if not PLAN.protected:
    unprotected.strip()
app = create_app()
