"""The FceRI network of Faeder et al. 2003 written out from its rules: 354 species, 3680 reactions.

Faeder JR, Hlavacek WS, Reischl I, et al. Investigation of early events in FceRI-mediated signaling using a detailed
mathematical model. J Immunol 170:3769-3781 (2003). Rules and numbers as in BioNetGen's model file fceri_ji.bngl. A receptor has
a ligand site, a beta chain (unphosphorylated, with Lyn by its unique domain, phosphorylated, with Lyn by SH2) and a gamma chain
(unphosphorylated, phosphorylated, with Syk in one of its four states); a bivalent ligand joins two. Molecules of a cell, seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

START = {"Lig": 6e3, "Rec": 4e2, "Lyn": 28.0, "Syk": 4e2}
RATES = {
    "kp1": 1.32845238e-7, "km1": 0.0, "kp2": 0.25, "km2": 0.0, "kpL": 0.05, "kmL": 20.0, "kpLs": 0.05, "kmLs": 0.12,
    "kpS": 0.06, "kmS": 0.13, "kpSs": 0.06, "kmSs": 0.13, "pLb": 30.0, "pLbs": 100.0, "pLg": 1.0, "pLgs": 3.0,
    "pLS": 30.0, "pLSs": 100.0, "pSS": 100.0, "pSSs": 200.0, "dm": 20.0, "dc": 20.0,
}  # fmt: skip
SYK = [f"S{link}{loop}" for link, loop in product("01", "01")]  # phosphorylated on the linker, on the activation loop
BETA, GAMMA = ("Y", "YL", "P", "PL"), ("Y", "P", *SYK)
Unit = tuple[str, str]
Reaction = tuple[tuple[str, ...], tuple[str, ...], str, float]  # reactants, products, rate constant, statistical factor


def units() -> list[Unit]:
    """Every state of a receptor beside its ligand site."""
    return list(product(BETA, GAMMA))


def monomer(unit: Unit, bound: bool) -> str:
    return f"{'M' if bound else 'R'}_{unit[0]}_{unit[1]}"


def dimer(a: Unit, b: Unit) -> str:
    first, second = sorted((a, b))
    return f"D_{first[0]}_{first[1]}_{second[0]}_{second[1]}"


def species() -> dict[str, float]:
    """Name and first amount of all 354."""
    out = {"Lig": START["Lig"], "Lyn": START["Lyn"], **{s: START["Syk"] if s == "S00" else 0.0 for s in SYK}}
    for bound in (False, True):
        out |= {monomer(u, bound): 0.0 for u in units()}
    out |= {dimer(a, b): 0.0 for a, b in product(units(), units())}
    return out | {monomer(("Y", "Y"), False): START["Rec"]}


def changes(unit: Unit) -> Iterator[tuple[Unit, tuple[str, ...], tuple[str, ...], str]]:
    """(new state, taken up, let go, rate constant) of what a receptor does alone."""
    beta, gamma = unit
    pairs = {"Y": ("YL", ("Lyn",), (), "kpL"), "YL": ("Y", (), ("Lyn",), "kmL"), "PL": ("P", (), ("Lyn",), "kmLs")}
    if beta in pairs:
        new, taken, left, rate = pairs[beta]
        yield (new, gamma), taken, left, rate
    else:
        yield ("PL", gamma), ("Lyn",), (), "kpLs"
        yield ("Y", gamma), (), (), "dm"
    if gamma == "P":
        yield (beta, "Y"), (), (), "dm"
        for s in SYK:  # rates by the state of the activation loop; the rule file gives both the same value
            yield (beta, s), (s,), (), "kpS"
    if gamma in SYK:
        yield (beta, "P"), (), (gamma,), "kmS"
        link, loop = gamma[1:]
        if link == "1":
            yield (beta, f"S0{loop}"), (), (), "dm"
        if loop == "1":
            yield (beta, f"S{link}0"), (), (), "dm"


def crossed(actor: Unit, target: Unit) -> Iterator[tuple[Unit, str]]:
    """(new state of the target, rate constant) of transphosphorylation within a dimer."""
    beta, gamma = target
    by_lyn = {"YL": ("pLb", "pLg", "pLS"), "PL": ("pLbs", "pLgs", "pLSs")}.get(actor[0])
    if by_lyn:
        if beta == "Y":
            yield ("P", gamma), by_lyn[0]
        if gamma == "Y":
            yield (beta, "P"), by_lyn[1]
        if gamma in ("S00", "S01"):
            yield (beta, f"S1{gamma[2]}"), by_lyn[2]
    if actor[1] in SYK and gamma in ("S00", "S10"):
        yield (beta, f"{gamma[:2]}1"), "pSSs" if actor[1][2] == "1" else "pSS"


def reactions() -> Iterator[Reaction]:
    """All 3680."""
    for u in units():
        yield (monomer(u, False), "Lig"), (monomer(u, True),), "kp1", 2.0  # two equal sites of the ligand
        yield (monomer(u, True),), (monomer(u, False), "Lig"), "km1", 1.0
        for bound in (False, True):
            for new, taken, left, rate in changes(u):
                yield (monomer(u, bound), *taken), (monomer(new, bound), *left), rate, 1.0
        for v in units():
            yield (monomer(u, True), monomer(v, False)), (dimer(u, v),), "kp2", 1.0
            both = 2.0 if u == v else 1.0
            yield (dimer(u, v),), (monomer(u, True), monomer(v, False)), "km2", both
            for new, taken, left, rate in changes(u):
                yield (dimer(u, v), *taken), (dimer(new, v), *left), rate, both
            for new, rate in crossed(v, u):
                yield (dimer(u, v),), (dimer(new, v),), rate, both
    for state in ("10", "11"):
        yield (f"S{state}",), (f"S0{state[1]}",), "dc", 1.0
    for state in ("01", "11"):
        yield (f"S{state}",), (f"S{state[0]}0",), "dc", 1.0


def sbml_of_fceri() -> str:
    """SBML text of the network."""
    from rule_network import HEAD, MATH, reference, species_of, times

    lines = []
    for k, (before, after, rate, factor) in enumerate(reactions()):
        sides = "".join(
            f"<listOf{side}>{''.join(reference(s) for s in names)}</listOf{side}>"
            for side, names in (("Reactants", before), ("Products", after))
        )
        law = times(rate, *before) if factor == 1.0 else times(rate, "two", *before)
        lines.append(
            f'<reaction id="r{k}" reversible="false">{sides}<kineticLaw>{MATH}{law}</math></kineticLaw></reaction>'
        )
    shown = species()
    syk = [n for n in shown if n[0] in "RMD" for s in n.split("_")[1:] if s in ("S01", "S11")]
    active = "<apply><plus/>" + "".join(f"<ci>{n}</ci>" for n in syk) + "</apply>"
    dimers = "<apply><plus/>" + "".join(f"<ci>{n}</ci>" for n in shown if n[0] == "D") + "</apply>"
    rules = f'<assignmentRule variable="active_syk">{MATH}{active}</math></assignmentRule>'
    rules += f'<assignmentRule variable="dimers">{MATH}{dimers}</math></assignmentRule>'
    parameters = "".join(
        f'<parameter id="{n}" value="{v!r}" constant="true"/>' for n, v in (RATES | {"two": 2.0}).items()
    )
    parameters += '<parameter id="active_syk" constant="false"/><parameter id="dimers" constant="false"/>'
    body = "".join(
        [
            '<listOfCompartments><compartment id="cell" size="1" spatialDimensions="3" constant="true"/></listOfCompartments>',
            f"<listOfSpecies>{''.join(species_of(n, v) for n, v in shown.items())}</listOfSpecies>",
            f"<listOfParameters>{parameters}</listOfParameters><listOfRules>{rules}</listOfRules>",
            f"<listOfReactions>{''.join(lines)}</listOfReactions>",
        ]
    )
    return f"{HEAD}{body}</model></sbml>"
