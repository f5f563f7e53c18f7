from support.bot_fixtures import *  # noqa: F403 - the bot's processes
