"""Numbers for whoever runs the bot, in sentences: they read well aloud."""

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.i18n.translator import Tongue
from bot.state.job_stats import Figures
from vlm.protocol import Lane, ModelInfo


def queue(_: Tongue, open_jobs: Mapping[Lane, int]) -> str:
    return _(
        "Queue: {interactive} from chats, {bulk} in bulk.",
        interactive=open_jobs["interactive"],
        bulk=open_jobs["bulk"],
    )


def workers(_: Tongue, models: Sequence[ModelInfo]) -> str:
    if not models:
        return _("No worker is running.")
    running = _.many("{n} worker is running.", "{n} workers are running.", len(models))
    counted = Counter(f"{model.name} ({model.revision})" for model in models)
    each = [_("Model {name}: {count}.", name=name, count=count) for name, count in sorted(counted.items())]
    return "\n".join([running, *each])


def work(_: Tongue, done: Figures, hours: int) -> str:
    if not done.count:
        return _.many(
            "Nothing was done in the last {n} hour.", "Nothing was done in the last {n} hours.", hours
        )
    jobs = _.many(
        "{n} job in the last {hours} hours.", "{n} jobs in the last {hours} hours.", done.count, hours=hours
    )
    took = _(
        "Half of them took at most {median} seconds, 95 of 100 at most {p95} seconds. "
        "Without the wait, half took at most {ran} seconds.",
        median=_seconds(_, done.median_ms),
        p95=_seconds(_, done.p95_ms),
        ran=_seconds(_, done.median_ran_ms),
    )
    return "\n".join([jobs, took, failures(_, done.failures)])


def failures(_: Tongue, codes: Mapping[str, int]) -> str:
    if not codes:
        return _("None failed.")
    listed = ", ".join(f"{code} {_.number(count)}" for code, count in sorted(codes.items()))
    return _("Failed: {listed}.", listed=listed)


def remembered(_: Tongue, photos: int, chats: int) -> str:
    if not photos:
        return _("No photo is remembered.")
    return _("Photos remembered: {photos}. Chats: {chats}.", photos=photos, chats=chats)


def _seconds(_: Tongue, ms: int) -> str:
    return _.number(round(ms / 1000, 1))
