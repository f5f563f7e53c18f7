"""The vocabulary of drawn scenes: a hundred and fifty things, ten background colours, and their words.

NOUNS     noun, plural, and the emoji that show it (the first is the most common)
STRANGERS emoji that are none of these: what the model must learn not to name
COLOURS   a colour's name and the shades that people call by that name
NUMBERS   number words, zero to five
"""

from dataclasses import dataclass

RGB = tuple[int, int, int]
NUMBERS = ("zero", "one", "two", "three", "four", "five")
MAX_THINGS = 5


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of thing. `glyphs` are single emoji characters."""

    name: str
    plural: str
    glyphs: str

    @property
    def with_article(self) -> str:
        return f"{article(self.name)} {self.name}"


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" and not word.startswith("uni") else "a"


def _noun(name: str, glyphs: str, plural: str = "") -> Noun:
    return Noun(name, plural or name + "s", glyphs)


NOUNS: tuple[Noun, ...] = (
    _noun("dog", "🐕🐶"),
    _noun("cat", "🐈🐱"),
    _noun("horse", "🐎🐴"),
    _noun("cow", "🐄🐮"),
    _noun("pig", "🐖🐷"),
    _noun("elephant", "🐘"),
    _noun("rabbit", "🐇🐰"),
    _noun("bear", "🐻"),
    _noun("penguin", "🐧"),
    _noun("owl", "🦉"),
    _noun("turtle", "🐢"),
    _noun("snake", "🐍"),
    _noun("fish", "🐟🐠", "fish"),
    _noun("octopus", "🐙", "octopuses"),
    _noun("butterfly", "🦋", "butterflies"),
    _noun("spider", "🕷"),
    _noun("frog", "🐸"),
    _noun("duck", "🦆"),
    _noun("rose", "🌹"),
    _noun("sunflower", "🌻"),
    _noun("cactus", "🌵", "cactuses"),
    _noun("mushroom", "🍄"),
    _noun("banana", "🍌"),
    _noun("strawberry", "🍓", "strawberries"),
    _noun("watermelon", "🍉"),
    _noun("pineapple", "🍍"),
    _noun("carrot", "🥕"),
    _noun("pizza", "🍕"),
    _noun("hamburger", "🍔"),
    _noun("egg", "🥚"),
    _noun("doughnut", "🍩"),
    _noun("house", "🏠🏡"),
    _noun("bus", "🚌", "buses"),
    _noun("car", "🚗🚙"),
    _noun("bicycle", "🚲"),
    _noun("rocket", "🚀"),
    _noun("airplane", "✈🛩"),
    _noun("ship", "🚢"),
    _noun("tractor", "🚜"),
    _noun("star", "⭐🌟"),
    _noun("umbrella", "☂☔🌂"),
    _noun("balloon", "🎈"),
    _noun("guitar", "🎸"),
    _noun("violin", "🎻"),
    _noun("camera", "📷📸"),
    _noun("laptop", "💻"),
    _noun("key", "🔑🗝"),
    _noun("bell", "🔔"),
    _noun("mouse", "🐁🐭", "mice"),
    _noun("tiger", "🐅🐯"),
    _noun("lion", "🦁"),
    _noun("monkey", "🐒🐵"),
    _noun("fox", "🦊", "foxes"),
    _noun("wolf", "🐺", "wolves"),
    _noun("raccoon", "🦝"),
    _noun("zebra", "🦓"),
    _noun("giraffe", "🦒"),
    _noun("deer", "🦌", "deer"),
    _noun("sheep", "🐑", "sheep"),
    _noun("goat", "🐐"),
    _noun("camel", "🐫🐪"),
    _noun("kangaroo", "🦘"),
    _noun("koala", "🐨"),
    _noun("panda", "🐼"),
    _noun("hedgehog", "🦔"),
    _noun("squirrel", "🐿"),
    _noun("bat", "🦇"),
    _noun("chicken", "🐔🐓"),
    _noun("eagle", "🦅"),
    _noun("parrot", "🦜"),
    _noun("flamingo", "🦩"),
    _noun("swan", "🦢"),
    _noun("peacock", "🦚"),
    _noun("crocodile", "🐊"),
    _noun("lizard", "🦎"),
    _noun("dinosaur", "🦕🦖"),
    _noun("whale", "🐋🐳"),
    _noun("dolphin", "🐬"),
    _noun("shark", "🦈"),
    _noun("crab", "🦀"),
    _noun("lobster", "🦞"),
    _noun("snail", "🐌"),
    _noun("bee", "🐝"),
    _noun("ant", "🐜"),
    _noun("ladybug", "🐞"),
    _noun("scorpion", "🦂"),
    _noun("unicorn", "🦄"),
    _noun("tree", "🌳"),
    _noun("tulip", "🌷"),
    _noun("apple", "🍎🍏"),
    _noun("pear", "🍐"),
    _noun("lemon", "🍋"),
    _noun("peach", "🍑", "peaches"),
    _noun("coconut", "🥥"),
    _noun("avocado", "🥑"),
    _noun("eggplant", "🍆"),
    _noun("tomato", "🍅", "tomatoes"),
    _noun("onion", "🧅"),
    _noun("croissant", "🥐"),
    _noun("pretzel", "🥨"),
    _noun("taco", "🌮"),
    _noun("cake", "🍰"),
    _noun("cookie", "🍪"),
    _noun("lollipop", "🍭"),
    _noun("truck", "🚚🚛"),
    _noun("taxi", "🚕🚖"),
    _noun("ambulance", "🚑"),
    _noun("train", "🚂🚆"),
    _noun("motorcycle", "🏍"),
    _noun("helicopter", "🚁"),
    _noun("sailboat", "⛵"),
    _noun("canoe", "🛶"),
    _noun("anchor", "⚓"),
    _noun("book", "📕📗📘"),
    _noun("clock", "⏰🕰"),
    _noun("phone", "📱"),
    _noun("television", "📺"),
    _noun("radio", "📻"),
    _noun("candle", "🕯"),
    _noun("hammer", "🔨"),
    _noun("axe", "🪓"),
    _noun("knife", "🔪", "knives"),
    _noun("spoon", "🥄"),
    _noun("drum", "🥁"),
    _noun("trumpet", "🎺"),
    _noun("saxophone", "🎷"),
    _noun("piano", "🎹"),
    _noun("microphone", "🎤"),
    _noun("crown", "👑"),
    _noun("hat", "🎩👒"),
    _noun("shoe", "👞👟"),
    _noun("dress", "👗", "dresses"),
    _noun("backpack", "🎒"),
    _noun("ring", "💍"),
    _noun("gift", "🎁"),
    _noun("ball", "⚽🏀🏐"),
    _noun("trophy", "🏆", "trophies"),
    _noun("kite", "🪁"),
    _noun("robot", "🤖"),
    _noun("snowman", "⛄☃", "snowmen"),
    _noun("ghost", "👻"),
    _noun("heart", "❤"),
    _noun("cloud", "☁"),
    _noun("rainbow", "🌈"),
    _noun("castle", "🏰"),
    _noun("tent", "⛺"),
    _noun("chair", "🪑"),
    _noun("door", "🚪"),
    _noun("telescope", "🔭"),
    _noun("envelope", "✉"),
)

# In turns: two for training, one that only evaluation shows.
STRANGERS = (
    "😀😂😍😎😴😡🥶🤡👽👹🤠😱🥳🤢😇🤓👶👧👦👩👨👴👵👮🕵👷🤴👸🧙🧛🧜🧞🧟💃🕺🚶🏃🤸🧘👍👎👏🤝👋✌🤘👆👊💪👂👃👁👄🦷🦴🧠"
    "🍇🍒🥝🥦🌽🥬🥒🍞🧀🥖🥓🥩🍗🍖🌭🍟🥗🍝🍜🍣🍤🍚🍙🍡🍦🍨🍫🍬🍯🥛☕🍵🍷🍺🍹🥤🧊🥢🍽"
    "🎲🎯🎳🎮🎰🧩🎨🎭🎬🎪🎢🎡⛲🗽🗿🗼🏛🏭🏥🏦🏪🏟🕌🛕⛩🌋🗻🏝🌅🌃🌉"
    "🔥💧🌊⚡❄☀🌙🪐🌍🌪🍁🍂🌾🎍🪴🍀"
    "⚙🔩🧲🧪🧬🔬💉💊🩹🛁🚿🚽🧻🧼🧽🧯🧹🧺🪣🛒🚬⚰🔒🔋🔌💡🔦🖨⌨🖱💾💿📼🎞📠🧭⌛📡"
    "✂📌📎📐📏🖊🖍📁📅📊📈🗑🔗🧷🧵🧶👓🕶🧤🧣🧥🧦👙👘👖👕👔🩰💄👛👜🧳🌂"
    "🚦🚧🛑⛽🚜🛹🛴🚠🛸🛰🎠🎏🎐🎎🏮🪔🧨🎫🏅🥊🥋⛳🎣🤿🎿🛷🏹🛡⚔🔫💣🔮📿💎💰💳🧾♟🃏🀄🎴🔇📣💬♻🚫❓➕✅🔱⚜🔰🌀💤💢💯"
)
STRANGERS = "".join(dict.fromkeys(c for c in STRANGERS if not any(c in noun.glyphs for noun in NOUNS)))

COLOURS: dict[str, tuple[RGB, ...]] = {
    "red": ((220, 40, 40), (255, 0, 0), (180, 20, 30), (230, 70, 65), (200, 30, 30)),
    "orange": ((255, 140, 0), (255, 165, 0), (240, 130, 40), (250, 150, 60), (230, 120, 20)),
    "yellow": ((255, 220, 0), (255, 255, 0), (245, 225, 70), (250, 235, 110), (235, 205, 30)),
    "green": ((0, 128, 0), (60, 170, 70), (0, 220, 0), (110, 195, 105), (30, 110, 50), (40, 160, 90)),
    "blue": ((30, 90, 200), (0, 0, 255), (70, 130, 220), (110, 165, 235), (20, 50, 150), (40, 110, 220)),
    "purple": ((128, 0, 128), (140, 60, 180), (155, 85, 205), (100, 40, 150), (150, 50, 200)),
    "pink": ((255, 192, 203), (255, 105, 180), (255, 150, 180), (245, 130, 170), (255, 175, 200)),
    "white": ((255, 255, 255), (245, 245, 245), (250, 248, 242), (238, 240, 244)),
    "black": ((0, 0, 0), (18, 18, 18), (30, 30, 32), (12, 10, 16)),
    "gray": ((128, 128, 128), (150, 150, 150), (110, 112, 115), (175, 175, 175), (90, 90, 92)),
}
COLOUR_NAMES: tuple[str, ...] = tuple(COLOURS)
