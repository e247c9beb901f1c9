"""
Postgres beside the daemon: started, migrated, fed and asked, and never waited for by a call.

It comes up in the background and may go away at any time: the journal keeps everything until it is
back, and whoever looks a customer up meanwhile finds nobody.
"""

import asyncio
from pathlib import Path

import structlog

from storage.customers import Customer, CustomerBook
from storage.embedded import EmbeddedPostgres
from storage.errors import StorageError, StorageUnavailableError
from storage.journal import Journal
from storage.migrate import migrate
from storage.pool import Pool
from storage.shipper import Shipper

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 15.0
DRAIN_DEADLINE_S = 5.0

log = structlog.get_logger(__name__)
