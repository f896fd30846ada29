"""Every name that a reader meets has words."""

from __future__ import annotations

from baxis import axis
from baxis.axis.tables import words
from baxis.core import library


def test_every_regulator_input_target_and_number_has_words() -> None:
    names = {n for c in axis.diseases() for n in (*axis.disease(c).regulators, *axis.disease(c).background)}
    names |= {r for c in axis.diseases() for e in axis.disease(c).endotypes for r in e.regulators}
    drugs = [axis.drug(d) for d in axis.drugs()]
    names |= {n for d in drugs for n in (*d.actions, *d.numbers)}
    names |= {n.rpartition(".")[2] for d in drugs for n in d.doubtful}
    assert not sorted(n for n in names if not words.described(n))
    rows = library.read_table("words")
    assert len({r["name"] for r in rows}) == len(rows)


def test_labels_are_genes_where_there_is_one() -> None:
    assert axis.label("btk_e") == "BTK"
    assert axis.label("a20_e") == "TNFAIP3 (A20)"
    assert axis.label("tl_A") == "TLR7/9 ligand in self antigen"
    assert axis.label("nothing") == "nothing"
