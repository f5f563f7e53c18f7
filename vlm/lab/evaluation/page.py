"""OUT/report.html: the scores, and best, worst and random examples, so that a person can look.

One file that needs no other, no network and no script. Whatever people or models wrote is escaped.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from vlm.lab.evaluation.examples import Example
from vlm.lab.evaluation.page_style import STYLE
from vlm.lab.evaluation.results import Result, counted, heading, shown
from vlm.lab.evaluation.thumbnails import thumbnail

NAME: Final = "report.html"
EACH: Final = 8  # best ones, and worst ones
AT_RANDOM: Final = 12
OTHER_WAYS: Final = ", as "  # in the name of a score that is computed in another way, too
FOUND_PX: Final = 140
TRUTHS: Final = 6
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

SECTIONS: Final = {
    "best": ("Best", "Where it did best."),
    "worst": ("Worst", "Where it did worst: the mistakes to know about, or truths to doubt."),
    "random": ("Drawn at random", "Neither the best nor the worst: what to expect."),
}
LEADS: Final = {
    "caption": "What the model said of each picture, and below it what people wrote.",
    "vqa": "What the model answered, and below it what people answered.",
    "retrieval": "For each picture the text that found it worst, and the three pictures that came up first.",
    "translate": "What the translator made of each text, and below it the true translation.",
}


def write_page(folder: Path, result: Result, examples: Sequence[Example]) -> None:
    """Write the report of a run."""
    groups = chosen(examples)
    sections = [_section(name, groups[name], result.header["task"]) for name in SECTIONS if groups[name]]
    body = _head(result) + "".join(sections)
    (folder / NAME).write_text(document(heading(result), body), encoding="utf-8")


def document(title: str, body: str) -> str:
    """A whole page around its body. `title` is text, `body` is HTML."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
<footer>Made by Afterimage.</footer>
</main>
</body>
</html>
"""


def chosen(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """The examples to show: none twice, ties in random order, the same ones each time."""
    rng = np.random.default_rng(0)
    mixed = [examples[number] for number in rng.permutation(len(examples))]
    ranked = sorted(mixed, key=lambda one: one.score, reverse=True)
    each = min(EACH, len(ranked) // 3)
    best, worst = ranked[:each], ranked[len(ranked) - each :][::-1]
    taken = {one.id for one in (*best, *worst)}
    others = [one for one in mixed if one.id not in taken]
    return {"best": best, "worst": worst, "random": others[:AT_RANDOM]}


def _head(result: Result) -> str:
    tiles = "".join(
        f"<li><b>{shown(value, name)}</b><span>{escape(name)}</span></li>"
        for name, value in result.scores.items()
        if OTHER_WAYS not in name
    )
    more = [(name, value) for name, value in result.scores.items() if OTHER_WAYS in name]
    others = _listed("The same computed in other ways", [f"{name}: {shown(value)}" for name, value in more])
    notes = _listed("How this was scored", [*result.notes, f"Command: {result.command}"])
    broken = _listed(f"Left out ({len(result.broken)})", [f"{one.id}: {one.why}" for one in result.broken])
    return f"""<header>
<p class="eyebrow">Afterimage evaluation</p>
<h1>{escape(heading(result))}</h1>
<p class="lead">{escape(counted(result))}</p>
</header>
<ul class="tiles">{tiles}</ul>
{others}{notes}{broken}"""


def _listed(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details><summary>{escape(title)}</summary><ul>{listed}</ul></details>\n"


def _section(name: str, examples: Sequence[Example], task: str) -> str:
    title, hint = SECTIONS[name]
    cards = "\n".join(_card(one) for one in examples)
    return f"""
<section class="{name}">
<h2>{title}</h2>
<p class="hint">{hint} {LEADS[task]}</p>
<ul class="cards">
{cards}
</ul>
</section>"""


def _card(one: Example) -> str:
    lines = [
        f'<p class="asked">{escape(one.asked)}</p>' if one.asked else "",
        "" if one.found else f'<p class="said">{escape(one.said) or "(nothing)"}</p>',
        _found(one),
        "" if one.found else _truths(one.truths),
        f'<span class="mark">{escape(" · ".join(filter(None, (one.mark, one.kind))))}</span>',
    ]
    return f'<li class="card">{_picture(one)}<div class="text">{"".join(lines)}</div></li>'


def _picture(one: Example) -> str:
    if not one.picture:
        return ""
    source = thumbnail(one.picture)
    if not source:
        return '<div class="none">this picture is not here any more</div>'
    truth = one.truths[0] if one.truths and not one.asked else f"picture {one.id}"
    return f'<img src="{source}" alt="{escape(truth)}" loading="lazy">'


def _truths(truths: Sequence[str]) -> str:
    listed = "".join(f"<li>{escape(truth)}</li>" for truth in truths[:TRUTHS])
    return f'<ul class="truths">{listed}</ul>'


def _found(one: Example) -> str:
    """The pictures that came up; the right one is marked, in words as well."""
    cells = []
    for place, path in enumerate(one.found, 1):
        right = path == one.picture
        words = "the right one" if right else "another one"
        picture = f'<img src="{thumbnail(path, FOUND_PX)}" alt="{words}, found as number {place}">'
        kind, caption = (' class="right"', f"{place}, right") if right else ("", str(place))
        cells.append(f"<li{kind}>{picture}<small>{caption}</small></li>")
    return f'<ul class="found">{"".join(cells)}</ul>' if cells else ""
