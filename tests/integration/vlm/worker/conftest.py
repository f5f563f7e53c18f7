from support.queue_fixtures import *  # noqa: F403 - fixtures of this folder
