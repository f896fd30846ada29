"""Mechanism map: normalised nodes, signs, direction in a disease, contested edges, exchange formats."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest

from baxis import evidence
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence import graph
from baxis.evidence.graph.build import SIGN, drawn, node_table, sign_of


@pytest.fixture(scope="module")
def ev():  # type: ignore[no-untyped-def]
    return evidence.load()


@pytest.fixture(scope="module")
def sle(ev):  # type: ignore[no-untyped-def]
    return graph.mechanism_map(ev, "SLE")


def test_every_relation_has_a_sign(ev) -> None:  # type: ignore[no-untyped-def]
    assert set(ev.frames["claims"]["relation"]) <= set(SIGN)
    assert sign_of("phosphorylates", "SYK Y317 (inhibitory; Y323 in human)") == -1
    with pytest.raises(UnknownName, match="relation"):
        sign_of("activate", "SYK")


@pytest.mark.parametrize("disease", ["RA", "SLE", "SjD", "IgG4-RD", "AAV"])
def test_every_claim_is_on_the_map_or_listed(ev, disease: str) -> None:  # type: ignore[no-untyped-def]
    built = graph.mechanism_map(ev, disease)
    claims = ev.frames["claims"]
    own = set(claims[claims["disease"].isin(["", disease])]["claim_id"])
    on = {d["claim"] for *_, d in built.graph.edges(data=True)}
    assert on | {c for c, _ in built.unmapped} == own
    assert built.claims == len(own)
    assert len(built.unmapped) <= 2


def test_table_has_no_unused_term(ev) -> None:  # type: ignore[no-untyped-def]
    claims = ev.frames["claims"]
    assert set(node_table()) <= set(claims["subject"]) | set(claims["object"])


def test_known_science(sle) -> None:  # type: ignore[no-untyped-def]
    g = sle.graph
    assert {d["sign"] for d in g["CD22"]["PTPN6"].values()} == {1}
    assert {d["sign"] for d in g["INPP5D"]["PIP3"].values()} == {-1}
    assert g.nodes["TLR7"]["direction"] == "up"
    assert g.nodes["PTEN"]["direction"] == "down"
    assert g.nodes["CR2"]["direction"] == "down"
    assert g.nodes["memory B cells"]["direction"] == "mixed"
    assert g.nodes["LYN"]["direction"] == "mixed"
    assert g.nodes["BTK inhibitor"]["direction"] == ""
    assert ("LYN", "SYK") in sle.contested
    layers = [g.nodes[n]["layer"] for n in ("rituximab", "CD22", "SYK", "Ca2+", "NF-kB", "B cells", "kidney")]
    assert layers == [1, 2, 3, 4, 5, 6, 7]


def test_states_of_a_disease_colour_but_are_not_drawn(sle) -> None:  # type: ignore[no-untyped-def]
    ends = {n for a, b, _ in drawn(sle) for n in (a, b)}
    assert "SLE B cells" in sle.graph
    assert not {"SLE B cells", "SLE immune state"} & ends


def test_formats_hold_the_same_edges(sle, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    n, m = sle.graph.number_of_nodes(), sle.graph.number_of_edges()
    read = nx.read_graphml(graph.write(sle, tmp_path / "m.graphml"), force_multigraph=True)
    assert (read.number_of_nodes(), read.number_of_edges()) == (n, m)
    cx = json.loads(graph.write(sle, tmp_path / "m.cx2").read_text(encoding="utf-8"))
    aspects = {k: v for part in cx for k, v in part.items()}
    assert cx[0] == {"CXVersion": "2.0", "hasFragments": False}
    assert (len(aspects["nodes"]), len(aspects["edges"])) == (n, m)
    ids = {x["id"] for x in aspects["nodes"]}
    assert all(e["s"] in ids and e["t"] in ids for e in aspects["edges"])
    declared = aspects["attributeDeclarations"][0]
    assert set(aspects["edges"][0]["v"]) <= set(declared["edges"])
    pairs = {
        tuple(line.split("\t"))
        for line in graph.write(sle, tmp_path / "m.sif").read_text(encoding="utf-8").splitlines()
    }
    assert ("CD22", "activates", "PTPN6") in pairs
    plain = json.loads(graph.write(sle, tmp_path / "m.json").read_text(encoding="utf-8"))
    assert len(plain["edges"]) == m


def test_picture_is_stable_and_names_nodes(sle, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    one, two = (graph.write(sle, tmp_path / f"{i}.svg").read_text(encoding="utf-8") for i in (1, 2))
    assert one == two
    for text in ("BCR signalling", "PTPN6", "Proximal", "up in this disease"):
        assert text in one


def test_bad_names(ev, sle, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnknownName, match="did you mean 'SLE'"):
        graph.mechanism_map(ev, "SLEE")
    with pytest.raises(InvalidValue, match=r"\.svg"):
        graph.write(sle, tmp_path / "map.doc")
    assert any("contested: LYN -> SYK" in line for line in graph.describe(sle))
