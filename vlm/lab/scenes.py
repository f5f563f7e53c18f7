"""Scenes: what stands where on which background. Pure: a seed goes in, a description comes out.

Lengths are in units of the picture's shorter side, from its top left corner; a picture is `aspect` wide for
a height of one (or one wide for 1 / aspect, when it stands upright).

    Scene   things, colour, aspect, look
    Thing   noun (or STRANGE), glyph, place, size, rotation, and whose hand drew it
    Look    how the background is painted and what the camera did to it

Most scenes show one to five things on a plain background. Some are empty, some show what has no name here,
some have the clutter of a photograph behind (colour None), and some nothing but that.

Not handled: things behind one another, things that leave most of the frame.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np

from vlm.lab.vocabulary import COLOUR_NAMES, COLOURS, MAX_THINGS, NOUNS, NUMBERS, RGB, STRANGERS, article

PARTITIONS: dict[int, tuple[tuple[int, ...], ...]] = {
    1: ((1,),),
    2: ((2,), (1, 1)),
    3: ((3,), (2, 1), (1, 1, 1)),
    4: ((4,), (3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)),
    5: ((5,), (4, 1), (3, 2), (3, 1, 1), (2, 2, 1), (2, 1, 1, 1), (1, 1, 1, 1, 1)),
}
TOTAL_ODDS = (0.22, 0.24, 0.2, 0.18, 0.16)
LARGEST = (0.62, 0.50, 0.44, 0.40, 0.36)  # of the shorter side, for one to five things
SMALLEST = 0.12
DISTANT = (0.085, 0.2)
DENSE = (0.15, 0.32)
ASPECTS = (1.0, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 16 / 9, 9 / 16)
ASPECT_ODDS = (0.4, 0.26, 0.1, 0.08, 0.06, 0.05, 0.05)

STRANGE = len(NOUNS)  # the noun of a thing that has no name here
UNNAMED = "something I don't know"
NOTHING = "nothing"
KINDS = ("named", "strange", "empty", "cluttered", "clutter")
KIND_ODDS = (0.83, 0.05, 0.04, 0.03, 0.05)
STRANGE_ODDS = 0.05  # that a group of things in an ordinary scene has no name
CLUTTER = "clutter"  # the look of a photograph's background
VARIANTS = 9  # looks of a glyph for training, its own included
NEVER_TRAINED = 3  # every third stranger is for evaluation only


@dataclass(frozen=True, slots=True)
class Thing:
    noun: int
    glyph: str
    x: float
    y: float
    size: float
    angle_deg: float
    mirrored: bool
    artist: float = 0.0  # of the glyph sets at hand, 0 to 1
    variant: int = 0  # another look of the glyph; 0: as it is


@dataclass(frozen=True, slots=True)
class Look:
    """How the picture is painted. Strengths are 0 for 'not at all'."""

    kind: str  # solid, linear, radial, cloth, stripes, checks, dots, clutter
    shade: RGB
    second_shade: RGB
    texture: float
    texture_scale: float
    direction_deg: float
    shadow: float
    light: float
    exposure: float
    blur_px: float  # at 128 pixels
    noise: float
    jpeg_quality: int  # 0: none
    seed: int


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """How much of it all there is. A checkpoint's card says which world it was made for."""

    nouns: int = len(NOUNS)  # the first so many of the vocabulary
    most: int = MAX_THINGS  # things in a picture
    strange: bool = True  # some pictures show what has no name, or nothing, or clutter
    places: bool = True  # it is asked where things are


WHOLE = WorldConfig()


@dataclass(frozen=True)
class Scene:
    things: tuple[Thing, ...]
    colour: str | None  # None: there is no plain background
    aspect: float
    look: Look
    world: WorldConfig = WHOLE

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in units of the shorter side."""
        return max(self.aspect, 1.0), max(1 / self.aspect, 1.0)

    @cached_property
    def counts(self) -> dict[int, int]:
        """How many of each noun that has a name, in the vocabulary's order."""
        named = Counter(thing.noun for thing in self.things if thing.noun != STRANGE)
        return dict(sorted(named.items()))

    @cached_property
    def unknown(self) -> int:
        """How many things have no name. Clutter alone counts as one."""
        strange = sum(thing.noun == STRANGE for thing in self.things)
        return 1 if self.colour is None and not self.things else strange

    @cached_property
    def listing(self) -> str:
        """'two cats and something I don't know'; 'nothing' where there is nothing."""
        return listing(self.counts, self.unknown)

    @cached_property
    def caption(self) -> str:
        if self.colour is None:
            return self.listing
        if not self.things:
            return f"an empty {self.colour} background"
        return f"{self.listing} on {article(self.colour)} {self.colour} background"


def listing(counts: Mapping[int, int], unknown: int) -> str:
    """'a cat, two dogs and something I don't know', in the order given; 'nothing' for none."""
    parts = [phrase(noun, count) for noun, count in counts.items()]
    if unknown:
        parts.append(UNNAMED if unknown == 1 else f"{NUMBERS[unknown]} things I don't know")
    return join(parts) if parts else NOTHING


def phrase(noun: int, count: int) -> str:
    """'a cat', 'two cats'."""
    kind = NOUNS[noun]
    return kind.with_article if count == 1 else f"{NUMBERS[count]} {kind.plural}"


def join(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def training_series(seed: int) -> int:
    """Training draws from even series and tests from odd ones: they never meet."""
    return 2 * seed


def held_out_series(seed: int) -> int:
    return 2 * seed + 1


def scene(
    series: int, index: int, *, distant: float = 0.0, taught: bool = False, world: WorldConfig = WHOLE
) -> Scene:
    """The scene with this number in this series; always the same one.

    `distant` is the share of scenes that are seen from afar: all their things are small. `taught` scenes
    are for training: drawn by many hands, and without the strangers that only evaluation shows.
    """
    rng = np.random.default_rng((series, index))
    kind = str(rng.choice(KINDS, p=KIND_ODDS)) if world.strange else KINDS[0]
    odds = np.array(TOTAL_ODDS[: world.most])
    total = int(rng.choice(world.most, p=odds / odds.sum())) + 1
    aspect = float(rng.choice(ASPECTS, p=ASPECT_ODDS))
    colour = None if kind.startswith(CLUTTER) else COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
    nouns = _nouns(rng, kind, total, world)
    sizes = _distant_sizes(rng, total) if distant and rng.random() < distant else _sizes(rng, total)
    things = _place(rng, nouns, sizes, max(aspect, 1.0), max(1 / aspect, 1.0), taught)
    return Scene(things, colour, aspect, _look(rng, colour), world)


def dense_scene(series: int, index: int) -> Scene:
    """Six to ten things of any kind: much to look at for the price of one picture. For training the eye."""
    rng = np.random.default_rng((series, index))
    total = int(rng.integers(6, 11))
    aspect = float(rng.choice(ASPECTS, p=ASPECT_ODDS))
    colour = None if rng.random() < 0.1 else COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))]
    nouns = [STRANGE if rng.random() < 0.06 else int(rng.integers(len(NOUNS))) for _ in range(total)]
    sizes = [float(size) for size in rng.uniform(*DENSE, size=total)]
    things = _place(rng, nouns, sizes, max(aspect, 1.0), max(1 / aspect, 1.0), taught=True)
    return Scene(things, colour, aspect, _look(rng, colour))


def _nouns(rng: np.random.Generator, kind: str, total: int, world: WorldConfig) -> list[int]:
    if kind in ("empty", "clutter"):
        return []
    options = PARTITIONS[total]
    groups = options[rng.integers(len(options))]
    kinds = rng.choice(world.nouns, size=len(groups), replace=False)
    odds = 1.0 if kind == "strange" else STRANGE_ODDS * world.strange
    named = [STRANGE if rng.random() < odds else int(noun) for noun in kinds]
    return [noun for noun, count in zip(named, groups, strict=True) for _ in range(count)]


def _sizes(rng: np.random.Generator, total: int) -> list[float]:
    spread = LARGEST[total - 1] - SMALLEST
    sizes = SMALLEST + spread * rng.beta(1.3, 1.5, size=total)
    if rng.random() < 0.4:  # things of one size, as in a catalogue
        sizes[:] = sizes[0]
    return [float(size) for size in sizes]


def _distant_sizes(rng: np.random.Generator, total: int) -> list[float]:
    return [float(size) for size in rng.uniform(*DISTANT, size=total)]


def _place(
    rng: np.random.Generator, nouns: list[int], sizes: list[float], width: float, height: float, taught: bool
) -> tuple[Thing, ...]:
    """Rejection sampling; when it gets too tight, everything shrinks a little."""
    sizes = [size * max(width, height) ** 0.5 for size in sizes]
    closeness = float(rng.choice((0.86, 0.96, 1.05)))
    placed: list[tuple[float, float]] = []
    tries = 0
    while len(placed) < len(nouns):
        size = sizes[len(placed)]
        x, y = (_coordinate(rng, size, side) for side in (width, height))
        gaps = (hypot(x - u, y - v) / (size + other) for (u, v), other in zip(placed, sizes, strict=False))
        if all(gap >= closeness / 2 for gap in gaps):
            placed.append((x, y))
        tries += 1
        if tries % 40 == 0:
            sizes, placed = [max(SMALLEST, s * 0.85) for s in sizes], []
    return tuple(
        _thing(rng, noun, x, y, size, taught)
        for noun, (x, y), size in zip(nouns, placed, sizes, strict=False)  # sizes: of an empty scene none
    )


def _coordinate(rng: np.random.Generator, size: float, side: float) -> float:
    margin = size * (0.36 if rng.random() < 0.1 else 0.5)  # now and then the frame cuts something
    return float(rng.uniform(margin, side - margin))


def _thing(rng: np.random.Generator, noun: int, x: float, y: float, size: float, taught: bool) -> Thing:
    glyph = _glyph(rng, noun, taught)
    reach = float(rng.choice((0.0, 15.0, 35.0, 180.0), p=(0.25, 0.4, 0.2, 0.15)))
    angle = float(rng.uniform(-reach, reach)) if reach else 0.0
    artist = float(rng.random()) if taught else 0.0
    variant = int(rng.integers(1, VARIANTS)) if taught and rng.random() < 0.45 else 0
    return Thing(noun, glyph, x, y, size, angle, bool(rng.random() < 0.4), artist, variant)


def _glyph(rng: np.random.Generator, noun: int, taught: bool) -> str:
    if noun == STRANGE:
        strangers = [c for i, c in enumerate(STRANGERS) if not taught or (i + 1) % NEVER_TRAINED]
        return strangers[rng.integers(len(strangers))]
    glyphs = NOUNS[noun].glyphs
    return glyphs[0] if rng.random() < 0.6 else glyphs[rng.integers(len(glyphs))]


def _look(rng: np.random.Generator, colour: str | None) -> Look:
    def some(odds: float, low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.random() < odds else 0.0

    pale = colour == "white"  # in a bad light white is gray
    kinds = ("solid", "linear", "radial", "cloth", "stripes", "checks", "dots")
    kind = str(rng.choice(kinds, p=(0.28, 0.2, 0.1, 0.22, 0.08, 0.06, 0.06)))
    tones = [colour or COLOUR_NAMES[rng.integers(len(COLOUR_NAMES))] for _ in range(2)]
    return Look(
        kind=kind if colour else CLUTTER,
        shade=_shade(rng, tones[0]),
        second_shade=_shade(rng, tones[1]),
        texture=float(rng.uniform(6, 30)),
        texture_scale=float(rng.uniform(3, 40)),
        direction_deg=float(rng.uniform(0, 360)),
        shadow=some(0.25, 0.15, 0.5),
        light=some(0.3, 0.05, 0.08 if pale else 0.25),
        exposure=float(np.clip(rng.normal(1, 0.05), 0.98 if pale else 0.85, 1.15)),
        blur_px=some(0.2, 0.3, 0.8),
        noise=some(0.3, 2, 11),
        jpeg_quality=int(rng.integers(40, 96)) if rng.random() < 0.35 else 0,
        seed=int(rng.integers(2**31)),
    )


def _shade(rng: np.random.Generator, colour: str) -> RGB:
    """A mixture of two known shades, jittered: still called by the colour's name."""
    shades = np.asarray(COLOURS[colour], dtype=float)
    first, second = shades[rng.integers(len(shades), size=2)]
    mixed = first + (second - first) * rng.random() + rng.normal(0, 5, size=3) + rng.normal(0, 4)
    red, green, blue = (int(value) for value in np.clip(mixed, 0, 255))
    return red, green, blue
