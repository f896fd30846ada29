"""The list of references from sources.bib, in the order of citation."""

from __future__ import annotations

from html import escape
from typing import Any

from baxis.core import library

MOST = 3  # authors named before "et al."


def bibliography(numbers: dict[str, int]) -> str:
    """Numbered references: authors, title, journal, year, and the strongest identifier as a link."""
    from pybtex.database import parse_file

    entries: dict[str, Any] = parse_file(str(library.path("sources.bib")), bib_format="bibtex").entries
    items = "".join(
        f"<li id='R{number}' value='{number}'>{entry(key, entries[key])}</li>" for key, number in numbers.items()
    )
    bare = sum(not entries[k].fields.get("title") for k in numbers)
    said = (
        f"<p class='small'>{bare} of {len(numbers)} entries of sources.bib hold an identifier and no title yet.</p>"
        if bare
        else ""
    )
    return f"{said}<ol class='refs'>{items}</ol>"


def entry(key: str, found: Any) -> str:
    """One reference; what sources.bib does not hold is left out."""
    get = {k.lower(): str(v).replace("{", "").replace("}", "") for k, v in found.fields.items()}.get
    people = [
        " ".join([*p.prelast_names, *p.last_names, *(f"{n[0]}." for n in p.first_names if n)])
        for p in found.persons.get("author", [])
    ]
    more = len(people) > MOST or "others" in people
    names = ", ".join([n for n in people if n != "others"][:MOST]) + (" et al." if more else "")
    place = " ".join(p for p in (get("journal", ""), get("volume", "")) if p)
    place += f":{get('pages')}" if get("pages") and place else ""
    year = f"({get('year')})" if get("year") else ""
    journal = get("journal", "")
    title = (
        "" if journal and get("title", "").startswith(journal) else get("title", "")
    )  # volume and page stand in for one
    text = ". ".join(p.rstrip(".") for p in (names, title, f"{place} {year}".strip()) if p)
    link = _link(key, get)
    return " ".join(p for p in (f"{escape(text)}." if text else "", link) if p) or escape(key)


IDENTIFIERS = (("doi", "https://doi.org/", "doi:"), ("pmid", "https://pubmed.ncbi.nlm.nih.gov/", "PMID "),
               ("nct", "https://clinicaltrials.gov/study/", ""))  # fmt: skip
CENTRAL = "https://pmc.ncbi.nlm.nih.gov/articles/"


def _link(key: str, get: Any) -> str:
    """The strongest identifier as a link."""
    for field, base, said in IDENTIFIERS:
        if get(field):
            value = escape(get(field), quote=True)
            return f"<a href='{base}{value}'>{said}{value}</a>"
    return f"<a href='{CENTRAL}{key}/'>{key}</a>" if key.startswith("PMC") else ""
