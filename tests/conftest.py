"""For all tests: no network, and libraries in the behaviour that the programs ask of them."""

import os

# Before anything imports huggingface_hub or telegram, which read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PTB_TIMEDELTA"] = "true"
os.environ.setdefault("OMP_NUM_THREADS", "2")
for name in [name for name in os.environ if name.startswith(("BOT_", "VLM_")) or name == "REDIS_URL"]:
    del os.environ[name]  # a developer's own settings are not the tests'
