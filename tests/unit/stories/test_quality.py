"""Each score finds what it is for, lets pass what is well, and never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories import quality
from functions.stories.request import WORDS, Length, StoryRequest
from functions.stories.story import Chapter, Draft

ENGLISH = (
    "Once upon a time, in a small village at the edge of the forest, there lived a fox who could "
    "not sleep. Every night she lay awake and counted the stars, but the stars would not stay "
    "still. “One, two, three,” whispered the fox, and then a cloud came by and spoiled it all.",
    "One evening a little owl landed on the branch above. “Why do you count?” asked the owl. "
    "“Because counting ought to make me sleepy,” said the fox. “You have to count something that "
    "likes being counted,” she said. “Try the snails. They never hurry away.”",
    "So the fox walked down to the old wall, where the snails came out after the rain. There were "
    "big ones and small ones, and one with a chip in its shell that told long stories about the "
    "sea. When the sun climbed over the hill, the miller found a fox asleep in his cabbages.",
)
FRENCH = (
    "Il était une fois, dans un petit village au bord de la forêt, une renarde qui ne trouvait pas "
    "le sommeil. Chaque nuit, elle restait éveillée et comptait les étoiles, mais les étoiles ne "
    "voulaient pas rester tranquilles. « Une, deux, trois », murmurait la renarde, puis un nuage "
    "passait et gâchait tout.",
    "Un soir, un petit hibou se posa sur la branche. « Pourquoi comptes-tu ? » demanda le hibou. "
    "« Parce que compter devrait m'endormir », répondit la renarde. Le hibou rit doucement : il "
    "faut compter ce qui aime être compté. Essaie les escargots, ils ne se pressent jamais.",
    "Alors la renarde descendit jusqu'au vieux mur, où les escargots sortaient après la pluie. Il "
    "y en avait des grands et des petits, et l'un d'eux racontait de longues histoires de la mer. "
    "Quand le soleil monta sur la colline, le meunier trouva une renarde dans ses choux.",
)
SPANISH = (
    "Érase una vez, en un pequeño pueblo al borde del bosque, una zorra que no podía dormir. Cada "
    "noche se quedaba despierta y contaba las estrellas, pero las estrellas no querían quedarse "
    "quietas. Una tarde, un pequeño búho se posó en la rama y le preguntó por qué contaba.",
)
GERMAN = (
    "Es war einmal in einem kleinen Dorf am Rande des Waldes eine Füchsin, die nicht schlafen "
    "konnte. Jede Nacht lag sie wach und zählte die Sterne, aber die Sterne wollten nicht still "
    "stehen. Eines Abends setzte sich eine kleine Eule auf den Ast und fragte, was sie so zähle.",
)
ITALIAN = (
    "C'era una volta, in un piccolo villaggio ai margini del bosco, una volpe che non riusciva a "
    "dormire. Ogni notte restava sveglia e contava le stelle, ma le stelle non volevano stare "
    "ferme. Una sera il piccolo gufo si posò sul ramo e le chiese perché le contasse tutte.",
)
CHINESE = ("从前有一只狐狸睡不着觉。她每天晚上都在数星星。" * 6,)


def wish(**changes: Any) -> StoryRequest:
    return StoryRequest(**{"theme": "night", "hero": "a fox", **changes})


def draft(*paragraphs: str, title: str = "The fox who counted snails", chapters: int = 0) -> Draft:
    return Draft(
        title=title,
        paragraphs=paragraphs or ENGLISH,
        chapters=tuple(Chapter(title=f"Night {n}", first=n) for n in range(chapters)),
    )


def score(name: str, made: Draft, **changes: Any) -> float:
    return quality.scores(made, wish(**changes))[name]


@pytest.mark.parametrize(
    ("paragraphs", "title", "language"),
    [(ENGLISH, "The fox who counted snails", "en"), (FRENCH, "La renarde et les escargots", "fr")],
    ids=["English", "French"],
)
@pytest.mark.parametrize("age_band", ["3-5", "adult"])
def test_a_good_story_is_good_in_everything(
    paragraphs: tuple[str, ...], title: str, language: str, age_band: str
) -> None:
    found = quality.scores(
        draft(*paragraphs, title=title), wish(language=language, age_band=age_band)
    )
    assert found == dict.fromkeys(quality.NAMES, 1.0)
    assert not quality.wrong_language(found)


@pytest.mark.parametrize(
    ("words", "length", "expected"),
    [
        (120, "short", 1.0),
        (250, "short", 1.0),
        (60, "short", 0.5),
        (500, "short", 0.5),
        (1, "long", 0.001),
        (1100, "long", 1.0),
        (2200, "long", 0.5),
    ],
)
def test_length(words: int, length: Length, expected: float) -> None:
    assert score("length", draft(*_paragraphs_of(words)), length=length) == expected
    assert WORDS[length][0] < WORDS[length][1]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Luna", 1.0),
        ("L’ours et la mer !", 1.0),
        ("Untitled", 0.0),
        ("Une histoire.", 0.0),
        ("***", 0.0),
        ("Title: The Fox", 0.5),
        ("# The Fox", 0.5),
        ("**The Fox**", 0.5),
        ("Of the fox who could not sleep and counted all the snails in the village", 0.5),
    ],
)
def test_title(title: str, expected: float) -> None:
    assert score("title", draft(title=title)) == expected


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        (("Hello.",), 1.0),
        (("word " * 300,), 0.0),
        (("word " * 200,), 0.75),
        (("word " * 100, "word " * 100), 1.0),
        (("# The first night", *ENGLISH), 0.75),
        (("- one", "- two", "3) three", "```"), 0.0),
        (("— Viens, dit la renarde.", "1 fois, il plut."), 1.0),
    ],
    ids=["one line", "a wall", "long", "divided", "a heading", "a list", "dialogue"],
)
def test_paragraphs(paragraphs: tuple[str, ...], expected: float) -> None:
    assert score("paragraphs", draft(*paragraphs)) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("And she slept.", 1.0),
        ("“Good night!”", 1.0),
        ("« Bonne nuit ! »", 1.0),
        ("And so they lived…", 1.0),
        ("All was well. (Or nearly.)", 1.0),
        ("Good night! 🌙✨", 1.0),
        ("The End", 1.0),
        ("FIN", 1.0),
        ("And then the fox", 0.0),
        ("She said,", 0.0),
        ("“And the weekend", 0.0),
        ("🌙", 0.0),
    ],
)
def test_ending(last: str, expected: float) -> None:
    assert score("ending", draft("Once.", last)) == expected


@pytest.mark.parametrize(
    "beginning",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t write this story.",
        "I am really sorry, but as an AI I must decline.",
        "I cannot fulfill this request.",
        "I'm unable to create a story about that.",
        "**I can't assist with that.**",
        "Sorry, I can't do that.",
        "As an AI language model, I don't write such tales.",
        "Unfortunately, I cannot continue.",
        "This request violates our policy.",
        "Je suis désolé, mais je ne peux pas écrire cette histoire.",
        "Désolée, je ne peux pas vous aider.",
        "Je ne peux pas écrire cette histoire.",
        "En tant qu’IA, je ne raconte pas cela.",
        "Malheureusement, je ne peux pas.",
        "Il m'est impossible d'écrire cela.",
        "Cette demande enfreint nos règles.",
    ],
)
def test_a_refusal_is_no_beginning(beginning: str) -> None:
    assert score("opening", draft(beginning)) == 0
    assert score("opening", draft(title=beginning)) == 0


@pytest.mark.parametrize(
    "beginning",
    [
        "“I'm sorry, but I can't stay,” said the fox.",
        "I cannot remember the day we met.",
        "I'm sorry I broke your kite, wrote Tom.",
        "I can't sleep, thought the fox.",
        "As an apprentice, she swept the floor.",
        "Sorry was a word that nobody knew.",
        "Je ne peux pas dormir, pensa la renarde.",
        "Désolé d'être en retard, le lapin courait.",
        "En tant que capitaine, elle décida.",
    ],
)
def test_a_person_who_could_not_is_no_refusal(beginning: str) -> None:
    assert score("opening", draft(beginning)) == 1


@pytest.mark.parametrize(
    ("text", "language", "audience", "expected"),
    [
        ("The heroine killed time and ate a cocktail sausage.", "en", "child", 1.0),
        ("They grasped the class assignment in Essex.", "en", "child", 1.0),
        ("He opened the vodka.", "en", "child", 0.0),
        ("He opened the vodka.", "en", "teen", 1.0),
        ("“Fucking hell,” he said.", "en", "teen", 0.0),
        ("“Fucking hell,” he said.", "en", "adult", 1.0),
        ("A _faggot_ of sticks, he sneered.", "en", "adult", 0.0),
        ("Oh ＳＨＩＴ, said the bear.", "en", "child", 0.0),
        ("Oh f\u200bu\u00adck, said the bear.", "en", "child", 0.0),
        ("Quelle MERDE, dit l’ours.", "fr", "child", 0.0),
        ("L’encule\u0301 !", "fr", "teen", 0.0),
        ("L'héroïne consola le violoniste et le conteur.", "fr", "child", 1.0),
        ("Le train a du retard.", "fr", "child", 1.0),
    ],
)
def test_words_that_readers_should_not_meet(
    text: str, language: str, audience: str, expected: float
) -> None:
    band = {"child": "6-8", "teen": "13-17", "adult": "adult"}[audience]
    changes = {"language": language, "age_band": band, "audience": audience}
    assert score("clean", draft("Once.", text), **changes) == expected
    assert score("clean", draft(title=text), **changes) == expected


def test_a_stricter_audience_meets_no_word_that_a_laxer_one_is_spared() -> None:
    for word in ("fuckers", "kikes"):
        found = [score("clean", draft(word), age_band=band) for band in ("3-5", "13-17", "adult")]
        assert found == sorted(found)


@pytest.mark.parametrize(
    ("paragraphs", "least", "most"),
    [
        (ENGLISH * 3, 0.0, 0.9),
        (("And the fox walked on and on. " * 40,), 0.0, 0.0),
        ((*ENGLISH, *("The fox laughed and laughed. " * 20 for _ in range(3))), 0.0, 0.0),
        (("Once.",), 1.0, 1.0),
    ],
    ids=["told three times", "a loop", "a loop at the end", "too short to say"],
)
def test_variety(paragraphs: tuple[str, ...], least: float, most: float) -> None:
    assert least <= score("variety", draft(*paragraphs)) <= most


@pytest.mark.parametrize(
    ("paragraphs", "language", "wrong"),
    [
        (ENGLISH, "en", False),
        (ENGLISH, "fr", True),
        (FRENCH, "en", True),
        (FRENCH, "fr", False),
        (SPANISH, "fr", True),
        (ITALIAN, "fr", True),
        (GERMAN, "en", True),
        (CHINESE, "en", True),
        (("Bonjour !",), "en", False),
        ((*FRENCH, "“Good night,” said the owl, and that was all there was."), "fr", False),
    ],
    ids=["en", "en for fr", "fr for en", "fr", "es", "it", "de", "zh", "too short", "a quotation"],
)
def test_wrong_language(paragraphs: tuple[str, ...], language: str, wrong: bool) -> None:
    found = quality.scores(draft(*paragraphs, title="Luna"), wish(language=language))
    assert quality.wrong_language(found) is wrong


@pytest.mark.parametrize(
    ("asked", "made", "expected"),
    [(None, 0, 1.0), (None, 1, 1.0), (1, 0, 1.0), (3, 3, 1.0), (4, 2, 0.5), (None, 4, 0.25)],
)
def test_chapters(asked: int | None, made: int, expected: float) -> None:
    assert score("chapters", draft(chapters=made), chapters=asked) == expected


texts = st.text(min_size=1, max_size=300).filter(lambda text: text.strip()) | st.sampled_from(
    [*ENGLISH, *FRENCH, "!", "\u200d", "word " * 700, "🌙", "\u202e", "ﷺ" * 200]
)
drafts = st.builds(
    Draft,
    title=texts.map(lambda text: text[:200].strip() or "Luna"),
    paragraphs=st.lists(texts, min_size=1, max_size=12).map(tuple),
    chapters=st.lists(
        st.builds(Chapter, title=st.just("Night"), first=st.integers(-3, 40)), max_size=30
    ).map(tuple),
)
wishes = st.builds(
    StoryRequest,
    theme=st.just("night"),
    hero=st.just("a fox"),
    age_band=st.sampled_from(["3-5", "6-8", "9-12", "13-17", "adult"]),
    language=st.sampled_from(["en", "fr"]),
    length=st.sampled_from(["short", "medium", "long"]),
    chapters=st.none() | st.integers(1, 8),
)


@given(drafts, wishes)
def test_every_score_is_from_0_to_1_whatever_was_written(made: Draft, asked: StoryRequest) -> None:
    found = quality.scores(made, asked)
    assert tuple(found) == quality.NAMES
    assert all(0 <= value <= 1 for value in found.values())
    assert found == quality.scores(made, asked)


@given(st.integers(1, 3000), st.integers(0, 3000), st.sampled_from(["short", "medium", "long"]))
def test_nearer_to_the_band_is_never_worse(words: int, more: int, length: Length) -> None:
    """Length alone: below the band more words are better, above it fewer."""
    near, far = (
        score("length", draft(*_paragraphs_of(count)), length=length)
        for count in (words, words + more)
    )
    if words + more <= WORDS[length][1]:
        assert far >= near
    if words >= WORDS[length][0]:
        assert far <= near


def _paragraphs_of(words: int) -> list[str]:
    return [" ".join(["word"] * min(100, words - done)) for done in range(0, words, 100)]
