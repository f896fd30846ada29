"""A generated rule-based network: a receptor with `sites` phosphorylation sites, each switched by two kinases and two phosphatases.

    python benchmarks/rule_network.py [--sites 10] [--out receptor.xml]

2^sites receptor states and 4 * sites * 2^(sites - 1) reactions; one kinase is activated by the phosphorylated share of the
receptors (a sum over all of them), one phosphatase by that kinase: 1028 states and 20,484 reactions at ten sites. The
numbers are made up (this is a test of size, no model of a cell); each site has its own rates.
"""

from __future__ import annotations

import argparse
from pathlib import Path

HEAD = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="receptor">'
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'


def species_of(name: str, start: float) -> str:
    return (
        f'<species id="{name}" compartment="cell" initialConcentration="{start}" hasOnlySubstanceUnits="false" '
        'boundaryCondition="false" constant="false"/>'
    )


def reference(name: str) -> str:
    return f'<speciesReference species="{name}" stoichiometry="1" constant="true"/>'


def times(*names: str) -> str:
    return "<apply><times/>" + "".join(f"<ci>{n}</ci>" for n in names) + "</apply>"


def reaction(name: str, before: str, after: str, law: str) -> str:
    sides = f"<listOfReactants>{reference(before)}</listOfReactants><listOfProducts>{reference(after)}</listOfProducts>"
    return f'<reaction id="{name}" reversible="false">{sides}<kineticLaw>{MATH}{law}</math></kineticLaw></reaction>'


def sbml_of_receptor(sites: int) -> str:
    """SBML text of the network with so many sites."""
    states = [f"R{i}" for i in range(2**sites)]
    values = {"k_on": 0.4, "k_off": 0.2, "p_on": 0.3, "p_off": 0.1}
    reactions = []
    for k in range(sites):
        rates = {f"lyn{k}": 0.05 * (1 + k % 4), f"syk{k}": 0.4 * (1 + k % 3), f"ptp{k}": 0.1 + 0.02 * k}
        values |= rates | {f"shp{k}": 0.6 - 0.03 * k}
        for i, state in enumerate(states):
            if i >> k & 1:
                continue
            other = states[i | 1 << k]
            for enzyme, rate in (("Lyn", "lyn"), ("Syk", "syk")):
                reactions.append(reaction(f"{rate}{k}_{i}", state, other, times(f"{rate}{k}", enzyme, state)))
            for enzyme, rate in (("Ptp", "ptp"), ("Shp", "shp")):
                reactions.append(reaction(f"{rate}{k}_{i}", other, state, times(f"{rate}{k}", enzyme, other)))
    shared = "<apply><plus/>" + "".join(f"<ci>{s}</ci>" for s in states[1:]) + "</apply>"
    rule = f'<assignmentRule variable="touched">{MATH}{shared}</math></assignmentRule>'
    reactions += [
        reaction("syk_on", "SykI", "Syk", times("k_on", "SykI", "touched")),
        reaction("syk_off", "Syk", "SykI", times("k_off", "Syk")),
        reaction("shp_on", "ShpI", "Shp", times("p_on", "ShpI", "Syk")),
        reaction("shp_off", "Shp", "ShpI", times("p_off", "Shp")),
    ]
    starts = {s: float(i == 0) for i, s in enumerate(states)} | {"SykI": 1.0, "Syk": 0.0, "ShpI": 1.0, "Shp": 0.0}
    parameters = "".join(f'<parameter id="{n}" value="{v!r}" constant="true"/>' for n, v in values.items())
    parameters += "".join(f'<parameter id="{n}" value="0.5" constant="true"/>' for n in ("Lyn", "Ptp"))
    parameters += '<parameter id="touched" constant="false"/>'
    body = "".join(
        [
            '<listOfCompartments><compartment id="cell" size="1" spatialDimensions="3" constant="true"/></listOfCompartments>',
            f"<listOfSpecies>{''.join(species_of(n, v) for n, v in starts.items())}</listOfSpecies>",
            f"<listOfParameters>{parameters}</listOfParameters><listOfRules>{rule}</listOfRules>",
            f"<listOfReactions>{''.join(reactions)}</listOfReactions>",
        ]
    )
    return f"{HEAD}{body}</model></sbml>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("receptor.xml"))
    given = parser.parse_args()
    given.out.write_text(sbml_of_receptor(given.sites), encoding="utf-8")
    print(f"written: {given.out}")


if __name__ == "__main__":
    main()
