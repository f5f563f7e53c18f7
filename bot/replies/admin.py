"""What the bot says about access, to people without it and to the bot's admins; and the numbers of /stats."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from bot.i18n.translator import Translator
from bot.replies.layout import truncate
from vlm.protocol import ModelInfo, Priority

MAX_NUMBER: Final = 30  # of a quoted number, in UTF-16 code units


def closed_to_person(t: Translator, person: int) -> str:
    return t(
        "Hello! I am a private bot and only answer people my owner has let in. If you know them,"
        " ask for an invitation; your number is {person}. I keep nothing you send me.",
        person=str(person),
    )


def closed_to_group(t: Translator, group: int) -> str:
    return t(
        "Hello! I am a private bot, and my owner has not let this group in. If you know them, ask; the "
        "group's number is {group}. Until then I am silent here, and keep nothing.",
        group=str(group),
    )


def closed(t: Translator) -> str:
    return t("I am a private bot and only answer people my owner has let in.")


def invitation_over(t: Translator) -> str:
    return t("This invitation was used already, or it is too old. Please ask for a new one.")


def invitation(t: Translator, link: str, days: int) -> str:
    return t.many(
        "Send this link to the person you want to invite. It lets in one person, once, within"
        " {n} day:\n{link}",
        "Send this link to the person you want to invite. It lets in one person, once, within"
        " {n} days:\n{link}",
        days,
        link=link,
    )


def open_to_all(t: Translator) -> str:
    return t("Nobody needs an invitation: everyone may use me. To change that, set BOT_ACCESS=invite")


def closed_by_settings(t: Translator) -> str:
    return t("I only let in the people listed in BOT_ALLOWED. For invitations, set BOT_ACCESS=invite")


def bot_admins_only(t: Translator) -> str:
    return t("Only my owner and my admins can do that.")


def invited(t: Translator, names: Mapping[int, str]) -> str:
    """Who came in by an invitation: ids, and their names on Telegram, '' where it does not say."""
    if not names:
        return t("Nobody has joined by invitation.")
    lines = [f"• {number} {name}".rstrip() for number, name in names.items()]
    return "\n".join(
        [
            t("People and groups that joined by invitation:"),
            *lines,
            t("To remove one of them, send /revoke and the number."),
        ]
    )


def revoked(t: Translator, who: str) -> str:
    return t("Done: {who} can no longer use me.", who=who)


def not_invited(t: Translator, number: str) -> str:
    return t(
        "Nobody with the number {number} joined by invitation. To see who did, send /revoke on its own.",
        number=truncate(number, MAX_NUMBER),
    )


def allowed_by_settings(t: Translator, number: int) -> str:
    return t(
        "The number {number} is let in by the settings: BOT_OWNER, BOT_ADMINS or BOT_ALLOWED.",
        number=str(number),
    )


def only_in_private(t: Translator) -> str:
    return t("Please send me that in private: others would read the answer here.")


def queue(t: Translator, open_jobs: Mapping[Priority, int]) -> str:
    return t(
        "Queue: {interactive} from chats, {bulk} in bulk.",
        interactive=open_jobs["interactive"],
        bulk=open_jobs["bulk"],
    )


def workers(t: Translator, models: Sequence[ModelInfo]) -> str:
    if not models:
        return t("No worker is running.")
    running = t.many("{n} worker is running.", "{n} workers are running.", len(models))
    counts = Counter(f"{model.name} ({model.revision})" for model in models)
    lines = [t("Model {name}: {count}.", name=name, count=count) for name, count in sorted(counts.items())]
    return "\n".join([running, *lines])


def jobs(
    t: Translator,
    *,
    hours: int,
    count: int,
    median_ms: int,
    p95_ms: int,
    median_ran_ms: int,
    failures: Mapping[str, int],
) -> str:
    """The numbers of `bot.state.job_stats.JobSummary`, for the last `hours`."""
    if not count:
        return t.many("No jobs in the last {n} hour.", "No jobs in the last {n} hours.", hours)
    done = t.many(
        "{n} job in the last {hours} hours.", "{n} jobs in the last {hours} hours.", count, hours=hours
    )
    times = t(
        "Half of them took at most {median} seconds, 95 of 100 at most {p95} seconds. "
        "Without the wait, half took at most {ran} seconds.",
        median=_seconds(t, median_ms),
        p95=_seconds(t, p95_ms),
        ran=_seconds(t, median_ran_ms),
    )
    return "\n".join([done, times, failed(t, failures)])


def failed(t: Translator, codes: Mapping[str, int]) -> str:
    if not codes:
        return t("None failed.")
    listed = ", ".join(f"{code} {t.number(count)}" for code, count in sorted(codes.items()))
    return t("Failed: {listed}.", listed=listed)


def remembered(t: Translator, photos: int, chats: int) -> str:
    if not photos:
        return t("No photos are remembered.")
    return t("Photos remembered: {photos}. Chats: {chats}.", photos=photos, chats=chats)


def _seconds(t: Translator, ms: int) -> str:
    return t.number(round(ms / 1000, 1))
