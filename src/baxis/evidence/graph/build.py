"""Claims to graph: free text normalised to nodes (`library/evidence/map_nodes.csv`), signed edges, direction in a
disease. What has no node is listed, never dropped in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName

if TYPE_CHECKING:
    import networkx as nx

    from baxis.evidence import Evidence

LAYERS = {
    1: "Drugs and ligands", 2: "Receptors", 3: "Proximal kinases, phosphatases, adaptors", 4: "Second messengers",
    5: "Transcription", 6: "Cell fate", 7: "Antibody, tissue, disease",
}  # fmt: skip

SIGN = {
    "activates": 1, "increases": 1, "produces": 1, "phosphorylates": 1, "recruits": 1,
    "inhibits": -1, "decreases": -1, "depletes": -1, "dephosphorylates": -1,
    "binds": 0, "correlates_with": 0, "predicts_response_to": 0, "predicts_nonresponse_to": 0,
}  # fmt: skip
# Relations whose `direction_in_disease` speaks of the object; elsewhere it speaks of the subject.
ABOUT_OBJECT = {"increases", "decreases", "depletes", "produces", "phosphorylates", "dephosphorylates"}
# Nodes that stand for the disease itself (its B cells, its immune state): their claims colour other nodes.
STATE = re.compile(r"(RA|SLE|LN|SjD|IgG4-RD|AAV) (B cells|immune state)")


@dataclass(frozen=True)
class MechanismMap:
    """Graph of one disease. Nodes carry layer, label and `direction` (up, down, mixed, altered or ""); edges the
    claim, its relation, sign, scope ("disease" or "general") and whether it is `contested`."""

    disease: str
    graph: nx.MultiDiGraph
    unmapped: tuple[tuple[str, str], ...]
    contested: tuple[tuple[str, str], ...]
    claims: int


def node_table() -> dict[str, list[tuple[str, int]]]:
    """Term of a claim -> its nodes with their layer. A node in two layers is a fault of the table."""
    terms: dict[str, list[tuple[str, int]]] = {}
    layer: dict[str, int] = {}
    for row in library.read_table("evidence/map_nodes"):
        n = int(row["layer"])
        if n not in LAYERS or layer.setdefault(row["node"], n) != n:
            raise InvalidValue(f"map_nodes.csv, node {row['node']}", n, f"one layer of {min(LAYERS)}..{max(LAYERS)}")
        terms.setdefault(row["term"], []).append((row["node"], n))
    return terms


def sign_of(relation: str, target: str) -> int:
    """+1, -1 or 0 (no direction of effect). Phosphorylation of an inhibitory site inhibits."""
    if relation not in SIGN:
        raise UnknownName("relation of a claim", relation, SIGN)
    if relation == "phosphorylates" and "inhibitory" in target:
        return -1
    return SIGN[relation]


def mechanism_map(evidence: Evidence, disease: str) -> MechanismMap:
    """Graph of all claims on the disease, and of general claims between nodes of the signalling layers."""
    import networkx as nx

    claims = evidence.frames["claims"]
    known = sorted(
        {d for d in claims["disease"] if d} | {r["disease"] for r in library.read_table("evidence/diseases")}
    )
    if disease not in known:
        raise UnknownName("disease", disease, known)
    terms = node_table()
    graph = nx.MultiDiGraph(name=f"B-cell axis in {disease}", disease=disease)
    unmapped: list[tuple[str, str]] = []
    votes: dict[str, Counter[str]] = {}
    used = 0
    for c in claims.sort_values("claim_id").itertuples():
        if c.disease not in ("", disease):
            continue
        used += 1
        ends = [terms.get(text) for text in (c.subject, c.object)]
        unmapped += [(c.claim_id, t) for t, e in zip((c.subject, c.object), ends, strict=True) if not e]
        if ends[0] and ends[1]:
            _add_claim(graph, c, ends[0], ends[1])
            _vote(votes, c, ends[0], ends[1])
    _directions(graph, votes)
    contested = _contested(graph)
    return MechanismMap(disease, graph, tuple(unmapped), contested, used)


def _add_claim(graph: nx.MultiDiGraph, c: Any, sources: list, targets: list) -> None:  # type: ignore[type-arg]
    for name, layer in (*sources, *targets):
        graph.add_node(name, label=name, layer=layer, layer_name=LAYERS[layer], state=bool(STATE.fullmatch(name)))
    for source, _ in sources:
        for target, _ in targets:
            graph.add_edge(
                source, target, key=f"{c.claim_id}", claim=c.claim_id, relation=c.relation,
                sign=sign_of(c.relation, c.object), scope="disease" if c.disease else "general",
                statement=c.statement, doi=c.doi, provenance=c.provenance,
            )  # fmt: skip


def _vote(votes: dict[str, Counter[str]], c: Any, sources: list, targets: list) -> None:  # type: ignore[type-arg]
    """Direction of a node in the disease, as its claims say; a drug is never up or down."""
    if not c.disease or not c.direction_in_disease:
        return
    about_object = c.relation in ABOUT_OBJECT or any(STATE.fullmatch(n) for n, _ in sources)
    drug = any(is_drug(n) for n, _ in sources)
    if drug:
        return
    for name, _ in targets if about_object else sources:
        votes.setdefault(name, Counter())[c.direction_in_disease] += 1


def is_drug(node: str) -> bool:
    """Whether a node is a treatment (its name is lower case or ends with a class word)."""
    words = ("inhibitor", "anti-TNF", "CAR-T", "glucocorticoid", "treatment")
    return node in TREATMENTS or node.endswith(words)


TREATMENTS = {
    "rituximab", "obinutuzumab", "belimumab", "belimumab + rituximab", "abatacept", "inebilizumab", "ianalumab",
    "iscalimab", "avacopan", "methotrexate or anti-TNF", "cyclophosphamide",
}  # fmt: skip


def _directions(graph: nx.MultiDiGraph, votes: Mapping[str, Counter[str]]) -> None:
    for name, data in graph.nodes(data=True):
        v = Counter() if is_drug(name) else votes.get(name, Counter())
        up, down = v["up"], v["down"]
        data["direction"] = "mixed" if up and down else "up" if up else "down" if down else "altered" if v else ""
        data["claims_up"], data["claims_down"], data["drug"] = up, down, is_drug(name)


def _contested(graph: nx.MultiDiGraph) -> tuple[tuple[str, str], ...]:
    """Pairs with claims of both signs; their edges are marked."""
    signs: dict[tuple[str, str], set[int]] = {}
    for a, b, data in graph.edges(data=True):
        if data["sign"]:
            signs.setdefault((a, b), set()).add(data["sign"])
    pairs = tuple(sorted(p for p, s in signs.items() if len(s) > 1))
    for a, b, data in graph.edges(data=True):
        data["contested"] = (a, b) in pairs
    return pairs


def drawn(built: MechanismMap) -> list[tuple[str, str, dict[str, Any]]]:
    """One edge a pair for the picture: its sign (0 undirected), scope, claims; states of a disease are left to colour.

    General claims are kept where both ends are signalling (layers 2 to 5) or one end is named by the disease.
    """
    graph = built.graph
    named = {n for a, b, d in graph.edges(data=True) if d["scope"] == "disease" for n in (a, b)}
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for a, b, data in graph.edges(data=True):
        if a == b or graph.nodes[a]["state"] or graph.nodes[b]["state"]:
            continue
        layers = (graph.nodes[a]["layer"], graph.nodes[b]["layer"])
        signalling = all(2 <= n <= 5 for n in layers)
        if data["scope"] == "general" and not (signalling or {a, b} <= named):
            continue
        pair = pairs.setdefault((a, b), {"signs": set(), "scope": "general", "claims": [], "contested": False})
        pair["signs"].add(data["sign"])
        pair["claims"].append(data["claim"])
        pair["contested"] |= data["contested"]
        if data["scope"] == "disease":
            pair["scope"] = "disease"
    return [(a, b, p | {"sign": _pair_sign(p["signs"])}) for (a, b), p in sorted(pairs.items())]


def _pair_sign(signs: set[int]) -> int:
    found = signs - {0}
    return found.pop() if len(found) == 1 else 0


def to_dict(built: MechanismMap) -> dict[str, Any]:
    """Nodes, edges and what could not be mapped, as plain data."""
    g = built.graph
    return {
        "disease": built.disease, "claims": built.claims,
        "nodes": [{"id": n, **d} for n, d in sorted(g.nodes(data=True))],
        "edges": [{"source": a, "target": b, **d} for a, b, d in sorted(g.edges(data=True), key=_edge_key)],
        "contested": [list(p) for p in built.contested],
        "unmapped": [{"claim": c, "term": t} for c, t in built.unmapped],
    }  # fmt: skip


def _edge_key(edge: tuple[str, str, Mapping[str, Any]]) -> tuple[str, str, str]:
    return edge[0], edge[1], edge[2]["claim"]


def describe(built: MechanismMap) -> Iterator[str]:
    """The map in lines: sizes, what is up and down by layer, contested edges, unmapped terms."""
    g = built.graph
    yield (f"{built.disease}: {built.claims} claims, {g.number_of_nodes()} nodes, {g.number_of_edges()} edges, "
           f"{len(built.contested)} contested pairs")  # fmt: skip
    for layer, name in LAYERS.items():
        parts = []
        for kind in ("up", "down", "mixed", "altered"):
            found = sorted(n for n, d in g.nodes(data=True) if d["layer"] == layer and d["direction"] == kind)
            parts += [f"{kind}: {', '.join(found)}"] if found else []
        if parts:
            yield f"{name}: {'; '.join(parts)}"
    for a, b in built.contested:
        yield f"contested: {a} -> {b} ({', '.join(sorted({d['claim'] for d in g[a][b].values()}))})"
    for claim, term in built.unmapped:
        yield f"not on the map: {claim}: {term!r} has no node in map_nodes.csv"
