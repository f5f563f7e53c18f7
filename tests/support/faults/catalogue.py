"""All faults by name. The measured outcomes are in docs/reliability.md."""

from support.faults.deaths import DEATHS
from support.faults.others import OTHERS
from support.faults.redis_faults import SERVER
from support.faults.telegram_faults import TELEGRAM

FAULTS = {fault.name: fault for fault in [*DEATHS, *SERVER, *TELEGRAM, *OTHERS]}
