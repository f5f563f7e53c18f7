"""Numbers for whoever runs the bot, in sentences: they read well aloud."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.i18n.translator import Translator
from bot.state.job_stats import Figures
from vlm.protocol import ModelInfo, Priority


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
    counted = Counter(f"{model.name} ({model.revision})" for model in models)
    each = [t("Model {name}: {count}.", name=name, count=count) for name, count in sorted(counted.items())]
    return "\n".join([running, *each])


def work(t: Translator, done: Figures, hours: int) -> str:
    if not done.count:
        return t.many(
            "Nothing was done in the last {n} hour.", "Nothing was done in the last {n} hours.", hours
        )
    jobs = t.many(
        "{n} job in the last {hours} hours.", "{n} jobs in the last {hours} hours.", done.count, hours=hours
    )
    took = t(
        "Half of them took at most {median} seconds, 95 of 100 at most {p95} seconds. "
        "Without the wait, half took at most {ran} seconds.",
        median=_seconds(t, done.median_ms),
        p95=_seconds(t, done.p95_ms),
        ran=_seconds(t, done.median_ran_ms),
    )
    return "\n".join([jobs, took, failures(t, done.failures)])


def failures(t: Translator, codes: Mapping[str, int]) -> str:
    if not codes:
        return t("None failed.")
    listed = ", ".join(f"{code} {t.number(count)}" for code, count in sorted(codes.items()))
    return t("Failed: {listed}.", listed=listed)


def remembered(t: Translator, photos: int, chats: int) -> str:
    if not photos:
        return t("No photo is remembered.")
    return t("Photos remembered: {photos}. Chats: {chats}.", photos=photos, chats=chats)


def _seconds(t: Translator, ms: int) -> str:
    return t.number(round(ms / 1000, 1))
