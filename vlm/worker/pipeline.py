"""One batch of jobs through an engine: jobs and their inputs become outcomes. No Redis, no torch.

    decode ─► encode ─► generate ─► reword, add details ─► clean up ─► translate
    search, for `/find` jobs

    run_jobs         everything; called by the worker
    generate_texts   captions and answers, in each job's style and language
    answer_prompts   decode, encode, generate; also called by `vlm caption`, `vlm ask`, `vlm find` and the lab

Texts are English until the last step, and the English is kept. Where an optional step fails (other wording,
details, translation), the text stays as it was: a caption in English is better than none. An error belongs to
its job alone; the other jobs of the batch are not affected.

Every function raises what `engine.check` raises, if an unexpected error has left the engine unfit for work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, cast
from zlib import crc32

from msgspec.structs import replace
from PIL.Image import Image

from vlm.engine.base import Encoded, Engine, Prompt, QueryTokens
from vlm.engine.caption_details import add_details
from vlm.engine.isolation import run_isolating_failures
from vlm.engine.localization import TranslationRequest, translate_texts
from vlm.errors import AfterimageError, EngineFailure
from vlm.ops.metrics import Metrics
from vlm.protocol import Answered, Ask, Caption, Find, Found, Job
from vlm.search.calibration import ReferenceSet
from vlm.search.index import SearchIndex
from vlm.search.searches import Search, run_searches
from vlm.text.caption_cleanup import capitalize_sentences, clean_caption, comparable, shorten
from vlm.text.languages import ENGLISH, code_of
from vlm.worker.decoder_pool import Decoder, decode_in_process

ImageInput = bytes | QueryTokens | AfterimageError  # a picture's bytes, its cached tokens, or why it has none

EMPTY_TEXT: Final = (
    "Sorry, I could not find words for this one. Please ask in another way, or try another picture."
)
STAGES: Final = {  # engine methods whose time is measured, and the stage that they are measured as
    "encode": "vision",
    "generate": "generate",
    "likely_captions": "generate",
    "embed_text": "embed",
    "translate": "translate",
}


class JobOutcome(NamedTuple):
    """The answer to a job, or why there is none, and what its picture was encoded to in this batch."""

    answer: Answered | Found | AfterimageError
    encoded: Encoded | None = None

    @property
    def text(self) -> str | AfterimageError:
        """The English caption or answer, or the error; not for a search."""
        if isinstance(self.answer, Found):
            raise TypeError("a search has no text")
        return self.answer.text if isinstance(self.answer, Answered) else self.answer


@dataclass
class Draft:
    """A caption or an answer in the making. `text` is English, `localized_text` in the job's language."""

    job: Job
    prompt: Prompt
    tokens: QueryTokens  # [Q, D]
    text: str
    localized_text: str = ""
    translation_failed: bool = False


def run_jobs(
    engine: Engine,
    jobs: Sequence[Job],
    inputs: Sequence[ImageInput | SearchIndex],
    reference_set: ReferenceSet | None,
    decode: Decoder = decode_in_process,
) -> list[JobOutcome]:
    """The outcome of each job, in order. The input of a search is its chat's index."""
    searches = [
        Search(job.task, job.language, index)
        for job, index in zip(jobs, inputs, strict=True)
        if isinstance(job.task, Find) and isinstance(index, SearchIndex)
    ]
    results = iter(run_searches(engine, searches, reference_set) if searches else ())
    images = [
        (job, item) for job, item in zip(jobs, inputs, strict=True) if not isinstance(item, SearchIndex)
    ]
    texts = iter(generate_texts(engine, [job for job, _ in images], [item for _, item in images], decode))
    return [JobOutcome(next(results)) if isinstance(item, SearchIndex) else next(texts) for item in inputs]


def generate_texts(
    engine: Engine, jobs: Sequence[Job], inputs: Sequence[ImageInput], decode: Decoder = decode_in_process
) -> list[JobOutcome]:
    """The caption or answer of each job, in order."""
    prompts = _prompts(engine, jobs)
    outcomes = answer_prompts(engine, inputs, prompts, decode)
    drafts: dict[int, Draft] = {}
    for number, (job, image, prompt, outcome) in enumerate(zip(jobs, inputs, prompts, outcomes, strict=True)):
        if isinstance(outcome.text, str):  # so there are tokens: new ones, or the input itself
            tokens = outcome.encoded.tokens if outcome.encoded else cast(QueryTokens, image)
            drafts[number] = Draft(job, prompt, tokens, outcome.text)
    _finish(engine, list(drafts.values()))
    return [
        outcome._replace(answer=_answered(drafts[number])) if number in drafts else outcome
        for number, outcome in enumerate(outcomes)
    ]


def answer_prompts(
    engine: Engine,
    inputs: Sequence[ImageInput],
    prompts: Sequence[Prompt],
    decode: Decoder = decode_in_process,
) -> list[JobOutcome]:
    """The model's English text for each input and prompt, in order: one vision pass and one generation."""
    encoded = _encode(engine, inputs, decode)
    pairs = [
        (item.tokens if isinstance(item, Encoded) else item, prompt)
        for item, prompt in zip(encoded, prompts, strict=True)
        if not isinstance(item, AfterimageError)
    ]
    texts = iter(run_isolating_failures(engine, pairs, lambda pairs: _generate(engine, pairs)))
    return [
        JobOutcome(item) if isinstance(item, AfterimageError) else _outcome(item, next(texts))
        for item in encoded
    ]


def timed_engine(engine: Engine, metrics: Metrics) -> Engine:
    """`engine`, with the duration of each call that does work recorded in `metrics`."""
    return cast(Engine, _TimedEngine(engine, metrics))


class _TimedEngine:
    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine, self._metrics = engine, metrics

    def __getattr__(self, name: str) -> object:
        attribute = getattr(self._engine, name)
        if name not in STAGES:
            return attribute

        def timed(*arguments: object, **named: object) -> object:
            with self._metrics.stage.labels(STAGES[name]).time():
                return attribute(*arguments, **named)

        return timed


def _encode(
    engine: Engine, inputs: Sequence[ImageInput], decode: Decoder
) -> list[Encoded | QueryTokens | AfterimageError]:
    pictures = [item for item in inputs if isinstance(item, bytes)]
    images = iter(decode(pictures) if pictures else ())
    decoded = [next(images) if isinstance(item, bytes) else item for item in inputs]
    encoded = iter(
        run_isolating_failures(engine, [item for item in decoded if isinstance(item, Image)], engine.encode)
    )
    return [next(encoded) if isinstance(item, Image) else item for item in decoded]


def _generate(engine: Engine, pairs: Sequence[tuple[QueryTokens, Prompt]]) -> list[str]:
    return engine.generate([tokens for tokens, _ in pairs], [prompt for _, prompt in pairs])


def _outcome(encoded: Encoded | QueryTokens, text: str | AfterimageError) -> JobOutcome:
    answer = text if isinstance(text, AfterimageError) else Answered(text=text)
    return JobOutcome(
        answer if text else EngineFailure(EMPTY_TEXT), encoded if isinstance(encoded, Encoded) else None
    )


def _prompts(engine: Engine, jobs: Sequence[Job]) -> list[Prompt]:
    """The job's question in English, or in the job's language if the engine speaks that itself."""
    questions = {n: job.task.question for n, job in enumerate(jobs) if isinstance(job.task, Ask)}
    foreign = [n for n in questions if _is_foreign(jobs[n].language) and not engine.speaks(jobs[n].language)]
    if foreign:
        requests = [TranslationRequest(questions[n], source=jobs[n].language) for n in foreign]
        questions |= {
            n: english.text for n, english in zip(foreign, translate_texts(engine, requests), strict=True)
        }
    return [_prompt(job, questions.get(n, "")) for n, job in enumerate(jobs)]


def _prompt(job: Job, question: str) -> Prompt:
    if isinstance(job.task, Ask):
        return Prompt(question=question, turns=job.task.turns)
    return Prompt(detailed=isinstance(job.task, Caption) and job.task.style == "detailed")


def _finish(engine: Engine, drafts: Sequence[Draft]) -> None:
    captions = [(draft, draft.job.task) for draft in drafts if isinstance(draft.job.task, Caption)]
    for draft, task in captions:
        if task.other_than:
            _reword(engine, draft, task.other_than)
    if detailed := [draft for draft, task in captions if task.style == "detailed"]:
        texts = add_details(engine, [(draft.tokens, draft.text) for draft in detailed])
        for draft, text in zip(detailed, texts, strict=True):
            draft.text = text
    for draft, _ in captions:
        draft.text = clean_caption(draft.text)
    if foreign := [draft for draft in drafts if _is_foreign(draft.job.language)]:
        _localize(engine, foreign)
    for draft, task in captions:
        match task.style:
            case "short":
                draft.text, draft.localized_text = shorten(draft.text), shorten(draft.localized_text)
            case "detailed":
                draft.text = capitalize_sentences(draft.text)
                draft.localized_text = capitalize_sentences(draft.localized_text)


def _reword(engine: Engine, draft: Draft, used_captions: Sequence[str]) -> None:
    """Take the likeliest wording that is not among `used_captions`; the text stays if there is none."""
    used = {comparable(text) for text in used_captions}
    used |= {comparable(text.split(". ")[0]) for text in used_captions}

    def is_new(text: str) -> bool:
        cleaned = clean_caption(text)
        return bool(text) and not {comparable(cleaned), comparable(shorten(cleaned))} & used

    if is_new(draft.text):
        return
    seed = crc32(draft.job.id.encode())
    [wordings] = run_isolating_failures(
        engine, [draft.tokens], lambda _: [engine.likely_captions(draft.tokens, seed)]
    )
    if not isinstance(wordings, AfterimageError):
        draft.text = next(filter(is_new, wordings), draft.text)


def _localize(engine: Engine, drafts: Sequence[Draft]) -> None:
    """Put each text into its job's language: generated by an engine that speaks it, else translated."""
    spoken = [draft for draft in drafts if engine.speaks(draft.job.language)]

    def generate(drafts: Sequence[Draft]) -> list[str]:
        prompts = [replace(draft.prompt, language=draft.job.language) for draft in drafts]
        return engine.generate([draft.tokens for draft in drafts], prompts)

    for draft, text in zip(spoken, run_isolating_failures(engine, spoken, generate), strict=True):
        draft.localized_text = text if isinstance(text, str) else ""
        draft.translation_failed = not draft.localized_text
    others = [draft for draft in drafts if not engine.speaks(draft.job.language)]
    requests = [TranslationRequest(draft.text, target=draft.job.language) for draft in others]
    for draft, translation in zip(others, translate_texts(engine, requests), strict=True):
        draft.localized_text = "" if translation.translation_failed else translation.text
        draft.translation_failed = translation.translation_failed


def _is_foreign(language: str) -> bool:
    return language not in ("", ENGLISH) and code_of(language) not in ("", ENGLISH)


def _answered(draft: Draft) -> Answered:
    return Answered(
        text=draft.text,
        localized_text=draft.localized_text,
        translation_failed=draft.translation_failed,
        question=draft.prompt.question or "",
    )
