"""For all tests: no network, no settings of the developer, no limits that a busy machine would break."""

import os

from hypothesis import HealthCheck, settings

# Before anything imports huggingface_hub or telegram, which read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PTB_TIMEDELTA"] = "true"
os.environ.setdefault("OMP_NUM_THREADS", "2")
for name in [name for name in os.environ if name.startswith(("BOT_", "VLM_")) or name == "REDIS_URL"]:
    del os.environ[name]

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
