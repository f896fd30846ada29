"""An example for the help of every command; the tests read each as the command line does."""

from __future__ import annotations

EXAMPLES = {
    "trial": "rituximab-reflex --patients 300 --out reflex",
    "power": "fenebrutinib-sle-ph2 --n 50,100,200",
    "calendar": "fenebrutinib-sle-ph2 --out calendar.png",
    "plot": "reflex --name igg --out courses.svg",
    "scoreboard": "--role calibration --patients 100 --out board",
    "explain": "rituximab --disease RA --endpoint ACR20@24 --out why",
    "biomarkers": "anifrolumab --disease SLE --out markers",
    "enrich": "anifrolumab --disease SLE --marker ifn --cutoff 0.5",
    "sensitivity": "fenebrutinib --disease SLE --patients 300 --out spread",
    "combine": "belimumab rituximab --disease SLE --out pair",
    "combine-search": "--disease SLE --patients 40 --out pairs",
    "strategies": "--disease AAV --out compared",
    "limits": "rituximab --disease AAV --dose '1000 mg iv days 1,15' --out after",
    "stimulate": "'anti-IgM 10 ug/mL' --inhibitor 'fenebrutinib 100 nM'",
    "patient": "patient.csv --disease SLE --candidates rituximab,belimumab",
    "omics": "cohort.csv --disease SLE --population patients.csv",
    "repertoire": "patient.tsv",
    "list": "drugs",
    "show": "rituximab",
    "evidence check": "my-tables",
    "evidence trials": "--disease SLE --class 'BTK inhibitor' --endpoint SRI-4",
    "evidence claims": "--gene BTK --disease RA",
    "evidence contrasts": "--disease SjD",
    "evidence sheet": "bliss-52",
    "evidence search": "belimumab memory B cells",
    "evidence conflicts": "--disease SLE",
    "evidence grades": "--csv",
    "evidence import": "NCT00424476.json --out my-tables",
    "evidence meta": "--disease SLE --endpoint SRI-4 --by class --out figures",
    "evidence network": "--disease RA --endpoint ACR20",
    "evidence funnel": "--disease RA --endpoint ACR20 --scale OR",
    "evidence rival": "--disease SLE --endpoint SRI-4 --class anti-BAFF --week 52",
    "map": "--disease SLE --out sle.graphml",
    "check": "pharmacology",
    "compare-diseases": "RA SLE",
    "simulate": "model.xml --until 100 --points 201 --out course.csv",
    "conformance": "semantic --compiled",
    "export": "sbml --disease SLE --treatment 'prednisone 10 mg/day' --out sle.xml",
    "report": "rituximab-reflex --out reflex.html",
    "review": "--out review",
    "credibility": "effect --disease SLE --drug fenebrutinib --out effect.html",
    "serve": "--port 8000",
    "doctor": "--json",
}


def example(command: str) -> str:
    """The last line of a command's help."""
    return f"Example: baxis {command} {EXAMPLES[command]}"
