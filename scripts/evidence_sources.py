"""Citations of the evidence import: a BibTeX key for every row that can be cited, and `sources.bib` itself.

A row is cited by its DOI, else PMID, else the PMC or PubMed page it was seen on, else (trial rows) by its trial's
paper or registration. `scripts/evidence_references.csv` resolves printed references ("Chan 2020 Pharm Res 37:25")
and pages whose paper is known: columns reference,doi,pmid,key,author,title,journal,year,volume,pages.
`scripts/evidence_works.csv` holds author, title, journal, year, volume and pages of works by key, as read on the
paper's own page or in a reference list; a `doi` there completes an entry that is cited by its registration. For the
rest, author and year of a printed reference ("Chan 2020 ...") stand in the entry.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Row = dict[str, str]
Tables = dict[str, list[Row]]

URL_DOI = re.compile(r"(?:doi(?:\.org)?/(?:full/|abs/|pdf/|epdf/)?|/)(10\.\d{4,9}/[^\s?#&]+)")
PUBMED = re.compile(r"(?:pubmed(?:\.ncbi\.nlm\.nih\.gov)?/(?:\?term=)?|/pmid/)(\d{6,9})\b")
PMC = re.compile(r"\b(PMC\d{5,9})\b")
PII = re.compile(r"/fulltext/(S\d{4}-\d{4}\(\d\d\)\d{5}-[\dX])")
ARXIV = re.compile(r"(?:tomesphere\.com/paper/|arXiv:)(\d{4}\.\d{4,5})\b")
PAGES = re.compile(
    r"/(?:content|article(?:-split|-abstract)?)/(\d+)/([^/?]+)/([A-Za-z]?\d[\w.]*?)(?:\.full(?:\.pdf)?)?(?=[/?]|$)"
)
JOURNALS = {
    "/blood/": "Blood", "bloodjournal.org": "Blood", "/bloodadvances/": "Blood Adv", "ard.bmj.com": "Ann Rheum Dis",
    "jcp.bmj.com": "J Clin Pathol", "jim.bmj.com": "J Investig Med", "lupus.bmj.com": "Lupus Sci Med",
    "jpet.aspetjournals.org": "J Pharmacol Exp Ther", "rupress.org/jem": "J Exp Med", "/jimmunol/": "J Immunol",
    "/biochemsoctrans/": "Biochem Soc Trans", "/rheumatology/article/": "Rheumatology (Oxford)",
    "/mr/article/": "Mod Rheumatol",
}  # fmt: skip
PRINTED = re.compile(r"((?:de )?[A-Z][a-z][\w'-]*)(?:,? et al\.?| and [A-Z][\w-]+)? ((?:19|20)\d{2})\b")
NO_AUTHORS = {"Blood", "Lancet", "Nature", "Lupus", "Science", "Cell"}
SUFFIX = re.compile(r"(/(full|abstract|pdf|meta|xml|html|epdf|figures.*|tables.*)|\.pdf|\.full|\.long)+/?$")
NEEDS = (
    "trials",
    "claims",
    "experiments",
    "kinetics",
    "pk",
    "pd",
    "pd_observed",
    "targets_turnover",
    "published_models",
)


def url_identifiers(url: str) -> dict[str, str]:
    """doi, pmid or pmc of the page where a number was seen, when its address is the paper's own."""
    url = unquote(url)
    if m := URL_DOI.search(url):
        return {"doi": SUFFIX.sub("", m.group(1)).rstrip("/.").lower()}
    if m := PUBMED.search(url):
        return {"pmid": m.group(1)}
    if m := PMC.search(url):
        return {"pmc": m.group(1)}
    if m := PII.search(url):
        return {"doi": f"10.1016/{m.group(1).lower()}"}
    if m := ARXIV.search(url):
        return {"doi": f"10.48550/arxiv.{m.group(1)}"}
    journal = next((name for part, name in JOURNALS.items() if part in url), "")
    if journal and (m := PAGES.search(url)):
        volume, number, pages = m.groups()
        return {"journal": journal, "volume": volume, "number": number.replace("_", " "), "pages": pages}
    return {}


def key_of(ids: dict[str, str]) -> str:
    """BibTeX key: doi_10.1002_art.41811, PMID123, PMC123 or NCT00000000."""
    if ids.get("doi"):
        return "doi_" + re.sub(r"[^A-Za-z0-9.-]+", "_", ids["doi"].lower()).strip("_")
    if ids.get("pmid"):
        return f"PMID{ids['pmid']}"
    if ids.get("pages"):
        return re.sub(r"\W+", "_", f"{ids['journal']} {ids['volume']} {ids['pages']}").strip("_")
    return ids.get("pmc") or ids.get("nct") or ""


def row_identifiers(row: Row, references: dict[str, Row]) -> dict[str, str]:
    """Identifiers of one row, strongest statement first; fills the row's empty doi and pmid."""
    printed = references.get(row.get("reference", ""), {}) or references.get(row.get("source_url", ""), {})
    seen = url_identifiers(row.get("source_url", ""))
    text = row.get("reference", "")
    written = url_identifiers(f"/{text}") if "10." in text else {}
    pmid = re.search(r"(?:PMID:? ?|pubmed )(\d{6,9})", text)
    pmc = PMC.search(text)
    if not (row["doi"] or row["pmid"]):
        row["doi"] = printed.get("doi", "") or written.get("doi", "") or ("" if pmid or pmc else seen.get("doi", ""))
        if not row["doi"] and (preprint := ARXIV.search(text)):
            row["doi"] = f"10.48550/arxiv.{preprint.group(1)}"
        row["pmid"] = printed.get("pmid", "") or (pmid.group(1) if pmid else "")
        if not (row["doi"] or row["pmid"] or pmc):
            row["pmid"] = seen.get("pmid", "")
    ids = {"doi": row["doi"], "pmid": row["pmid"]}
    if not any(ids.values()):
        ids["pmc"] = pmc.group(1) if pmc else seen.get("pmc", "")
    if not any(ids.values()):
        ids |= {k: v for k, v in seen.items() if k in ("journal", "volume", "number", "pages")}
    if not any(ids.values()) and printed.get("key"):
        ids["label"] = printed["key"]
    return ids


def cite(tables: Tables, reference_file: Path) -> str:
    """Set `source` in every table; returns the text of sources.bib."""
    references = {}
    if reference_file.exists():
        with reference_file.open(encoding="utf-8", newline="") as f:
            references = {r["reference"]: r for r in csv.DictReader(f)}
    facts = {r["key"] or key_of(r): r for r in references.values()}
    facts |= works(reference_file.with_name("evidence_works.csv"))
    entries: dict[str, dict[str, Any]] = {}
    for name in NEEDS:
        for row in tables[name]:
            ids = row_identifiers(row, references)
            if name == "trials":
                ids["nct"] = row["nct"].split(";")[0].strip()
            row["source"] = key_of(ids) or ids.get("label", "")
            note_entry(entries, row["source"], ids, row if name == "trials" else {})
            if name != "trials" and any(printed_author(row.get("reference", ""))):
                entries[row["source"]].setdefault("printed", set()).add(printed_author(row["reference"]))
    by_trial = {t["trial_id"]: t["source"] for t in tables["trials"]}
    for name in ("outcomes", "baseline"):
        for row in tables[name]:
            ids = url_identifiers(row["source_url"]) if row["provenance"] == "verified" else {}
            row["source"] = by_trial[row["trial_id"]] or key_of(ids)
            note_entry(entries, row["source"], {} if by_trial[row["trial_id"]] else ids, {})
    return "".join(bib_entry(key, entries[key], facts.get(key, {})) for key in sorted(entries) if key)


def works(file: Path) -> dict[str, Row]:
    """Bibliographic facts of works by key; a key that stands twice is an error."""
    with file.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    found = {r["key"]: r for r in rows}
    if len(found) < len(rows) or "" in found:
        raise ValueError(f"{file.name}: a key is empty or stands twice")
    return found


def printed_author(text: str) -> tuple[str, str]:
    """First author and year of a printed reference such as 'Chan 2020 Pharm Res 37:25'; empty when it has none."""
    m = PRINTED.match(text)
    return (m[1], m[2]) if m and m[1] not in NO_AUTHORS else ("", "")


def note_entry(entries: dict[str, dict[str, Any]], key: str, ids: dict[str, str], trial: Row) -> None:
    """Gather what is known of one citation from every row that uses it."""
    entry = entries.setdefault(key, {})
    entry.update({k: v for k, v in ids.items() if v and k != "label"})
    if trial:
        name = trial["acronym"] or trial["trial_id"]
        entry.setdefault("trials", "")
        entry["trials"] = ", ".join(p for p in (entry["trials"], name) if p)
        entry.setdefault("year", trial["year"])


def bib_entry(key: str, entry: dict[str, Any], facts: Row) -> str:
    """One BibTeX entry; only facts that are known."""
    known = any(entry.get(k) for k in ("doi", "pmid", "pmc", "pages"))
    kind = "article" if known or facts.get("journal") else "misc"
    place = f"{entry['journal']} {entry['volume']}({entry['number']}):{entry['pages']}" if entry.get("pages") else ""
    printed = entry.get("printed") or set()
    author, year = next(iter(printed)) if len(printed) == 1 and not facts else ("", "")
    title = facts.get("title") or (f"Trial {entry['trials']}" if entry.get("trials") else place)
    fields = {
        "author": facts.get("author", "") or author,
        "title": f"{{{title}}}" if title else "",
        "journal": facts.get("journal", "") or entry.get("journal", ""),
        "volume": facts.get("volume", "") or entry.get("volume", ""),
        "number": entry.get("number", ""),
        "pages": facts.get("pages", "") or entry.get("pages", ""),
        "year": facts.get("year") or year or entry.get("year", ""),
        "doi": entry.get("doi", "") or facts.get("doi", ""),
        "pmid": entry.get("pmid", ""),
        "pmcid": entry.get("pmc", ""),
        "nct": entry.get("nct", ""),
    }
    body = "".join(f"  {k} = {{{v}}},\n" for k, v in fields.items() if v)
    return f"@{kind}{{{key},\n{body}}}\n\n"
