"""Bots of all versions read and write the same keys: their texts are written out here and must not change."""

import pytest

from bot.state.reply_target import (
    KINDS,
    AccessRefusal,
    AlbumCaptions,
    ButtonPress,
    CaptionRequest,
    EditedQuestion,
    ExportEnd,
    ExportPart,
    GroupJoined,
    InlineRequest,
    InvitationRefusal,
    Migrated,
    NearestPhoto,
    PickedAll,
    PickedPhoto,
    PrivateExport,
    QuestionAboutAll,
    QuestionWithPhoto,
    RecentPage,
    ReplyKey,
    ReplyTarget,
    SamplePhoto,
    SearchPage,
    SentMessage,
    ShownAlbum,
    ShownPhoto,
    SuggestedQuestion,
    UnknownKey,
    parse_key,
    target_from,
    target_of_photo,
)

MESSAGE = SentMessage(12)
TEXTS: dict[str, ReplyKey] = {
    "12": MESSAGE,
    "g12": Migrated(MESSAGE),
    "gg12": Migrated(Migrated(MESSAGE)),
    "press-77": ButtonPress("77"),
    "again-77": CaptionRequest("77"),
    "gagain-77": Migrated(CaptionRequest("77")),
    "background-12": SuggestedQuestion("background", 12),
    "many:two_cats-12": SuggestedQuestion("many:two_cats", 12),
    "album-139": AlbumCaptions("139"),
    "galbum-139": Migrated(AlbumCaptions("139")),
    "all-12": QuestionAboutAll(MESSAGE),
    "all-album-139": QuestionAboutAll(AlbumCaptions("139")),
    "all-picked-15": QuestionAboutAll(PickedAll(15)),
    "picked-12-15": PickedPhoto("12", 15),
    "picked-g12-15": PickedPhoto("g12", 15),
    "picked-15": PickedAll(15),
    "inline-9876": InlineRequest("9876"),
    "12-asked": QuestionWithPhoto(MESSAGE),
    "press-77-asked": QuestionWithPhoto(ButtonPress("77")),
    "12-edited-1767225600": EditedQuestion(MESSAGE, 1767225600),
    "12-asked-edited-1767225600": EditedQuestion(QuestionWithPhoto(MESSAGE), 1767225600),
    "12-from-5": SearchPage(MESSAGE, 5),
    "12-before-g7": RecentPage(MESSAGE, "g7"),
    "15-near": NearestPhoto(15),
    "12-photos": ShownAlbum(MESSAGE, "photo"),
    "12-from-5-documents": ShownAlbum(SearchPage(MESSAGE, 5), "document"),
    "12-7": ShownPhoto(MESSAGE, "7"),
    "12-photos-7": ShownPhoto(ShownAlbum(MESSAGE, "photo"), "7"),
    "15-near-g7": ShownPhoto(NearestPhoto(15), "g7"),
    "export--7700-12": PrivateExport(-7700, MESSAGE),
    "12-part-2": ExportPart(MESSAGE, 2),
    "export--7700-12-part-2": ExportPart(PrivateExport(-7700, MESSAGE), 2),
    "12-last": ExportEnd(MESSAGE),
    "joined-1767225600": GroupJoined(1767225600),
    "door": AccessRefusal(),
    "used": InvitationRefusal(),
    "sample": SamplePhoto(),
    "of-a-newer-version": UnknownKey("of-a-newer-version"),
    "mine": UnknownKey("mine"),
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_keys_text_stays_and_is_read_back(text: str) -> None:
    assert str(TEXTS[text]) == text
    assert parse_key(text) == TEXTS[text]


def test_every_kind_is_written_out() -> None:
    assert {type(key) for key in TEXTS.values()} == {*KINDS, UnknownKey}


@pytest.mark.parametrize(
    ("target", "correlation_data", "job"),
    [
        (ReplyTarget(5, MESSAGE, 12), "12 12 0", "5-12"),
        (ReplyTarget(-5, MESSAGE, 12, 3, "What is it?"), "12 12 3 What is it?", "-5-12"),
        (ReplyTarget(5, AlbumCaptions("139"), 12), "album-139 12 0", "5-album-139"),
        (ReplyTarget(5, InlineRequest("9")), "inline-9 0 0", "5-inline-9"),
        (
            ReplyTarget(5, SuggestedQuestion.of("many:two cats", 15), 15),
            "many:two_cats-15 15 0",
            "5-many:two_cats-15",
        ),
    ],
)
def test_a_target_comes_back_with_its_result(target: ReplyTarget, correlation_data: str, job: str) -> None:
    assert target.correlation_data == correlation_data
    assert target.job_id == job
    assert target_from(target.chat, correlation_data) == target


def test_correlation_data_was_once_a_message_alone() -> None:
    assert target_from(5, "12") == ReplyTarget(5, MESSAGE, 12)


@pytest.mark.parametrize("text", ["", "press-77", "12 x 0"])
def test_what_is_no_correlation_data_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        target_from(5, text)


def test_in_a_supergroup_a_target_replies_to_nothing_and_lists_no_photos() -> None:
    album = ReplyTarget(-5, AlbumCaptions("139"), 12, 3, "What are they?")
    moved = album.migrated_to(-1005)
    assert moved == ReplyTarget(-1005, Migrated(AlbumCaptions("139")), follow_up_question="What are they?")
    assert moved.correlation_data == "galbum-139 0 0 What are they?"
    assert (album.is_photo_list, moved.is_photo_list) == (True, False)


def test_a_photos_caption_stands_below_the_message_that_brought_it() -> None:
    assert target_of_photo(5, "12") == ReplyTarget(5, MESSAGE, 12)
    assert target_of_photo(5, "g12", 3) == ReplyTarget(5, Migrated(MESSAGE), 0, 3)


def test_the_question_of_a_photo_is_answered_beside_its_caption() -> None:
    target = ReplyTarget(5, MESSAGE, 12, 0, "What is it?")
    assert target.for_question() == ReplyTarget(5, QuestionWithPhoto(MESSAGE), 12)
    assert target.stands_below_its_question
    assert not ReplyTarget(5, PickedPhoto("12", 15), 12).stands_below_its_question
