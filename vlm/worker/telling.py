"""What the jobs of a batch come to: captions and answers in the style, the wording and the language wanted.

    question ─► English ─► one vision pass, one generation ─► other words, details ─► plain ─► language

A draft goes through all of it in English, which is kept. Where a step fails that only betters the text, the
text stays as it was: a caption in English is better than none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast
from zlib import crc32

from msgspec.structs import replace

from vlm.engine.base import Detail, Encoded, Engine, Prompt, QueryTokens
from vlm.errors import AfterimageError
from vlm.protocol import Answered, Ask, Caption, Job
from vlm.text.caption_cleanup import cut, key, plain, sentences
from vlm.text.caption_details import detailed, questions
from vlm.text.languages import ENGLISH, code_of
from vlm.text.translation import Wanted, translated
from vlm.worker.batch import Decoder, ImageInput, open_here, run_batch, run_isolating_failures


class Told(NamedTuple):
    """What became of one job, and what its picture was encoded to."""

    outcome: Answered | AfterimageError
    encoded: Encoded | None = None


@dataclass
class Draft:
    """A text on its way, in English. `shown` is in the job's language; `fell_back`: it stayed English."""

    job: Job
    prompt: Prompt
    tokens: QueryTokens
    text: str
    shown: str = ""
    fell_back: bool = False


def tell(
    engine: Engine, jobs: Sequence[Job], sights: Sequence[ImageInput], open_pictures: Decoder = open_here
) -> list[Told]:
    """The words for each job and sight, in order. Raises as `run_batch` does."""
    prompts = _prompts(engine, jobs)
    words = run_batch(engine, sights, prompts, open_pictures)
    drafts: list[Draft | AfterimageError] = []
    for job, sight, prompt, word in zip(jobs, sights, prompts, words, strict=True):
        if isinstance(word.text, AfterimageError):
            drafts.append(word.text)
        else:  # it was spoken of, so these are its tokens
            tokens = word.encoded.tokens if word.encoded else cast(QueryTokens, sight)
            drafts.append(Draft(job, prompt, tokens, word.text))
    _finish(engine, [draft for draft in drafts if isinstance(draft, Draft)])
    return [
        Told(_answered(draft) if isinstance(draft, Draft) else draft, word.encoded)
        for draft, word in zip(drafts, words, strict=True)
    ]


def _prompts(engine: Engine, jobs: Sequence[Job]) -> list[Prompt]:
    """What is asked, in English; in the job's language where the engine speaks that itself."""
    asked = [job.task.question if isinstance(job.task, Ask) else "" for job in jobs]
    wanted = [
        Wanted(question, "" if engine.speaks(job.language) else job.language)
        for job, question in zip(jobs, asked, strict=True)
    ]
    english = translated(engine, wanted)
    return [_prompt(job, one.text) for job, one in zip(jobs, english, strict=True)]


def _prompt(job: Job, question: str) -> Prompt:
    if isinstance(job.task, Ask):
        return Prompt(question=question, turns=job.task.turns)
    return Prompt(detailed=isinstance(job.task, Caption) and job.task.style == "detailed")


def _finish(engine: Engine, drafts: Sequence[Draft]) -> None:
    captions = [(draft, draft.job.task) for draft in drafts if isinstance(draft.job.task, Caption)]
    for draft, task in captions:
        if task.other_than:
            _reword(engine, draft, task.other_than)
    _detail(engine, [draft for draft, task in captions if task.style == "detailed"])
    for draft, _ in captions:
        draft.text = plain(draft.text)
    _speak(engine, drafts)
    for draft, task in captions:
        match task.style:
            case "short":
                draft.text, draft.shown = cut(draft.text), cut(draft.shown)
            case "detailed":
                draft.text, draft.shown = sentences(draft.text), sentences(draft.shown)


def _reword(engine: Engine, draft: Draft, given: Sequence[str]) -> None:
    """The likeliest wording that was not given yet; where there is none, the text stays."""
    known = {key(text) for text in given} | {key(text.split(". ")[0]) for text in given}

    def is_new(text: str) -> bool:
        return bool(text) and not {key(plain(text)), key(cut(plain(text)))} & known

    if is_new(draft.text):
        return
    [found] = run_isolating_failures(
        engine, [draft], lambda _: [engine.wordings(draft.tokens, crc32(draft.job.id.encode()))]
    )
    if not isinstance(found, AfterimageError):
        draft.text = next(filter(is_new, found), draft.text)


def _detail(engine: Engine, drafts: Sequence[Draft]) -> None:
    """Add what the model says to a few questions, all of them asked in one go."""
    asked = [(draft, detail) for draft in drafts for detail in questions(draft.text, engine.details)]

    def ask(some: Sequence[tuple[Draft, Detail]]) -> list[str]:
        prompts = [Prompt(question=detail.question) for _, detail in some]
        return engine.generate([draft.tokens for draft, _ in some], prompts)

    answers = run_isolating_failures(engine, asked, ask)
    for draft in drafts:
        draft.text = detailed(
            draft.text,
            [
                (detail, answer)
                for (other, detail), answer in zip(asked, answers, strict=True)
                if other is draft and isinstance(answer, str)
            ],
        )


def _speak(engine: Engine, drafts: Sequence[Draft]) -> None:
    """Say it in the job's language: in the engine's own words where it speaks that, else translated."""
    foreign = [draft for draft in drafts if code_of(draft.job.language) not in ("", ENGLISH)]
    own = [draft for draft in foreign if engine.speaks(draft.job.language)]

    def say(some: Sequence[Draft]) -> list[str]:
        prompts = [replace(draft.prompt, language=draft.job.language) for draft in some]
        return engine.generate([draft.tokens for draft in some], prompts)

    for draft, said in zip(own, run_isolating_failures(engine, own, say), strict=True):
        draft.shown, draft.fell_back = (said, False) if isinstance(said, str) and said else ("", True)
    others = [draft for draft in foreign if not engine.speaks(draft.job.language)]
    wanted = [Wanted(draft.text, target=draft.job.language) for draft in others]
    for draft, one in zip(others, translated(engine, wanted), strict=True):
        draft.shown, draft.fell_back = ("" if one.fell_back else one.text), one.fell_back


def _answered(draft: Draft) -> Answered:
    return Answered(
        text=draft.text,
        shown=draft.shown,
        fell_back=draft.fell_back,
        question=draft.prompt.question or "",
    )
