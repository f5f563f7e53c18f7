"""Redis keys are shared with bots of other versions: their names must not change."""

import pytest

from bot.state import keys
from vlm.keys import Key

NAMES: dict[str, Key] = {
    "said:{5}": keys.SENT_MESSAGES,
    "editing:{5}:12": keys.EDITING,
    "albums:{5}": keys.ALBUMS,
    "prompts:{5}": keys.PENDING_EDITS,
    "called:{5}": keys.CALLED_ALBUMS,
    "admins:{5}": keys.CHAT_ADMINS,
    "slow:{5}": keys.SLOWED_DOWN,
    "sent:{5}": keys.SENT_TIMES,
    "waits:{5}": keys.RATE_LIMIT_NOTICE,
    "{afterimage}:bot": keys.BOT_ID,
    "{afterimage}:updates": keys.UPDATES,
    "{afterimage}:update:7": keys.UPDATE_SEEN,
    "{afterimage}:offset": keys.OFFSET,
    "{afterimage}:poller": keys.POLLER,
    "{afterimage}:exports": keys.EXPORTS,
    "{afterimage}:guests:invite": keys.ALLOWLIST,
    "{afterimage}:invite:abc": keys.INVITATION,
    "{afterimage}:tally": keys.JOB_STATS,
    "{afterimage}:swept": keys.SWEPT,
    "menus": keys.MENUS,
}
PARTS = {"chat": 5, "key": "12", "update": 7, "access": "invite", "hash": "abc"}


@pytest.mark.parametrize("name", NAMES)
def test_a_keys_name_stays(name: str) -> None:
    assert NAMES[name](**PARTS) == name
    assert [key for key in keys.KEYS if key.matches(name)] == [NAMES[name]]


def test_every_key_is_written_out() -> None:
    assert set(NAMES.values()) == set(keys.KEYS)


def test_a_chats_keys_are_forgotten_with_it() -> None:
    names = {key(chat=5) for key in keys.CHAT_KEYS}
    assert names == {"said:{5}", "albums:{5}", "prompts:{5}", "called:{5}", "admins:{5}"}
