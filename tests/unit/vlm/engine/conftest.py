from support.engine_fixtures import *  # noqa: F403 - fixtures of this folder
