"""Search in a chat's photos: what is found, in which order, and when nothing is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlm.errors import BadRequest, ModelNotFound, TooLarge
from vlm.queue.client import clean_query
from vlm.search.calibration import Calibration, ReferenceSet, Rule, load_reference_set
from vlm.search.index import IndexedPhoto, SearchIndex, SearchQuery
from vlm.search.ranking import RankedPhotos, find, find_similar
from vlm.search.stemming import term, terms
from vlm.search.vectors import VectorBlocks

Q, E = 3, 8  # vectors a picture, their width
RULE = Rule(z_score=1.0, similarity=0.0, words=4.0, cut=5.0)
NOUNS = ["cat", "dog", "house", "star", "key", "bus"]


def units(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    drawn = rng.standard_normal((*shape, E)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def reference_set(rule: Rule = RULE) -> ReferenceSet:
    calibration = Calibration(
        revision="one", rule=rule, texts=64, words={"cat": 3, "dog": 2, "green": 9}, fitted={}
    )
    return ReferenceSet(calibration, units(np.random.default_rng(9), 64, Q).astype(np.float16))


def photo(name: str, text: str = "", *, seed: int = 0, at: float = 0, digest: str = "") -> IndexedPhoto:
    vectors = units(np.random.default_rng(seed), Q).astype(np.float16)
    return IndexedPhoto(id=name, vectors=vectors, text=text, timestamp=at, digest=digest)


def query(text: str, seed: int = 1000) -> SearchQuery:
    return SearchQuery(text=text, vector=units(np.random.default_rng(seed)))


def like(photo: IndexedPhoto, text: str) -> SearchQuery:
    """A query whose vector is one of the photo's own."""
    assert photo.vectors is not None
    return SearchQuery(text=text, vector=photo.vectors[1].astype(np.float32))


def ids(ranked: RankedPhotos) -> list[str]:
    return [hit.id for hit in ranked.hits]


@st.composite
def photo_lists(draw: st.DrawFn) -> list[IndexedPhoto]:
    """Up to twelve photos; some of them were sent twice."""
    seeds = draw(st.lists(st.integers(0, 8), max_size=12))
    texts = [" and ".join(draw(st.lists(st.sampled_from(NOUNS), max_size=2))) for _ in seeds]
    return [
        photo(str(place), text, seed=seed, at=place)
        for place, (seed, text) in enumerate(zip(seeds, texts, strict=True))
    ]


# What is found.


def test_an_empty_chat_has_nothing_and_offers_nothing() -> None:
    assert find(SearchIndex([]), query("a cat"), reference_set()) == RankedPhotos()


def test_words_of_the_caption_and_the_picture_speak_together() -> None:
    both, words, picture = photo("both", "a cat", seed=1), photo("words", "a cat", seed=2), photo("p", seed=1)
    ranked = find(SearchIndex([words, picture, both]), like(both, "cats"), reference_set(RULE))
    assert ranked.hits[0].id == "both"
    assert "dog" not in ranked.hits[0].words and ranked.hits[0].words == ("cats",)


def test_what_nothing_is_like_is_not_found_but_the_nearest_is_offered() -> None:
    photos = [photo(str(seed), "a dog", seed=seed) for seed in range(30)]
    ranked = find(SearchIndex(photos), query("a giraffe"), reference_set())
    assert (ranked.hits, ranked.total) == ((), 0)
    assert ranked.nearest is not None and ranked.nearest.score < 0.5 and ranked.nearest.words == ()


def test_a_photo_of_another_models_time_is_found_by_its_words() -> None:
    old = IndexedPhoto(id="old", vectors=None, text="a red bicycle")
    assert ids(find(SearchIndex([old, photo("new", "a cat")]), query("red bicycles"), None)) == ["old"]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    index = SearchIndex([photo("green", "green", seed=1), photo("key", "key", seed=1)])
    measured = index.measure(query("green key"), reference_set())
    assert measured.words[1] > measured.words[0] > 0 and measured.words.sum() == pytest.approx(1)


def test_a_hit_says_why() -> None:
    one = photo("one", "two cats on a green background", seed=3)
    (hit,) = find(SearchIndex([one]), like(one, "Two Cats, please"), reference_set()).hits
    assert hit.words == ("two", "cats") and hit.similarity == pytest.approx(1, abs=1e-3)
    assert hit.score > 0.5 and hit.z_score > 1


def test_without_a_calibration_the_album_itself_says_what_is_usual() -> None:
    photos = [photo(str(seed), "a dog" if seed else "a cat", seed=seed) for seed in range(40)]
    assert ids(find(SearchIndex(photos), like(photos[0], "a cat"), None)) == ["0"]
    assert ids(find(SearchIndex(photos), query("a giraffe"), None)) == []


def test_too_few_pictures_to_compare_with_leave_it_to_the_words() -> None:
    few = SearchIndex([photo("cat", "a cat", seed=1), photo("dog", "a dog", seed=2)])
    assert ids(find(few, query("a cat"), None)) == ["cat"]
    assert ids(find(few, query("a giraffe"), None)) == []


# Order, limit, copies.


@given(photo_lists(), st.sampled_from(NOUNS), st.integers(1, 12))
def test_hits_come_best_first_all_above_the_cut_and_within_the_limit(
    photos: list[IndexedPhoto], noun: str, limit: int
) -> None:
    ranked = find(SearchIndex(photos), query(noun), reference_set(), limit=limit)
    scores = [hit.score for hit in ranked.hits]
    assert scores == sorted(scores, reverse=True) and all(score > 0.5 for score in scores)
    assert len(scores) == min(limit, ranked.total)
    assert (ranked.nearest is None) == (bool(ranked.hits) or not photos)


@given(photo_lists(), st.sampled_from(NOUNS))
def test_every_photo_is_shown_or_stood_for_once(photos: list[IndexedPhoto], noun: str) -> None:
    open_door = reference_set(Rule(z_score=1.0, similarity=0.0, words=1.0, cut=-1e6))
    ranked = find(SearchIndex(photos), query(noun), open_door, limit=len(photos) + 1)
    shown = [name for hit in ranked.hits for name in (hit.id, *hit.copies)]
    assert sorted(shown) == sorted(photo.id for photo in photos)


@given(photo_lists(), st.sampled_from(NOUNS))
def test_a_stricter_cut_never_finds_more(photos: list[IndexedPhoto], noun: str) -> None:
    totals = [
        find(
            SearchIndex(photos),
            query(noun),
            reference_set(Rule(z_score=1.0, similarity=1.0, words=4.0, cut=cut)),
        ).total
        for cut in (-2.0, 1.0, 3.0, 5.0)
    ]
    assert totals == sorted(totals, reverse=True)


@given(st.permutations([photo(str(seed), NOUNS[seed], seed=seed, at=seed) for seed in range(6)]))
def test_the_order_of_the_album_changes_nothing(photos: list[IndexedPhoto]) -> None:
    known = [photo(str(seed), NOUNS[seed], seed=seed, at=seed) for seed in range(6)]
    assert find(SearchIndex(photos), query("a star"), reference_set()) == find(
        SearchIndex(known), query("a star"), reference_set()
    )


def test_near_identical_photos_are_one_hit_the_latest() -> None:
    first = photo("first", "a cat", seed=5, at=1)
    assert first.vectors is not None
    noise = 0.01 * np.random.default_rng(0).standard_normal((Q, E))
    again = IndexedPhoto(
        id="again", vectors=(first.vectors + noise).astype(np.float16), text="two cats", timestamp=2
    )
    other = photo("other", "a cat", seed=6, at=3)
    ranked = find(SearchIndex([first, again, other]), like(first, "cat"), reference_set(Rule(
        z_score=0, similarity=1, words=4, cut=2)))  # fmt: skip
    assert ids(ranked) == ["again", "other"] and ranked.total == 2
    assert [hit.copies for hit in ranked.hits] == [("first",), ()]


@pytest.mark.parametrize(("product", "hits"), [(0.98, 2), (0.99, 1)])
def test_two_scenes_that_are_much_alike_stay_two(product: float, hits: int) -> None:
    first = np.tile(np.eye(E, dtype=np.float32)[0], (Q, 1))
    aside = np.tile(np.eye(E, dtype=np.float32)[1], (Q, 1))
    other = product * first + (1 - product**2) ** 0.5 * aside
    photos = [
        IndexedPhoto(id=name, vectors=each, text="a cat") for name, each in (("a", first), ("b", other))
    ]
    words = reference_set(Rule(z_score=0, similarity=0, words=4, cut=2))
    assert find(SearchIndex(photos), query("cat"), words).total == hits


def test_the_same_bytes_are_the_same_photo_whatever_the_model_saw() -> None:
    photos = [photo(name, "a cat", seed=seed, at=seed, digest="d") for seed, name in enumerate("abc")]
    ranked = find(
        SearchIndex(photos), query("cat"), reference_set(Rule(z_score=0, similarity=0, words=4, cut=2))
    )
    assert ids(ranked) == ["c"] and ranked.hits[0].copies == ("b", "a")


def test_a_photo_that_came_twice_under_one_id_is_there_once() -> None:
    index = SearchIndex([photo("a", "a cat", seed=1), photo("a", "a dog", seed=1)])
    assert [one.text for one in index.photos] == ["a dog"]


# Photos that come, change and go.


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(NOUNS), st.booleans(), st.booleans()), max_size=30)
)
@example(
    [(0, "cat", False, False), (0, "cat", False, True), (1, "cat", False, True), (0, "cat", False, False)]
)
@example([(0, "cat", False, False)] * 8 + [(1, "cat", False, True), (0, "cat", False, True)])
def test_an_album_that_grew_and_shrank_is_as_one_that_was_made_at_once(
    steps: list[tuple[int, str, bool, bool]],
) -> None:
    index, known = SearchIndex(), dict[str, IndexedPhoto]()
    for at, (name, noun, gone, seen) in enumerate(steps):
        if gone:
            index.remove(str(name))
            known.pop(str(name), None)
            continue
        given_ = photo(str(name), noun, seed=at, at=at)
        known[str(name)] = (
            given_ if seen else IndexedPhoto(id=str(name), vectors=None, text=noun, timestamp=at)
        )
        index.add(known[str(name)])
    anew = SearchIndex(known.values())
    assert (index.ids, len(index)) == (anew.ids, len(anew)) == (frozenset(known), len(known))
    for search_query in (query("a cat"), query("star and key", seed=3)):
        assert find(index, search_query, reference_set()) == find(anew, search_query, reference_set())
        assert find(index, search_query, None) == find(anew, search_query, None)
    for name in known:
        assert find_similar(index, name, reference_set()) == find_similar(anew, name, reference_set())


@given(st.permutations([photo(str(seed), "a cat", seed=seed % 4, at=seed // 4) for seed in range(20)]))
def test_photos_that_came_at_one_time_are_ranked_by_their_ids_wherever_they_lie(
    photos: list[IndexedPhoto],
) -> None:
    open_door = reference_set(Rule(z_score=0, similarity=0, words=4, cut=2))
    assert ids(find(SearchIndex(photos), query("cat"), open_door)) == ["19", "18", "17", "16"]
    assert find(SearchIndex(photos), query("cat"), None) == find(
        SearchIndex(sorted(photos, key=lambda one: one.timestamp)), query("cat"), None
    )


@pytest.mark.parametrize(("queries", "width"), [(1, 7), (25, 64), (32, 255)])
def test_how_near_a_picture_comes_does_not_depend_on_where_it_lies(queries: int, width: int) -> None:
    rng = np.random.default_rng(0)
    vectors, search_query = (
        rng.standard_normal((queries, width)),
        rng.standard_normal(width).astype(np.float32),
    )
    ranked = set()
    for before in (0, 1, 2, 5, 255, 256, 300):
        blocks = VectorBlocks()
        for place in range(before):
            blocks.set(place, rng.standard_normal((queries, width)))
        blocks.set(before, vectors)
        ranked.add(float(blocks.nearest(search_query)[before]))
    assert len(ranked) == 1


def test_a_photo_that_went_leaves_no_vectors() -> None:
    index = SearchIndex([photo("a", seed=1), photo("b", seed=2)])
    (row,) = index.columns.row[[index.slot_of("a")]]
    index.remove("a")
    assert not index._vectors.rows(np.array([row])).any()


def test_many_more_photos_than_fit_a_block_are_all_searched() -> None:
    photos = [photo(str(seed), "a dog", seed=seed) for seed in range(600)]
    for position in (0, 255, 256, 599):
        ranked = find(SearchIndex(photos), like(photos[position], "a cat"), None)
        assert [ranked.hits[0].id if ranked.hits else ranked.nearest and ranked.nearest.id] == [str(position)]


def test_vectors_of_another_shape_are_not_compared() -> None:
    odd = IndexedPhoto(id="odd", vectors=np.ones((Q, E + 1), np.float16), text="a cat")
    assert ids(find(SearchIndex([photo("one", "a dog"), odd]), query("a cat"), None)) == ["odd"]


# Some of them.


def test_only_the_photos_that_are_asked_for_are_found_or_offered() -> None:
    index = SearchIndex([photo(str(at), "a cat", seed=at, at=at) for at in range(6)])
    words = reference_set(Rule(z_score=0, similarity=0, words=4, cut=2))
    late = index.columns.timestamp >= 4
    assert set(ids(find(index, query("cat"), words, among=late))) == {"4", "5"}
    none = find(index, query("dog"), words, among=late)
    assert none.hits == () and none.nearest is not None and none.nearest.id == "5"
    assert find(index, query("cat"), words, among=index.columns.timestamp > 9) == RankedPhotos()


@given(photo_lists(), st.integers(0, 12), st.integers(1, 5))
def test_pages_follow_one_another(photos: list[IndexedPhoto], offset: int, limit: int) -> None:
    words = reference_set(Rule(z_score=0, similarity=0, words=4, cut=2))
    whole = find(SearchIndex(photos), query("cat"), words, limit=100)
    page = find(SearchIndex(photos), query("cat"), words, limit=limit, offset=offset)
    assert page.hits == whole.hits[offset : offset + limit] and page.total == whole.total


# Other words for the query.


def test_what_was_typed_in_another_language_is_found_where_all_its_words_stand() -> None:
    mine = IndexedPhoto(id="mine", vectors=None, text="a woman on a sofa\nOma Ilse im Sessel")
    other = IndexedPhoto(id="other", vectors=None, text="a sofa\nim Garten")
    ranked = find(
        SearchIndex([mine, other]), SearchQuery(text="grandma ilse", vector=None, typed="Oma Ilse"), None
    )
    assert ids(ranked) == ["mine"] and ranked.hits[0].words == ("oma", "ilse")
    assert (
        find(SearchIndex([other]), SearchQuery(text="a garden", vector=None, typed="ein Garten"), None).hits
        == ()
    )


@pytest.mark.parametrize(
    "bank", [reference_set(), reference_set(Rule(z_score=1, similarity=0, words=1, cut=9)), None]
)
def test_what_its_owner_wrote_of_a_photo_finds_it_whatever_a_model_sees(bank: ReferenceSet | None) -> None:
    others = [photo(str(seed), "a cat", seed=seed) for seed in range(20)]
    mine = replace(photo("mine", "a dog\nour garden in Kyoto", seed=50), owner_text="our garden in Kyoto")
    for typed in ("kyoto", "garden", "Kyoto garden"):
        assert ids(find(SearchIndex([*others, mine]), query(typed), bank)) == ["mine"]


def test_only_what_the_owner_wrote_finds_a_photo_against_the_model() -> None:
    strict = reference_set(Rule(z_score=1, similarity=0, words=1, cut=9))
    text = "a dog\nour garden in Kyoto"
    assert (
        find(SearchIndex([replace(photo("one", text), owner_text="our garden")]), query("kyoto"), strict).hits
        == ()
    )
    assert (
        find(SearchIndex([replace(photo("one", text), owner_text=text)]), query("kyoto zebra"), strict).hits
        == ()
    )


def test_what_nobody_could_look_at_is_offered_last() -> None:
    seen, unseen = photo("seen", "a cat", seed=1), IndexedPhoto(id="unseen", vectors=None, timestamp=9)
    ranked = find(SearchIndex([seen, unseen]), query("zebra"), reference_set())
    assert ranked.nearest is not None
    assert ranked.nearest.id == "seen"


def test_words_alone_decide_where_no_model_reads_the_query() -> None:
    index = SearchIndex([photo(str(seed), "a dog" if seed else "a cat", seed=seed) for seed in range(40)])
    assert ids(find(index, SearchQuery(text="a cat", vector=None), reference_set())) == ["0"]


def test_a_photo_without_vectors_is_found_by_words_whatever_the_calibration_weighs() -> None:
    strict = reference_set(Rule(z_score=1, similarity=1, words=1, cut=50))
    index = SearchIndex([IndexedPhoto(id="old", vectors=None, text="a cat"), photo("new", "a cat")])
    assert ids(find(index, query("cat"), strict)) == ["old"]


# Photos that are like one of them.


@pytest.mark.parametrize("bank", [None, reference_set()])
def test_photos_with_something_in_common_are_like_one_another(bank: ReferenceSet | None) -> None:
    rng = np.random.default_rng(5)
    photos = [photo(str(seed), "", seed=seed, at=seed) for seed in range(40)]
    thing = units(rng)
    for at in (3, 30):
        assert photos[at].vectors is not None
        photos[at].vectors[at % Q] = thing
    ranked = find_similar(SearchIndex(photos), "3", bank)
    best = ranked.hits[0] if ranked.hits else ranked.nearest
    assert best is not None and best.id == "30"
    assert "3" not in ids(find_similar(SearchIndex(photos), "3", bank, limit=100))


def test_a_photo_that_nothing_is_like_finds_nothing_and_offers_the_nearest() -> None:
    apart = np.zeros((Q, E), np.float32)
    apart[:, 0] = 1
    others = [photo(str(seed), seed=seed) for seed in range(20)]
    for one in others:
        assert one.vectors is not None
        one.vectors[:, 0] = 0
    ranked = find_similar(SearchIndex([IndexedPhoto(id="apart", vectors=apart), *others]), "apart", None)
    assert ranked.hits == () and ranked.nearest is not None


def test_a_photo_that_is_not_there_or_was_never_seen_is_like_none() -> None:
    index = SearchIndex([IndexedPhoto(id="unseen", vectors=None, text="a cat"), photo("seen", "a cat")])
    assert find_similar(index, "unseen", None) == find_similar(index, "gone", None) == RankedPhotos()


# Words.


@pytest.mark.parametrize(
    ("one", "many"),
    [("cat", "cats"), ("bus", "buses"), ("butterfly", "butterflies"), ("knife", "knives"),
     ("glove", "gloves"), ("house", "houses"), ("tomato", "tomatoes"), ("box", "boxes"), ("key", "keys"),
     ("tree", "trees"),
     ("octopus", "octopuses"), ("child", "children"), ("person", "people"), ("glass", "glasses"),
     ("cookie", "cookies"), ("fish", "fish"), ("watch", "watches"),
     ("taxi", "taxis"), ("snowman", "snowmen"), ("woman", "women")],
)  # fmt: skip
def test_one_and_many_meet(one: str, many: str) -> None:
    assert term(one) == term(many)


def test_case_accents_digits_and_spelling_do_not_part_words() -> None:
    assert set(terms("Two CAFÉS, grey, cat's, don’t")) == set(terms("2 cafe gray cats dont"))


def test_small_words_are_not_compared() -> None:
    assert terms("a picture of the") == {}


@given(st.text())
def test_any_text_has_terms(text: str) -> None:
    assert all(terms(text).keys())


# What may be asked.


@pytest.mark.parametrize(("text", "error"), [("", BadRequest), (" 🙂 ", BadRequest), ("cat" * 101, TooLarge)])
def test_what_cannot_be_searched_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        clean_query(text)


def test_blanks_around_a_query_are_taken_off() -> None:
    assert clean_query("  red bicycle\n") == "red bicycle"


# The calibration on the disk.


def test_a_calibration_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = reference_set()
    written.save(tmp_path)
    read = load_reference_set(tmp_path, "one")
    assert read is not None and read.calibration == written.calibration
    assert np.array_equal(read.vectors, written.vectors)


def test_a_calibration_of_another_revision_is_none(tmp_path: Path) -> None:
    reference_set().save(tmp_path)
    assert load_reference_set(tmp_path, "two") is None
    assert load_reference_set(tmp_path / "elsewhere", "one") is None


def test_a_broken_calibration_is_named(tmp_path: Path) -> None:
    reference_set().save(tmp_path)
    (tmp_path / "search" / "bank.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelNotFound, match="cannot be read"):
        load_reference_set(tmp_path, "one")
