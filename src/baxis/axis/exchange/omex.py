"""A COMBINE archive: a manifest that lists what it holds, files whole, the same bytes for the same content."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as Xml

SPECIFICATIONS = "http://identifiers.org/combine.specifications"
FORMATS = {
    ".xml": f"{SPECIFICATIONS}/sbml.level-3.version-2",
    ".sedml": f"{SPECIFICATIONS}/sed-ml.level-1.version-3",
    ".json": "https://purl.org/NET/mediatypes/application/json",
    ".csv": "https://purl.org/NET/mediatypes/text/csv",
    ".md": "https://purl.org/NET/mediatypes/text/markdown",
    ".parquet": "https://purl.org/NET/mediatypes/application/vnd.apache.parquet",
    ".nc": "https://purl.org/NET/mediatypes/application/x-netcdf",
    ".yaml": "https://purl.org/NET/mediatypes/application/yaml",
    ".tsv": "https://purl.org/NET/mediatypes/text/tab-separated-values",
    ".png": "https://purl.org/NET/mediatypes/image/png",
}
STAMP = (1980, 1, 1, 0, 0, 0)  # of every file, so that time of writing does not change the bytes


def write_omex(path: Path, files: dict[str, str | bytes]) -> Path:
    """Write an archive. files: place -> text or bytes, format told by the ending; the SED-ML is the master file."""
    manifest = Xml.Element("omexManifest", {"xmlns": f"{SPECIFICATIONS}/omex-manifest"})
    Xml.SubElement(manifest, "content", {"location": ".", "format": f"{SPECIFICATIONS}/omex"})
    Xml.SubElement(manifest, "content", {"location": "./manifest.xml", "format": f"{SPECIFICATIONS}/omex-manifest"})
    for name in files:
        ending = PurePosixPath(name).suffix
        master = {"master": "true"} if ending == ".sedml" else {}
        Xml.SubElement(manifest, "content", {"location": f"./{name}", "format": FORMATS[ending], **master})
    whole = {"manifest.xml": Xml.tostring(manifest, encoding="unicode", xml_declaration=True), **files}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in whole.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), held, zipfile.ZIP_DEFLATED)
    return path
