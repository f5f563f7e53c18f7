"""The conversation: who does what, and what must be seen. A bot by invitation; its owner is Ada.

Everybody's words are English but Ben's, who speaks German, and Cleo's, who speaks French. The worker's engine
sees colours and sizes (`vlm.engine.echo`), and puts 'de: ' before what it says in German.
"""

from functools import partial
from typing import Final

from redis import Redis

from bot.replies import admin, find, language, photos, questions, start, status
from support.actions import (
    acts,
    chooses,
    deadly,
    edits,
    happens,
    moves,
    presses,
    sends,
    sends_album,
    types_inline,
    writes,
)
from support.bot_stack import Person, Stack, slow_worker
from support.conversation import Conversation, Step, about, said_in
from support.expectations import (
    brings_nothing,
    gets_zip,
    has_heard,
    hears,
    in_topic,
    is_offered,
    is_told,
    knows_nothing_of,
    knows_of,
    no_more,
    sees,
    silence,
    the_menu,
)
from support.paths import HEIC as HEIC_FILE
from vlm.engine.echo import SPOKEN

ADA, BEN, CLEO, DORA = 7_700_000_001, 7_700_000_002, 7_700_000_003, 7_700_000_004
CLUB, FORUM = -7_700, -1_000_000_007_777
NAME = "afterimage_bot"
BOT: Final = {"BOT_ACCESS": "invite", "BOT_OWNER": str(ADA), "BOT_CONTACT": "ada@example.org"}
HEIC = HEIC_FILE.read_bytes()

german, french = partial(said_in, "de"), partial(said_in, "fr")


def cast(stack: Stack) -> dict[str, Person]:
    return {
        "Ada": Person(stack, ADA, name="Ada"),
        "Ben": Person(stack, BEN, name="Ben", language="de"),
        "Cleo": Person(stack, CLEO, name="Cleo", language="fr"),
        "Ada in the club": Person(stack, CLUB, user=ADA),
        "Ben in the club": Person(stack, CLUB, user=BEN),
        "Dora in the club": Person(stack, CLUB, user=DORA, name="Dora"),
        "Ada in the forum": Person(stack, FORUM, user=ADA, topic="Holidays"),
    }


def a_slow_worker(conversation: Conversation) -> None:
    with Redis.from_url(conversation.stack.server.url) as redis:
        redis.delete("{afterimage}:tally")
        slow_worker(redis, seconds_a_job=10)


def a_quick_worker(conversation: Conversation) -> None:
    with Redis.from_url(conversation.stack.server.url) as redis:
        redis.srem("{afterimage}:workers", "slow")
    conversation.stack.start_worker()


def telegram_is_busy(conversation: Conversation) -> None:
    conversation.cast["Ada"].inject_fault(status=429, retry_after=1, times=2)


# fmt: off
COMING_IN: Final = [
    *about(7,
        ("Cleo", writes("/start"), hears(french(admin.closed_to_person, CLEO))),
        ("Cleo", writes("Please?"), silence()),
        ("Cleo", sends("red"), silence()),
    ),
    *about(10,
        ("Ada", writes("/start"), hears("Hello! Send me a photo"), hears("", "Try it .*", name="sample")),
        ("Ada", presses("sample", "Try it .*"), hears("AI caption: a [a-z]+ picture", to="sample")),
        ("Ada", writes("What is it?", "sample"), hears("AI answer: What is it. .asked of a [a-z]+ picture")),
        ("Ada", writes("/help"), hears("/find: Find photos.*/forget: .*it can be wrong")),
        ("Ada", writes("/fnid bicycle"), hears("Did you mean /find?")),
        ("Ada", writes("/xyzzy"), hears("What I can do: /help"), the_menu("/find Find photos by words")),
        ("Ada", writes("/start find"), hears("After /find, write what to look for")),
    ),
    *about(7,
        ("Ada", writes("/invite"), hears(rf"lets in one person.*t.me/{NAME}.start=(?P<word>[\w-]+)$")),
        ("Ben", writes("Hallo"), hears(german(admin.closed_to_person, BEN))),
        ("Ben", writes("/start {word}"), hears("", german(start.try_it))),
        ("Cleo", writes("/start {word}"), hears(french(admin.invitation_over))),
        ("Ben", writes("/invite"), hears(german(admin.bot_admins_only))),
        ("Ben", writes("/stats"), hears(german(admin.bot_admins_only))),
        ("Ada", writes("/stats"), hears("Queue: 0 from chats.*1 worker is running.*Photos remembered: 1")),
    ),
]

ASKING: Final = about(1,
    ("Ada", sends("red", name="bike"), hears("^AI caption: a red picture of 64 by 48$", name="red")),
    ("Ada", sends("blue", name="lake"), hears("a blue picture", "More detail", "Delete", name="blue")),
    ("Ada", writes("What is it?"), hears("answer to “What is it.”.*asked of a blue picture", to="lake")),
    ("Ada", writes("And that?", "bike"), hears("asked of a red picture.*after 0 turns", name="answer")),
    ("Ada", writes("How large?", "red"), hears("asked of a red picture.*after 1 turns")),
    ("Ada", writes("Is it old?", "answer", name="old"), hears("Is it old.*of a red picture.*after 2 turns")),
    ("Ada", edits("old", "Is it new?"), hears("Is it new. .asked of a red picture")),
    ("Ada", writes("/ask", "bike"), hears("Write your question here", name="invitation")),
    ("Ada", writes("Whose is it?", "invitation"), hears("Whose is it. .asked of a red picture")),
    ("Ada", writes("/ask Where is it?"), hears("Where is it.*asked of a blue picture", to="lake")),
    ("Ada", sends("green", caption="What is this?"), hears("AI caption: a green"), hears("AI answer: What")),
    ("Ada", sends("yellow", caption="Our garden", name="garden"), hears("Your note is kept: Our garden")),
    ("Ada", edits("garden", "Our garden in Kyoto"), hears("Your note is kept: Our garden in Kyoto")),
    ("Ada", presses("red", "What is in the picture."), hears("What is in the picture. .asked of a red")),
    ("Ada", presses("red", "More detail"), is_told("Looking again"), hears("^AI caption: .*More: what")),
    ("Ada", presses("red", "Another wording"), hears("AI caption: (red, 64|a red rectangle)")),
    ("Ada", sends("black"), hears("a black picture", name="black")),
    ("Ada", presses("black", "Delete"), hears("", "Yes, delete this photo", "No, keep it")),
    ("Ada", presses("black", "No, keep it"), hears("a black picture", "Delete")),
    ("Ada", presses("black", "Delete"), hears("", "Yes, delete this photo")),
    ("Ada", presses("black", "Yes, .*"), is_told("I have forgotten this photo"), no_more("black")),
)

ALBUMS_AND_FILES: Final = about(2,
    ("Ada", deadly(sends_album("red 90 60", "pink 90 60", "white 90 60")),
        hears("AI captions:\n1. a red.*\n2. a pink.*\n3. a white", name="album")),
    ("Ada", writes("What is the last one?", "album"), hears("asked of a white picture")),
    ("Ada", writes("What is it?", "album"), hears("Which photo", "1", "2", "3", "All of .*", name="which")),
    ("Ada", presses("which", "2"), hears("asked of a pink picture")),
    ("Ada", writes("What is in all of them?", "album"),
        hears("AI answers to .*\n1. .*a red.*\n2. .*a pink.*\n3. .*a white")),
    ("Ada", sends(HEIC, "IMG_1.HEIC", as_file=True), hears("AI caption: a ")),
    ("Ada", sends("purple 120 80", "plan.png", as_file=True, name="plan"), hears("a purple picture of 120")),
    ("Ada", sends("orange", "wave.webp", kind="sticker", name="sticker"), hears("a orange picture")),
    ("Ada", writes("What is it?", "sticker"), hears("asked of a orange picture")),
    ("Ada", sends("gray", via="gif"), hears("a gray picture")),
    ("Ada", sends(b"moves", "film.mp4"), hears("I cannot look at videos yet. Send me a photo")),
    ("Ada", sends(b"moves", "fun.tgs", kind="animated_sticker"), hears("I cannot look at .*stickers")),
    ("Ada", sends(b"says", "note.ogg", kind="voice"), hears("I cannot look at voice messages")),
    ("Ada", sends(b"no picture" * 9, "broken.png", as_file=True), hears("not a picture")),
)

AFTER_A_CRASH: Final = [
    *about(1,
        ("Ada", deadly(sends("orange 90 60", name="boat")), hears("AI caption: a orange", to="boat")),
        ("Ada", writes("Is it still there?", "bike"), hears("of a red picture of 64 by 48, after 3 turns")),
        ("Ada", presses("blue", "What is in the .*"), hears("What is in the picture. .asked of a blue")),
    ),
    *about(2,
        ("Ada", writes("What is the second?", "album"), hears("asked of a pink picture")),
    ),
]

FINDING: Final = about(3,
    ("Ada", writes("/find orange"), hears("1 photo: “orange”"), sees("boat"), hears("and 1 more like")),
    ("Ada", writes("/find kyoto"), hears("1 photo: “kyoto”", name="head"), sees("garden"),
        hears("AI caption: a yellow picture.*\nYour note: Our garden in Kyoto\n.*has: kyoto", name="hit")),
    ("Ada", writes("What grows there?", "hit"), hears("What grows there. .asked of a yellow picture")),
    ("Ada", presses("head", "Show it in the chat"), hears("Here it is, from", to="garden")),
    ("Ada", writes("/find 48"), hears("Photos 1 to 5 of .*: “48”", "More", name="page")),
    ("Ada", presses("page", "More"), hears("Photos 6 to")),
    ("Ada", writes("/find zebra"), hears("Nothing like that: .*The closest", "Show it", name="nothing")),
    ("Ada", presses("nothing", "Show it"), hears("AI caption: ")),
    ("Ada", writes("/find", "bike"), hears("1 photo: similar ones"), hears("looks like it")),
    ("Ada", writes("/find kyoto today"), hears("1 photo: “kyoto”, [A-Z][a-z]+ [0-9]"), sees("garden")),
    ("Ada", writes("/find kyoto last year"), hears("Nothing like that: “kyoto”, 2")),
    ("Ada", writes("/recent"), hears("The latest photos", "More", name="recent")),
    ("Ada", presses("recent", "More"), hears("6. AI caption: ", "Show 6 .*")),
    ("Ada", types_inline("kyoto"), is_offered("a yellow picture", count=1)),
    ("Ben", types_inline("kyoto"), is_offered("", count=0)),
)

LANGUAGES: Final = about(4,
    ("Ben", sends("red", name="rad"), hears(german(photos.caption, "de: a red picture of 64"), name="rot")),
    ("Ben", presses("rot", german(photos.show_english)), hears(r"\n.*: a red picture of 64 by 48$")),
    ("Ben", writes("Was ist das?"), hears(german(questions.answer, "de: Was ist das?", "Was ist das?"))),
    ("Ben", writes("/find de: red"), sees("rad")),
    ("Ben", writes("/find heute"), hears("", german(find.show, 0)), sees("rad")),
    ("Ben", writes("/xyzzy"), hears(german(start.unknown_command, "xyzzy"))),
    ("Ben", writes("/lang"), hears("", "中文", "Français", "Русский", "العربية", name="languages")),
    ("Ben", presses("languages", "Français"), hears(french(language.chosen, {*SPOKEN}))),
    ("Ben", writes("/lang pt-BR"), hears(said_in("pt", language.chosen, {*SPOKEN}))),
    ("Ben", writes("/lang chinese"), hears(said_in("zh", language.chosen, {*SPOKEN}))),
    ("Ben", sends("green"), hears(said_in("zh", photos.caption, "a green picture of 64 by 48"))),
    ("Ben", writes("/lang arabic"), hears(said_in("ar", language.chosen, {*SPOKEN}))),
    ("Ben", writes("/lang deutsch"), hears(german(language.chosen, {*SPOKEN})), the_menu("/find Fotos")),
)

IN_A_GROUP: Final = [
    *about(5,
        ("Ada in the club", acts("block", "unblock"), hears("Hello! I say what.*I stay silent until")),
        ("Dora in the club", writes("Lovely weather"), silence()),
        ("Dora in the club", sends("red", name="hers"), silence()),
        ("Ben in the club", writes(f"@{NAME}", "hers"), hears("AI caption: a red picture", name="told")),
        ("Dora in the club", writes("How old?", "told"), hears("How old. .asked of a red picture")),
        ("Ben in the club", sends("blue", caption=f"@{NAME} is it?"), hears("is it. .asked of a blue")),
        ("Dora in the club", writes(f"@{NAME} and this?"), hears("and this. .asked of a red picture")),
        ("Ben in the club", presses("told", "Delete"), is_told("Only the person who sent this photo")),
        ("Dora in the club", writes("/auto on"), hears("Only the admins")),
        ("Ada in the club", writes("/auto on"), hears("From now on I describe every photo")),
        ("Dora in the club", deadly(sends("green", name="leaf")), hears("AI caption: a green picture")),
        ("Ada in the club", writes("/auto off"), hears("only describe a photo when you mention me")),
        ("Dora in the club", sends("green"), silence()),
    ),
    *about(3,
        ("Ada in the club", types_inline("kyoto"), is_offered("a yellow picture", count=1)),
        ("Ada in the club", chooses(), brings_nothing("Our garden in Kyoto")),
    ),
    *about(5,
        ("Ada in the club", moves("Ada in the club", "Ben in the club", "Dora in the club"), silence()),
        ("Dora in the club", writes("/find green"), sees("leaf")),
        ("Dora in the club", writes("/find kyoto"), hears("Nothing like that")),
        ("Dora in the club", writes(f"/find 48 from @person{BEN}"), hears("1 photo: “48”, from .*Ben")),
        ("Ada in the forum", acts("block", "unblock"), hears("Hello! I say what")),
        ("Ada in the forum", sends("pink", caption=f"@{NAME}", name="beach"), hears("a pink", name="there"),
            in_topic("there", "beach")),
    ),
]

STYLES: Final = about(8,
    ("Ada", writes("/style"), hears("Now they are: normal", "Short", "Normal", "Detailed", name="styles")),
    ("Ada", presses("styles", "Detailed"), hears("From now on my captions are detailed")),
    ("Ada", sends("blue 200 150"), hears("^AI caption: A blue picture of 200 by 150. More: what else")),
    ("Ada", writes("/style short"), hears("at most 125 characters")),
    ("Ada", sends("white 200 150"), hears("^AI caption: .{1,125}$")),
    ("Ada", writes("/style normal"), hears("normal length")),
)

WAITING: Final = about(9,
    ("Ada", happens(lambda conversation: conversation.stack.stop("worker"), is_idle=False)),
    ("Ada", sends("green 99 66", name="queued"), hears("in line. No worker is running right now")),
    ("Ada", writes("Who is it?", "bike"), hears("Your question is in line. No worker is running")),
    ("Ben", happens(a_slow_worker, is_idle=False)),
    ("Ben", sends("green 99 66"), hears(german(status.in_line, 2, 30.0))),
    ("Ben", happens(a_quick_worker), hears("de: a green picture of 99 by 66")),
    ("Ada", writes("/help"), hears("Send a photo"), has_heard("a green picture of 99", to="queued")),
    ("Ada", happens(telegram_is_busy), silence()),
    ("Ada", sends("blue 99 66"), hears("AI caption: a blue picture of 99 by 66")),
)

KEEPING: Final = about(6,
    ("Ada", writes("/privacy"), hears("never keep the pictures.*365 days.*/forget all.*ada@example.org")),
    ("Ada", writes("/edit our blue kayak", "lake"), hears("Thank you"), hears("Your caption: our blue ka")),
    ("Ada", writes("/find kayak"), hears("1 photo: “kayak”"), sees("lake")),
    ("Ada", presses("red", "Correct it"), hears("Reply to this message with the right words", name="prompt")),
    ("Ada", writes("a bike in Paris", "prompt"), hears("Your caption: a bike in Paris")),
    ("Ada", writes("/find paris"), sees("bike")),
    ("Ada", writes("/edit mine", "which"), hears("Your caption: mine")),
    ("Ada", deadly(writes("/export")), hears("Here are [0-9]+ photos"), gets_zip(
        "photos.jsonl: our blue kayak", "photos.jsonl: Our garden in Kyoto", "photos.jsonl: What grows there",
        "pictures/[0-9]+.txt: a bike in Paris", "README.txt: vlm evaluate caption")),
    ("Dora in the club", writes("/export"), hears("Only an administrator of this group")),
    ("Dora in the club", writes("/forget all"), hears("Only an administrator of this group")),
    ("Ada", writes("/forget", "lake"), hears("I have forgotten this photo")),
    ("Ada", writes("/find kayak"), hears("Nothing like that")),
    ("Ada", writes("/forget all"), hears("Should I forget everything", "Yes, .*", "No, .*", name="all")),
    ("Ada", presses("all", "No, .*"), hears("Nothing was forgotten")),
    ("Ada", writes("/forget all"), hears("Should I forget everything", "Yes, .*", name="all"),
        knows_of("Kyoto", "Paris", "What grows there", photos=("garden", "boat"))),
    ("Ada", presses("all", "Yes, .*"), hears("I have forgotten everything about this chat"),
        knows_nothing_of("Kyoto", "Paris", "kayak", "What grows there", photos=("garden", "boat"))),
    ("Ada", writes("What is it?"), hears("Send me a photo first")),
    ("Ada", writes("/find kyoto"), hears("Send me some first")),
    ("Ben", writes("/find de: red"), sees("rad")),
)
# fmt: on

SCENARIO: Final[list[Step]] = [
    *COMING_IN,
    *ASKING,
    *ALBUMS_AND_FILES,
    *AFTER_A_CRASH,
    *FINDING,
    *LANGUAGES,
    *IN_A_GROUP,
    *STYLES,
    *WAITING,
    *KEEPING,
]
