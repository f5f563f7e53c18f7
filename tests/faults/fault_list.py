"""All faults by name. What each came to: docs/reliability.md."""

from fault_deaths import DEATHS
from fault_others import OTHERS
from fault_server import SERVER
from fault_telegram import TELEGRAM

FAULTS = {one.name: one for one in [*DEATHS, *SERVER, *TELEGRAM, *OTHERS]}
