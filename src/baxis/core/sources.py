"""Sources: BibTeX entries of `library/sources.bib`, the only thing a reader is ever given as a citation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName


@dataclass(frozen=True, slots=True)
class Citation:
    """One citable work: `doi`, `pmid` or `nct` identify it; `text` is the printed short form."""

    key: str
    kind: str
    title: str
    author: str
    year: str
    doi: str
    pmid: str
    nct: str

    @property
    def text(self) -> str:
        """Short citation: author (else title) and year, then the strongest identifier known."""
        central = self.key if self.key.startswith("PMC") else ""
        ident = f"doi:{self.doi}" if self.doi else f"PMID {self.pmid}" if self.pmid else self.nct or central
        lead = " ".join(p for p in (self.author or self.title, self.year) if p)
        return ", ".join(p for p in (lead, ident) if p) or self.key

    @property
    def url(self) -> str:
        """Address of the strongest identifier; empty where none is known."""
        for value, base in ((self.doi, "https://doi.org/"), (self.pmid, "https://pubmed.ncbi.nlm.nih.gov/"),
                            (self.nct, "https://clinicaltrials.gov/study/")):  # fmt: skip
            if value:
                return base + value
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{self.key}/" if self.key.startswith("PMC") else ""


@lru_cache(maxsize=1)
def load() -> dict[str, Citation]:
    """Every entry of sources.bib by key."""
    from pybtex.database import BibliographyData, parse_file
    from pybtex.exceptions import PybtexError

    file = library.path("sources.bib")
    try:
        data: BibliographyData = parse_file(str(file), bib_format="bibtex")
    except PybtexError as e:
        raise InvalidValue(str(file), str(e), "valid BibTeX with unique keys") from None
    return {key: _source(key, entry) for key, entry in data.entries.items()}


library.on_change(load.cache_clear)


def _source(key: str, entry: object) -> Citation:
    fields = {k.lower(): str(v).strip("{}") for k, v in entry.fields.items()}  # type: ignore[attr-defined]
    people = entry.persons.get("author", [])  # type: ignore[attr-defined]
    last = [" ".join(p.prelast_names + p.last_names) for p in people]
    author = f"{last[0]} et al." if len(last) > 1 else (last[0] if last else "")
    kind = entry.type  # type: ignore[attr-defined]
    get = fields.get
    return Citation(
        key=key,
        kind=kind,
        title=get("title", ""),
        author=author,
        year=get("year", ""),
        doi=get("doi", ""),
        pmid=get("pmid", ""),
        nct=get("nct", ""),
    )


def find(key: str) -> Citation:
    """One source by key; UnknownName with the nearest key."""
    table = load()
    if key not in table:
        raise UnknownName("source", key, table)
    return table[key]
