"""Map of the mechanism: claims as a directed, signed graph by disease; pictures and exchange formats."""

from baxis.evidence.graph.build import LAYERS, MechanismMap, describe, mechanism_map, to_dict
from baxis.evidence.graph.export import write

__all__ = ["LAYERS", "MechanismMap", "describe", "mechanism_map", "to_dict", "write"]
