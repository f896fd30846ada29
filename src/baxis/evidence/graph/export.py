"""The map as a file: SVG, PNG, PDF (picture), GraphML, SIF, CX2 (Cytoscape), JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.core.plain import to_json
from baxis.core.storing import files
from baxis.evidence.graph.build import MechanismMap, to_dict

PICTURES = (".svg", ".png", ".pdf")
FORMATS = (*PICTURES, ".graphml", ".sif", ".cx2", ".json")
INTERACTION = {1: "activates", -1: "inhibits", 0: "associates"}


def write(built: MechanismMap, file: str | Path) -> Path:
    """Write the map in the format of the file's ending; raises `InvalidValue` for another ending."""
    path = Path(file)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InvalidValue("map file", path.name, f"a name that ends with {', '.join(FORMATS)}")
    if suffix in PICTURES:
        from baxis.evidence.figures.style import save
        from baxis.evidence.graph.draw import draw

        return save(draw(built), path)
    makers = {".graphml": graphml, ".sif": sif, ".cx2": cx2, ".json": as_json}
    return files.write_text(path, makers[suffix](built))


def as_json(built: MechanismMap) -> str:
    """Plain JSON of nodes and edges."""
    return to_json(to_dict(built), 2) + "\n"


def graphml(built: MechanismMap) -> str:
    """GraphML with all attributes."""
    import networkx as nx

    return "\n".join(nx.generate_graphml(built.graph, named_key_ids=True)) + "\n"


def sif(built: MechanismMap) -> str:
    """Simple interaction format: source, tab, interaction, tab, target; lone nodes on a line of their own."""
    g = built.graph
    lines = sorted({f"{a}\t{INTERACTION[d['sign']]}\t{b}" for a, b, d in g.edges(data=True)})
    lines += sorted(n for n in g.nodes if not g.degree(n))
    return "\n".join(lines) + "\n"


def cx2(built: MechanismMap) -> str:
    """Cytoscape exchange format 2.0: attribute declarations, nodes with positions, edges, a visual style."""
    from baxis.evidence.graph.draw import FILL, place

    g = built.graph
    names = sorted(g.nodes)
    ids = {n: i for i, n in enumerate(names)}
    at = place(built)
    nodes = []
    for n in names:
        x, y = at.get(n, (0.0, 0.0))
        attributes = {k: v for k, v in g.nodes[n].items() if k != "label"}
        nodes.append({"id": ids[n], "x": 90 * x, "y": -120 * y, "v": {"name": n, **attributes}})
    edges = [
        {"id": i, "s": ids[a], "t": ids[b], "v": {"interaction": INTERACTION[d["sign"]], **d}}
        for i, (a, b, d) in enumerate(sorted(g.edges(data=True), key=lambda e: (e[0], e[1], e[2]["claim"])))
    ]
    aspects: list[dict[str, Any]] = [
        {"CXVersion": "2.0", "hasFragments": False},
        {"metaData": [{"name": "nodes", "elementCount": len(nodes)}, {"name": "edges", "elementCount": len(edges)}]},
        {"attributeDeclarations": [_declarations(nodes, edges)]},
        {"networkAttributes": [{"name": f"B-cell axis in {built.disease}", "disease": built.disease}]},
        {"nodes": nodes}, {"edges": edges}, {"visualProperties": [_style(FILL)]},
        {"status": [{"success": True}]},
    ]  # fmt: skip
    return to_json(aspects) + "\n"


def _declarations(nodes: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    def types(items: list[dict[str, Any]]) -> dict[str, Any]:
        kinds = {bool: "boolean", int: "integer", float: "double", str: "string"}
        return {k: {"d": kinds[type(v)]} for item in items for k, v in item["v"].items()}

    return {
        "networkAttributes": {"name": {"d": "string"}, "disease": {"d": "string"}},
        "nodes": types(nodes), "edges": types(edges),
    }  # fmt: skip


def _style(fill: dict[str, str]) -> dict[str, Any]:
    mapping = [{"v": k, "vpValue": v} for k, v in fill.items()]
    return {
        "default": {
            "node": {"NODE_SHAPE": "round-rectangle", "NODE_BACKGROUND_COLOR": fill[""]},
            "edge": {"EDGE_TARGET_ARROW_SHAPE": "none"},
        },
        "nodeMapping": {
            "NODE_LABEL": {"type": "PASSTHROUGH", "definition": {"attribute": "name", "type": "string"}},
            "NODE_BACKGROUND_COLOR": {
                "type": "DISCRETE", "definition": {"attribute": "direction", "type": "string", "map": mapping},
            },
        },
        "edgeMapping": {
            "EDGE_TARGET_ARROW_SHAPE": {
                "type": "DISCRETE",
                "definition": {
                    "attribute": "interaction", "type": "string",
                    "map": [{"v": "activates", "vpValue": "triangle"}, {"v": "inhibits", "vpValue": "tee"}],
                },
            }
        },
    }  # fmt: skip
