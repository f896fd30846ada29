"""Any words from a table pass through the figures of the evidence as they are, and stay inside the frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from baxis import evidence
from baxis.evidence.figures import forest, funnel, network, style
from baxis.evidence.meta.network.run import run_network
from baxis.evidence.meta.run import MetaResult, run
from baxis.evidence.meta.select import Query

WORDS = ["$x_1^2$", "$", "a $ b", "<b>&amp;</b>", "µg_5 & \"q\" 'r'", r"\frac{1}", "w" * 200]


def tables(folder: Callable[..., Path], word: str) -> Path:
    arms, rows = [], []
    for k in range(4):
        arms += [(f"t{k}", "act", 40 + 40 * k, "active"), (f"t{k}", "pbo", 40 + 40 * k, "placebo")]
        rows += [{"trial_id": f"t{k}", "arm_id": a, "value": v} for a, v in (("act", 0.5 + 0.1 * k), ("pbo", 0.3))]
    made = folder(arms, rows)
    quoted = '"' + word.replace('"', '""') + '"'
    text = (made / "arms.csv").read_text(encoding="utf-8").replace("rituximab", quoted)
    (made / "arms.csv").write_text(text, encoding="utf-8")
    (made / "agents.csv").write_text(f"agent,class,kind\n{quoted},{quoted},drug\n", encoding="utf-8")
    return made


def drawn(figure: object, file: Path) -> str:
    style.save(figure, file)  # type: ignore[arg-type]
    return unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", file.read_text(encoding="utf-8"))))


def result(folder: Callable[..., Path], word: str) -> MetaResult:
    return run(evidence.load(tables(folder, word)), Query("infection_x"), "OR", by="drug")


@pytest.mark.parametrize("word", WORDS, ids=lambda w: w[:12])
def test_words_are_drawn_as_they_are(folder: Callable[..., Path], tmp_path: Path, word: str) -> None:
    made = result(folder, word)
    shown = word[:10] if len(word) > 100 else word
    assert shown in drawn(forest.forest(made), tmp_path / "f.svg")
    assert "Egger" in drawn(funnel.funnel(made, title=word), tmp_path / "n.svg")
    net = run_network(evidence.load(tmp_path / "ev"), Query("infection_x", control="any"), by="drug")
    assert shown in drawn(network.network_plot(net), tmp_path / "w.svg")


def test_long_words_stay_in_their_column(folder: Callable[..., Path]) -> None:
    made = result(folder, "w" * 200)
    with style.rc():
        figure = forest.forest(made)
        figure.canvas.draw()
        boxes = [t.get_window_extent() for t in figure.texts]
        assert max(b.x1 for b in boxes) <= figure.bbox.x1
        rows: dict[int, list[tuple[float, float]]] = {}
        for t, b in zip(figure.texts, boxes, strict=True):
            if t.get_text().strip():
                rows.setdefault(round(t.get_position()[1] * 1000), []).append((b.x0, b.x1))
        for spans in rows.values():
            ordered = sorted(spans)
            assert all(left[1] <= right[0] + 1 for left, right in pairwise(ordered))


def test_a_cut_word_says_so_and_a_short_one_is_whole() -> None:
    with style.rc():
        assert style.fitted("short", 2.0, 8) == "short"
        cut = style.fitted("w" * 200, 1.0, 8)
        assert cut.endswith("…")
        assert 0.9 < style.inches(cut) <= 1.0
        assert style.fitted("two\nlines", 2.0, 8) == "two lines"
