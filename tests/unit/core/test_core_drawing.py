"""Words in figures are words: nothing that a user or a file writes is read as a formula, or steers anything."""

from __future__ import annotations

import io
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.core.showing.drawing import Drawing, label

WORDS = [r"$\frac{x$", "$", "$$", r"a_{b^c}\%", "<b>&amp;</b>", "[bold]x[/]", "µ é 試 😀", "\x1b[31mred\x07", "_hidden", "x" * 200,
         "two\nlines", r"\$5", "$\\mathdefault{10^{"]  # fmt: skip


def drawn(words: str, kind: str = "svg") -> bytes:
    import matplotlib

    figure = Drawing(figsize=(9, 7), layout="constrained")
    ax = figure.subplots()
    ax.plot([0, 1], [0, 1], label=label(words))
    long = len(words) > 40  # what is long goes through `label` everywhere
    here = label(words) if long else words
    ax.set_yticks([0, 1], [label(words), here])
    ax.set(title=here, xlabel=here)
    ax.annotate(here, (0, 0))
    if words.strip():
        ax.legend()
    figure.suptitle(here)
    held = io.BytesIO()
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.fonttype": "none"}):
        warnings.simplefilter("error")
        figure.savefig(held, format=kind)
    return held.getvalue()


@pytest.mark.parametrize("words", WORDS, ids=lambda w: repr(w)[:20])
def test_any_word_is_drawn_and_seen_as_it_is(words: str) -> None:
    text = drawn(words).decode()
    assert "\x1b" not in text
    if words.startswith("$"):
        assert words.replace("&", "&amp;") in text
    if words == "_hidden":
        assert text.count("_hidden") >= 5  # in the legend too
    assert drawn(words, "png")
    assert drawn(words, "pdf")


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.sampled_from("$\\{}_^%&<>'\"ab \n\t"), max_size=30))
def test_no_text_breaks_a_figure(words: str) -> None:
    assert drawn(words)


def test_a_users_own_figures_keep_their_formulas() -> None:
    import matplotlib

    drawn("$x$")
    assert matplotlib.rcParams["text.parse_math"] is True
