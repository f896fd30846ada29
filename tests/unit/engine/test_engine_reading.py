"""What is read of a model file: text in any encoding, numbers whole, depth, arguments, names, functions in any order."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import BaxisError, Faults, InvalidValue, Unsupported
from baxis.engine import load_network, load_sbml
from baxis.engine.formula.arity import ARITY
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.reading.document import read_document
from baxis.engine.reading.sbml_scan import scan
from baxis.engine.tables.user_model import Simulated, simulate_model

EVENT = (
    '<listOfEvents><event id="never" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true">'
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><gt/><ci>p</ci><cn>1e99</cn></apply></math></trigger>'
    '<listOfEventAssignments><eventAssignment variable="q"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn>'
    "</math></eventAssignment></listOfEventAssignments></event></listOfEvents>"
)
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def model(math: str, before: str = "", after: str = "", value: str = "1") -> str:
    """SBML whose parameter p changes at the rate `math`."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'
        f'<model id="m">{before}<listOfParameters><parameter id="p" value="{value}" constant="false"/>'
        '<parameter id="q" value="1" constant="false"/></listOfParameters><listOfRules><rateRule variable="p">'
        f'<math xmlns="http://www.w3.org/1998/Math/MathML">{math}</math></rateRule></listOfRules>{after}</model></sbml>'
    )


def rise(text: str, until: float = 1.0) -> float:
    """p at the end, less its first value of 1."""
    return float(simulate_model(text, [0.0, until], outputs=["p"]).values[0, -1, 0]) - 1.0


@pytest.mark.parametrize(
    ("cn", "value"),
    [
        ("<cn>1.5</cn>", 1.5),
        ("<cn> 1.5e1\n</cn>", 15.0),
        ("<cn>.5</cn>", 0.5),
        ("<cn>+2.</cn>", 2.0),
        ('<cn type="integer">-3</cn>', -3.0),
        ('<cn type="rational">1<sep/>4</cn>', 0.25),
        ('<cn type="e-notation">2.5<sep/>-1</cn>', 0.25),
        ('<cn type="integer" base="10">7</cn>', 7.0),
    ],
)
def test_numbers_are_read_whole(cn: str, value: float) -> None:
    assert rise(model(cn)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("cn", "said"),
    [
        ("<cn>1,5</cn>", "'1,5'"),
        ("<cn>1.5abc</cn>", "'1.5abc'"),
        ("<cn>0x10</cn>", "'0x10'"),
        ("<cn>1 2</cn>", "'1 2'"),
        ("<cn>1_0</cn>", "'1_0'"),
        ("<cn>\u0663</cn>", "'\u0663'"),
        ("<cn></cn>", "''"),
        ("<cn>NaN</cn>", "'NaN'"),
        ('<cn type="integer">1.7</cn>', "a whole number"),
        ('<cn type="integer" base="16">10</cn>', "base 16"),
        ('<cn type="rational">1.5<sep/>3</cn>', "two whole numbers"),
        ('<cn type="rational">1</cn>', "two whole numbers"),
        ('<cn type="e-notation">1<sep/>2,5</cn>', "a whole exponent"),
        ('<cn type="e-notation">1<sep/>2.5</cn>', "a whole exponent"),
        ('<cn type="hexdouble">3ff0</cn>', "'hexdouble'"),
        ("<cn>1<ci>p</ci></cn>", "<ci>"),
    ],
)
@pytest.mark.promise("What people give", "A number is read whole or not at all.")
def test_numbers_that_libsbml_reads_in_part_are_refused_with_their_line(cn: str, said: str) -> None:
    with pytest.raises(Faults, match="line 2: ") as told:
        engine.load_sbml(model(f"<apply><plus/>{cn}<cn>0</cn></apply>"))
    assert said in str(told.value)


@pytest.mark.parametrize("value", ["0x10", "1,5", "1_0", "1.5abc", "\u0663", ""])
@pytest.mark.promise("What people give", "A number is read whole or not at all.")
def test_numbers_of_attributes_too(value: str) -> None:
    with pytest.raises(Faults, match="value of 'p'"):
        engine.load_sbml(model("<cn>1</cn>", value=value))


def test_annotations_may_hold_anything() -> None:
    own = '<annotation><x xmlns="http://x"><parameter value="no number"/><cn>1,5</cn></x></annotation>'
    assert rise(model("<cn>1</cn>", before=own)) == pytest.approx(1.0)


OPERATORS = sorted({*ARITY, "plus", "times", "and", "or", "xor"} - {"delay", "rateOf"})
TRUTHS = ("and", "or", "xor", "not", "implies")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.promise("What people give", "Nothing of a model is left out or dropped without a word.")
def test_every_operator_with_a_wrong_number_of_arguments_is_refused_by_its_name(operator: str) -> None:
    low, high = ARITY.get(operator, (0, np.inf))
    argument = "<true/>" if operator in TRUTHS else "<ci>q</ci>"
    for count in range(4):
        text = model(
            f"<piecewise><piece><cn>1</cn><apply><eq/><apply><{operator}/>{argument * count}</apply><cn>1</cn></apply></piece></piecewise>"
        )
        if low <= count <= high:
            scan(text)
            continue
        with pytest.raises(Faults, match=f"the operator '{operator}' has {count} argument"):
            engine.load_sbml(text)


@pytest.mark.parametrize(
    ("math", "said"),
    [
        ("<apply><log/><cn>5</cn><cn>4</cn></apply>", "'log' has 2"),
        ("<apply><log/><logbase><cn>2</cn></logbase></apply>", "'log' has 0"),
        ("<apply><root/><degree><cn>3</cn></degree></apply>", "'root' has 0"),
        ("<apply/>", "without an operator"),
        ("<piecewise><piece><cn>1</cn></piece></piecewise>", "<piece> holds 1"),
        ("<piecewise><otherwise><cn>1</cn><cn>2</cn></otherwise></piecewise>", "<otherwise> holds 2"),
    ],
)
@pytest.mark.promise("What people give", "Nothing of a model is left out or dropped without a word.")
def test_what_libsbml_cannot_tell_apart_is_counted_in_the_text(math: str, said: str) -> None:
    with pytest.raises(Faults, match=said):
        engine.load_sbml(model(math))


@pytest.mark.parametrize("after", ["", EVENT])
@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_nesting_is_followed_to_its_limit_and_refused_beyond(after: str) -> None:
    def nested(n: int) -> str:
        return model("<apply><minus/>" * n + "<cn>1</cn>" + "</apply>" * n, after=after)

    assert rise(nested(190)) == pytest.approx(1.0)
    for n in (205, 500):
        with pytest.raises(Unsupported, match="more than 200 deep"):
            simulate_model(nested(n), [0.0, 1.0])
    for n in (5_000, 100_000):
        with pytest.raises(Faults, match="nest more than"):
            simulate_model(nested(n), [0.0, 1.0])


def functions(*bodies: tuple[str, str]) -> str:
    made = "".join(
        f'<functionDefinition id="{name}"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda><bvar><ci>x</ci></bvar>'
        f"{body}</lambda></math></functionDefinition>"
        for name, body in bodies
    )
    return f"<listOfFunctionDefinitions>{made}</listOfFunctionDefinitions>"


def call(name: str) -> str:
    return f"<apply><ci>{name}</ci><ci>x</ci></apply>"


@pytest.mark.parametrize("after", ["", EVENT])
@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_functions_stand_in_any_order_and_bombs_of_them_are_refused(after: str) -> None:
    twice = ("f", f"<apply><times/><cn>2</cn>{call('g')}</apply>")
    more = ("g", "<apply><plus/><ci>x</ci><cn>1</cn></apply>")
    used = "<apply><ci>f</ci><cn>2</cn></apply>"
    assert rise(model(used, functions(twice, more), after)) == pytest.approx(6.0)
    assert rise(model(used, functions(more, twice), after)) == pytest.approx(6.0)
    with pytest.raises(InvalidValue, match="f -> g -> f"):
        simulate_model(model(used, functions(twice, ("g", call("f"))), after), [0.0, 1.0])
    doubling = [("f0", "<apply><plus/><ci>x</ci><ci>x</ci></apply>")]
    doubling += [(f"f{i}", f"<apply><plus/>{call(f'f{i - 1}')}{call(f'f{i - 1}')}</apply>") for i in range(1, 40)]
    with pytest.raises(Unsupported, match="200000 in one formula"):
        simulate_model(model("<apply><ci>f39</ci><cn>2</cn></apply>", functions(*doubling), after), [0.0, 1.0])


@pytest.mark.parametrize("after", ["", EVENT])
def test_five_hundred_pieces(after: str) -> None:
    """The rate is k from time k on: p rises by 0 + 1 + ... + 9 in ten units of time, and by 7 a unit after the last."""
    pieces = "".join(f"<piece><cn>{k}</cn><apply><lt/>{TIME}<cn>{k + 1}</cn></apply></piece>" for k in range(500))
    text = model(f"<piecewise>{pieces}<otherwise><cn>7</cn></otherwise></piecewise>", after=after)
    assert rise(text, 10.0) == pytest.approx(45.0, rel=1e-4)


TEXT = "S -> ; k*S; k = 0.5; S = 10"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_any_encoding_that_says_what_it_is(tmp_path: Path, encoding: str) -> None:
    xml = tmp_path / "m.xml"
    xml.write_bytes(antimony_to_sbml(TEXT).encode(encoding))
    assert engine.load_sbml(engine.read_model(xml)).states == ("S",)
    assert engine.load_sbml(xml).states == ("S",)
    if encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        ant = tmp_path / "m.ant"
        ant.write_bytes(TEXT.encode(encoding))
        assert engine.load_sbml(engine.read_model(ant)).states == ("S",)


@pytest.mark.parametrize("head", ['<?xml version="1.0"?>', "<?xml version='1.0' standalone='yes' ?>", "", "\n \n"])
def test_a_head_without_encoding_is_read(head: str) -> None:
    body = antimony_to_sbml(TEXT).partition("?>")[2].lstrip()
    assert engine.load_sbml(head + body).states == ("S",)
    assert engine.load_network("\ufeff" + head.strip() + body).rates.keys() == {"amount of S"}


def test_a_declared_latin_1_is_read_and_undeclared_bytes_are_named(tmp_path: Path) -> None:
    text = antimony_to_sbml(TEXT).replace("<model ", '<model name="\u00e9" ', 1)
    path = tmp_path / "m.xml"
    path.write_bytes(text.replace("UTF-8", "ISO-8859-1").encode("latin-1"))
    assert engine.load_sbml(engine.read_model(path)).states == ("S",)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidValue, match=r"byte 0xe9 is not text at line \d+, column \d+"):
        engine.read_model(path)


def test_a_letter_that_antimony_cannot_take_is_named_by_line() -> None:
    assert antimony_to_sbml("S = 10; // \u03b1\nS -> ; 0.5*S;")
    with pytest.raises(InvalidValue, match=r"line 2.*'\u03b1'"):
        antimony_to_sbml("S = 10;\n\u03b1 = 0.5;\nS -> ; \u03b1*S;")
    with pytest.raises(InvalidValue, match="brackets too deep"):
        antimony_to_sbml("x' = " + "(" * 100_000 + "x" + ")" * 100_000 + "; x = 0")
    with pytest.raises(InvalidValue, match="too many operators"):
        antimony_to_sbml("x' = " + "+".join(["x"] * 100_000) + "; x = 0")


def test_imports_lie_in_the_models_folder_and_a_changed_one_is_noticed(tmp_path: Path) -> None:
    sub = tmp_path / "sub.ant"
    text = 'import "sub.ant"\nmodel whole()\n  a: sub();\nend'
    for k in (0.1, 0.9, 0.1):
        sub.write_text(f"model sub()\n  S -> ; k*S; S = 1; k = {k};\nend\n")
        assert engine.load_antimony(text, folder=tmp_path).defaults["a_k"] == k
    (tmp_path / "deep").mkdir()
    (tmp_path / "m.ant").write_text(text)
    assert "a_S" in engine.read_model(tmp_path / "m.ant")
    for name in ("../sub.ant", str(sub), "http://example.org/sub.ant", "absent.ant"):
        with pytest.raises(InvalidValue, match="import"):
            engine.load_antimony(f'import "{name}"\nmodel whole()\n  a: sub();\nend', folder=tmp_path / "deep")


LAYOUT = 'xmlns:layout="http://www.sbml.org/sbml/level3/version1/layout/version1" layout:required="false" level="2" version="4"'


def test_layout_in_a_level_that_lacks_it_is_left_out_and_said() -> None:
    text = model("<cn>2</cn>").replace("level3/version2/core", "level2/version4")
    marked = text.replace('level="3" version="2"', LAYOUT)
    assert rise(marked) == pytest.approx(2.0)
    notes = simulate_model(marked, [0.0, 1.0]).notes
    assert len(notes) == 1
    assert "layout" in notes[0]
    assert read_document(model("<cn>2</cn>"))[1] == ()


ABOUT = '<annotation><x xmlns="http://example.org"/></annotation>'


@pytest.mark.parametrize(
    "about", [f'{ABOUT}<notes><p xmlns="http://www.w3.org/1999/xhtml">n</p></notes>', ABOUT + ABOUT]
)
def test_notes_after_an_annotation_and_two_annotations_do_no_harm_to_the_model(about: str) -> None:
    text = model("<cn>2</cn>").replace("<listOfParameters>", f"{about}<listOfParameters>", 1)
    assert about in text
    assert rise(text) == pytest.approx(2.0)
    assert "annotation" in simulate_model(text, [0.0, 1.0]).notes[0]


@pytest.mark.parametrize("element", ["<listOfRulez/>", '<listOfParameterz><parameter id="z"/></listOfParameterz>'])
@pytest.mark.promise("What people give", "Nothing of a model is left out or dropped without a word.")
def test_an_unknown_element_of_the_model_is_never_left_out(element: str) -> None:
    with pytest.raises(Faults, match="unrecognized element"):
        engine.load_sbml(model("<cn>2</cn>", after=element))


def archive(
    path: Path, manifest: str, content: bytes = b"", head: str = "", packed: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", packed) as z:
        z.writestr("manifest.xml", f'{head}<omexManifest xmlns="http://identifiers.org/x">{manifest}</omexManifest>')
        z.writestr("a.xml", content or antimony_to_sbml(TEXT))
    return path


SBML_ENTRY = '<content location="./a.xml" format="http://identifiers.org/combine.specifications/sbml"/>'


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.promise(
    "What people give", "A spoilt input is read or refused in words: no traceback, no hang, nothing left behind."
)
def test_an_archive_damaged_anywhere_is_told_however_it_is_packed(tmp_path: Path, packed: int) -> None:
    whole = archive(tmp_path / "w.omex", SBML_ENTRY, packed=packed)
    right, data = engine.read_model(whole), whole.read_bytes()
    for at in range(0, len(data), 7):
        whole.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        told = ""
        try:
            assert "<sbml" in engine.read_model(whole)
        except InvalidValue as e:
            told = str(e)
        assert not re.search("Error|codec|stream", told)
    whole.write_bytes(data)
    assert engine.read_model(whole) == right


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_an_archive_is_looked_at_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<sbml" in engine.read_model(archive(tmp_path / "a.omex", SBML_ENTRY))
    assert "<sbml" in engine.read_model(
        archive(tmp_path / "u.omex", SBML_ENTRY, antimony_to_sbml(TEXT).encode("utf-16"))
    )
    with pytest.raises(InvalidValue, match=r"entry 1.*no location"):
        engine.read_model(archive(tmp_path / "b.omex", '<content format="sbml"/>'))
    named = archive(tmp_path / "e.omex", SBML_ENTRY, head='<?xml version="1.0" encoding="UTF-org"?>')
    with pytest.raises(InvalidValue, match=r"encoding 'UTF-org'.*save it as UTF-8"):
        engine.read_model(named)
    monkeypatch.setattr("baxis.engine.reading.model_file.MOST_BYTES", 10_000)
    with pytest.raises(InvalidValue, match="MB unpacked"):
        engine.read_model(archive(tmp_path / "c.omex", SBML_ENTRY, b" " * 1_000_000))


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_a_file_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baxis.engine.reading.encoding.MOST_BYTES", 100)
    path = tmp_path / "m.xml"
    path.write_text(antimony_to_sbml(TEXT))
    with pytest.raises(InvalidValue, match="at most 0 MB"):
        engine.read_model(path)


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_an_answer_beyond_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baxis.engine.tables.user_model.MOST_NUMBERS", 100)
    for text in (antimony_to_sbml(TEXT), antimony_to_sbml(TEXT + "; at S < 1: S = 2")):
        with pytest.raises(InvalidValue, match="101 times"):
            simulate_model(text, np.linspace(0, 1, 101))


def test_every_refusal_here_is_told_on_purpose() -> None:
    """No path of the readers lets a plain Python error through for a tree of the wrong shape."""
    for tree in ("<ci>p</ci><ci>p</ci>", "<apply><cn>3</cn></apply>", "<ci>unknown</ci>", "<lambda/>", "<true/>"):
        try:
            found = simulate_model(model(tree), [0.0, 1.0])
        except BaxisError:
            continue
        assert isinstance(found, Simulated)


REFERENCES = """<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m" conversionFactor="k1">
<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments>
<listOfSpecies><species id="S" compartment="c" initialAmount="1" hasOnlySubstanceUnits="false" boundaryCondition="false"
 constant="false" conversionFactor="k2"/></listOfSpecies>
<listOfParameters><parameter id="k1" value="1" constant="true"/><parameter id="k2" value="1" constant="true"/>
<parameter id="p" value="1" constant="false"/><parameter id="q" value="1" constant="false"/><parameter id="v" value="1" constant="false"/>
</listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="q"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>2</cn></math>
</initialAssignment></listOfInitialAssignments>
<listOfRules><rateRule variable="p"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>1</cn></math></rateRule></listOfRules>
<listOfReactions><reaction id="R" reversible="false"><listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/>
</listOfReactants><listOfModifiers><modifierSpeciesReference species="S"/></listOfModifiers>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>S</ci></math></kineticLaw></reaction></listOfReactions>
<listOfEvents><event id="e" useValuesFromTriggerTime="true"><trigger initialValue="false" persistent="true">
<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><gt/><ci>q</ci><cn>9</cn></apply></math></trigger><listOfEventAssignments>
<eventAssignment variable="v"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>1</cn></math></eventAssignment>
</listOfEventAssignments></event></listOfEvents></model></sbml>"""


@pytest.mark.parametrize("other", ["nothing", "R"])
@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ('model id="m" conversionFactor="k1"', "model, conversion factor: unknown parameter"),
        ('compartment="c"', "species 'S': unknown compartment"),
        ('conversionFactor="k2"', "species 'S', conversion factor: unknown parameter"),
        ('symbol="q"', "initial assignment: unknown variable"),
        ('rateRule variable="p"', "rule: unknown variable"),
        ('speciesReference species="S"', "reaction 'R': unknown species"),
        ('modifierSpeciesReference species="S"', "reaction 'R': unknown species"),
        ('eventAssignment variable="v"', "event 'e': unknown variable"),
    ],
)
@pytest.mark.promise("What people give", "Nothing of a model is left out or dropped without a word.")
def test_what_the_model_does_not_have_is_named_where_it_is_asked_for(attribute: str, said: str, other: str) -> None:
    load_network(REFERENCES)
    assert attribute in REFERENCES
    head = attribute.rpartition("=")[0]
    for load in (load_network, load_sbml):
        with pytest.raises(Faults, match=f"{said} '{other}'"):
            load(REFERENCES.replace(attribute, f'{head}="{other}"'))


@pytest.mark.parametrize("call", ["a: sub(q)", "sub(q)", "  a: sub (q)"])
@pytest.mark.parametrize("head", ["model sub(p)", "module sub(p)", "model *sub(p)", "model sub*(p)"])
@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
def test_a_module_within_itself_is_refused_and_does_not_kill(head: str, call: str) -> None:
    with pytest.raises(InvalidValue, match=r"line 3.*sub within sub"):
        antimony_to_sbml(f"{head}\n  p = 1;\n  {call};\nend\n")
    antimony_to_sbml("model sub(p)\n  p = 1;\nend\nmodel m()\n  a: sub(q); q = 2; sub2 = 3;\nend\n")


@pytest.mark.parametrize("name", ["", 'name="x" '])
def test_a_kinetic_law_without_a_formula_is_refused_and_does_not_kill(name: str) -> None:
    """libsbml's check of units dies of local parameters without a formula, where something has a unit."""
    from baxis.engine.reading.units import unit_report

    law = '<math xmlns="http://www.w3.org/1998/Math/MathML"><ci>S</ci></math></kineticLaw>'
    assert law in REFERENCES
    local = f'<listOfLocalParameters><localParameter {name}id="k" value="0.3" units="dimensionless"/></listOfLocalParameters>'
    text = REFERENCES.replace(law, f"{local}</kineticLaw>")
    unit_report(text)
    with pytest.raises(InvalidValue, match="reaction 'R': got 'no kinetic law'"):
        load_network(text)


def test_units_of_a_model_that_no_reader_takes_are_not_checked_but_the_model_refused() -> None:
    from baxis.engine.reading.units import unit_report

    text = REFERENCES.replace("<ci>S</ci>", "<apply><divide/><ci>S</ci><ci>S</ci><ci>S</ci></apply>")
    with pytest.raises(Faults, match="'divide' has 3 arguments"):
        unit_report(text.replace('id="k1" value="1"', 'id="k1" value="1" units="dimensionless"'))


ARGUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model>
<listOfFunctionDefinitions><functionDefinition id="f"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda>{}
<apply><plus/><ci>a</ci><cn>1</cn></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>
<listOfParameters><parameter id="p" value="1" constant="false"/></listOfParameters>
<listOfRules><rateRule variable="p"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><ci>f</ci><ci>p</ci></apply></math>
</rateRule></listOfRules></model></sbml>"""


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("<bvar><apply><abs/><ci>a</ci></apply></bvar>", "holds the element <apply>; allowed: a name"),
        ("<bvar><cn>1</cn></bvar>", "holds the element <cn>; allowed: a name"),
        ("<bvar/>", "<bvar> holds 0 formulas; allowed: 1"),
        ("<bvar><ci>a</ci><ci>b</ci></bvar>", "<bvar> holds 2 formulas; allowed: 1"),
        ("<bvar><ci> </ci></bvar>", "is empty"),
    ],
)
def test_an_argument_of_a_function_is_a_name(argument: str, said: str) -> None:
    """p' = p + 1 from 1: p(1) = 2 e - 1. What is no name ended the process inside the SBML library."""
    right = engine.simulate_model(ARGUMENT.format("<bvar><ci>a</ci></bvar>"), [0.0, 1.0])
    assert right.values[0, -1, 0] == pytest.approx(2 * math.e - 1, rel=1e-4)
    with pytest.raises(BaxisError, match=said):
        engine.simulate_model(ARGUMENT.format(argument), [0.0, 1.0])


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("p = 0; at time > 2: p = 1", {"p": 1.0}),
        ("p = 0; r := 2*time; at time > 2: p = 1", {"r": 10.0, "p": 1.0}),
        ("p = 0; q = 0; at time > 2: p = 1; at delay(p, 1) > 0.5: q = 3", {"p": 1.0, "q": 3.0}),
        ("k = 2; j = 3", {"k": 2.0, "j": 3.0}),
        ("x' = 1; x = 0; p = 0; at time > 2: p = 1", {"x": 5.0}),
    ],
)
def test_a_model_without_states_shows_what_events_set(text: str, last: dict[str, float]) -> None:
    found = simulate_model(antimony_to_sbml(text), np.linspace(0, 5, 6))
    assert dict(zip(found.outputs, found.values[0, -1], strict=True)) == pytest.approx(last)
    assert found.others == (("p",) if "x" in last else ())
