"""Rival structures keep the rest and change what they claim to change."""

import pytest

from baxis.axis.study import rivals
from baxis.core.errors import UnknownName


@pytest.mark.parametrize("name", sorted(rivals.RIVALS))
def test_rest_is_kept(name: str) -> None:
    assert rivals.rest_is_kept(name) == pytest.approx(1, abs=1e-6)


def test_btk_in_tlr7_route_decides_age_associated_cells() -> None:
    rows = {(r["structure"], r["treatment"]): r for r in rivals.compare("btk-in-tlr7")}
    shipped, rival = (rows[s, "fenebrutinib 200 mg po bid"] for s in ("shipped", "rival"))
    assert float(str(rival["abc"])) < float(str(shipped["abc"])) - 15
    assert float(str(rival["infl"])) < float(str(shipped["infl"]))


def test_memory_as_seed_decides_what_is_left_after_a_deep_reset() -> None:
    rows = {(r["structure"], str(r["treatment"]).split()[0]): r for r in rivals.compare("memory-seeds")}
    assert float(str(rows["rival", "cd19"]["aas"])) < float(str(rows["shipped", "cd19"]["aas"])) - 10
    assert float(str(rows["rival", "rituximab"]["aas"])) > float(str(rows["shipped", "rituximab"]["aas"])) + 5


def test_plasma_cells_without_april_keep_too_much_igg() -> None:
    rows = {(r["structure"], str(r["treatment"]).split()[0]): r for r in rivals.compare("plasma-cells-without-april")}
    least = -25.0  # people on atacicept lose a quarter to two fifths of IgG in half a year (AUGUST)
    assert float(str(rows["shipped", "atacicept"]["igg"])) < least < float(str(rows["rival", "atacicept"]["igg"]))


def test_unknown_rival_is_named() -> None:
    with pytest.raises(UnknownName, match="did you mean 'arms-multiply'"):
        rivals.compare("arms-multiplied")
