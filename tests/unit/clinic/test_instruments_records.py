"""What visits record, against a second, plain writing of docs/clinic/instruments.md: one patient and visit at a time, from
the same named draws. Numbers that are 0 or 1 in a ledger are set to others here, so that each one has to be used."""

from __future__ import annotations

from math import exp, hypot, log, sqrt
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from baxis.clinic.instruments import Course, igg4rd, instrument, sjd, sle
from baxis.clinic.instruments import aav as vasculitis
from baxis.core import streams

SEED, N = 11, 60
DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
T = DAYS.size
LOUD = {"gain_inflammation": 1.3, "share_common": 0.4, "shift_population": 0.2, "sd_patient": 0.6}


def drawn(purpose: str, k: int, visits: int = 1) -> np.ndarray:
    """Draws of a purpose, (patient, visit, component)."""
    return streams.normal(SEED, purpose, np.arange(N), visits * k).reshape(N, visits, k)


def path(purpose: str, tau: float, k: int) -> np.ndarray:
    """An Ornstein-Uhlenbeck path of unit variance at the visits."""
    z = drawn(purpose, k, T)
    out = z.copy()
    for t in range(1, T):
        kept = exp(-(DAYS[t] - DAYS[t - 1]) / tau)
        out[:, t] = kept * out[:, t - 1] + sqrt(1 - kept**2) * z[:, t]
    return out


def fall(tool, t: int, prior: str = "") -> float:
    """Log fall of activity that being in a trial brings, at a visit."""
    size = tool.number(f"expectation.{prior}" if prior else "expectation")
    return size * (1 - exp(-max(DAYS[t], 0.0) / tool.number("tau_expectation")))


def organs(tool, o, k: int) -> np.ndarray:
    """Log activity of k domains, (patient, visit, domain)."""
    n, tau = tool.number, tool.number("tau_fluctuation")
    common, own = path(f"{tool.code} fluctuation", tau, 1), path(f"{tool.code} organ fluctuation", tau, k)
    lasting = drawn(f"{tool.code} organ", k)
    out = np.empty((N, T, k))
    for i, t, d in np.ndindex(out.shape):
        moved = sqrt(n("share_common")) * common[i, t, 0] + sqrt(1 - n("share_common")) * own[i, t, d]
        middle = n("gain_inflammation") * log(o["infl"][i, t]) - fall(tool, t) + n("shift_population")
        out[i, t, d] = middle + n("sd_patient") * lasting[i, 0, d] + n("sd_fluctuation") * moved
    return out


def healed(x: np.ndarray, tau: float) -> np.ndarray:
    """Delay of first order of a course that is a line between visits, by many small steps."""
    out, fine = x.copy(), 400
    for t in range(1, T):
        step = (DAYS[t] - DAYS[t - 1]) / fine
        y = out[:, t - 1]
        for j in range(fine):
            along = (j + 0.5) / fine
            y = y + step / tau * (x[:, t - 1] + along * (x[:, t] - x[:, t - 1]) - y) / (1 + step / tau / 2)
        out[:, t] = y
    return out


@pytest.fixture(scope="module")
def course() -> SimpleNamespace:
    rng = np.random.default_rng(5)
    names = ("infl", "aas", "c3", "c4", "il6", "dam", "igg", "igg4")
    outputs = {name: np.exp(0.4 * rng.standard_normal((N, T))) for name in names}
    outputs["dam"] = 1 + np.cumsum(outputs["dam"], axis=1)
    return SimpleNamespace(o=outputs, seen=Course(SEED, np.arange(N), DAYS, outputs))


def cut(tool, item: str, *spread: float) -> float:
    """Level above which an item is present: as common as its prevalence over that spread."""
    level = float(-ndtri(tool.number(f"prevalence.{item}"))) * sqrt(sum(s**2 for s in spread))
    assert ndtr(-level / sqrt(sum(s**2 for s in spread))) == pytest.approx(tool.number(f"prevalence.{item}"))
    return level


def test_lupus(course):
    tool = instrument("SLE", LOUD | {"pga.gain": 0.6})
    n, v, x = tool.number, tool.observe(course.seen), organs(tool, course.o, len(sle.DOMAINS))
    spread, sd = (n("sd_patient"), n("sd_fluctuation")), n("sd_item")
    items, levels = {}, []
    for d, (domain, names) in enumerate(sle.DOMAINS.items()):
        z = drawn(f"SLE {domain} item", len(names), T)
        levels.append(min(cut(tool, i, *spread, sd) for i in names))
        for j, i in enumerate(names):
            items[i] = x[:, :, d] + sd * z[:, :, j] > cut(tool, i, *spread, sd)
    titres = {"anti_dsDNA": np.log(course.o["aas"]), "low_complement": -np.log(course.o["c3"] * course.o["c4"])}
    for name, titre in titres.items():
        lasting = n("sd_patient") * drawn(f"SLE {name}", 1)[:, :, 0]
        seen = titre + lasting + sd * drawn(f"SLE {name} assay", 1, T)[:, :, 0]
        items[name] = seen > cut(tool, name, n("sd_patient"), sd)
    clinical = sum(n(f"points.{i}") * items[i] for names in sle.DOMAINS.values() for i in names)
    assert np.array_equal(v["clinical SLEDAI-2K"], clinical)
    assert np.array_equal(v["SLEDAI-2K"], clinical + 2 * items["anti_dsDNA"] + 2 * items["low_complement"])
    assert np.array_equal(v["major organs"], sum(items[i].astype(float) for i in sle.MAJOR))
    assert np.array_equal(v["arthritis"], items["musculoskeletal"])
    assert np.array_equal(v["rash"], items["rash"])
    assert np.array_equal(v["arthritis or rash"], v["arthritis"] + v["rash"])
    fresh = sum((items[i][:, 1:] & ~items[i][:, :-1]).astype(float) for i in items)
    assert np.array_equal(v["new items"][:, 1:], fresh)
    b = np.array(levels) + n("bilag_B") * hypot(*spread)
    a = np.array(levels) + n("bilag_A") * hypot(*spread)
    assert np.array_equal(v["BILAG A"], (x > a).sum(axis=2))
    assert np.array_equal(v["BILAG B"], ((x > b) & (x <= a)).sum(axis=2))
    pga = n("pga.median") * np.exp(n("pga.gain") * x[:, :, :3].mean(axis=2))
    assert v["PGA"] == pytest.approx(np.clip(pga + n("pga.noise") * drawn("SLE PGA", 1, T)[:, :, 0], 0, 3), abs=1e-9)
    assert v["PGA"].max() == 3
    strict = instrument("SLE", LOUD | {"bilag_A": -0.5}).observe(course.seen)  # an A is never easier than a B
    assert not strict["BILAG B"].any()
    assert np.array_equal(strict["BILAG A"], (x > b).sum(axis=2))


def test_arthritis(course):
    tool = instrument("RA", {"gain_inflammation": 1.3, "SJC66.gain": 1.2, "CRP.gain": 1.4, "sd_patient": 0.6})
    n, v, o = tool.number, tool.observe(course.seen), course.o
    z, own = path("RA fluctuation", n("tau_fluctuation"), 1), drawn("RA activity", 1)
    effect = np.array([fall(tool, t) for t in range(T)])
    rest = n("sd_patient") * own[:, :, 0] + n("sd_fluctuation") * z[:, :, 0] - effect
    x = n("gain_inflammation") * np.log(o["infl"]) + rest
    lasting, shake = drawn("RA joints", 2), drawn("RA joint count", 2, T)
    for i, (name, top) in enumerate((("SJC66", 66), ("TJC68", 68))):
        spread = n(f"{name}.log_sd") * lasting[:, :, i] + n("joints.noise") * shake[:, :, i]
        joints = n(f"{name}.median") * np.exp(n(f"{name}.gain") * x + spread)
        assert np.array_equal(v[name], np.round(np.minimum(joints, top)))
        assert np.array_equal(v[name[:3] + "28"], np.round(np.minimum(n("share28") * joints, 28)))
    lasting, shake = drawn("RA scales", 4), drawn("RA scale", 4, T)
    for i, (name, top) in enumerate((("pain", 100), ("PtGA", 100), ("PhGA", 100), ("HAQ", 3))):
        odds = n(f"{name}.median") / (top - n(f"{name}.median"))
        spread = n(f"{name}.sd") * lasting[:, :, i] + n(f"{name}.noise") * shake[:, :, i]
        odds = odds * np.exp(n(f"{name}.gain") * x + spread)
        value = top * odds / (1 + odds)
        assert v[name] == pytest.approx(np.round(8 * value) / 8 if name == "HAQ" else value, abs=1e-9)
    spread = n("CRP.log_sd") * drawn("RA CRP", 1)[:, :, 0] + n("CRP.noise") * drawn("RA CRP visit", 1, T)[:, :, 0]
    crp = n("CRP.median") * np.exp(n("CRP.gain") * (np.log(o["il6"]) + rest) + spread)
    assert v["CRP"] == pytest.approx(crp, rel=1e-9)
    spread = n("ESR.log_sd") * drawn("RA ESR", 1)[:, :, 0] + n("ESR.noise") * drawn("RA ESR visit", 1, T)[:, :, 0]
    esr = n("ESR.median") * (crp / n("CRP.median")) ** n("ESR.gain") * np.exp(spread)
    assert v["ESR"] == pytest.approx(np.clip(esr, 1, 150), rel=1e-9)


def test_extremes_of_arthritis_stay_on_their_scales(course):
    top = instrument("RA", {"SJC66.median": 1e6, "TJC68.median": 1e6, "ESR.median": 1e6}).observe(course.seen)
    for name, most in (("SJC66", 66), ("TJC68", 68), ("SJC28", 28), ("TJC28", 28), ("ESR", 150)):
        assert np.all(top[name] == most), name
    assert np.all(instrument("RA", {"ESR.median": 1e-6}).observe(course.seen)["ESR"] == 1)


def test_nephritis(course):
    tool = instrument("LN", LOUD | {"eGFR.gain": -0.3, "eGFR.loss": 0.02, "sd_item": 0.5})
    n, v, o = tool.number, tool.observe(course.seen), course.o
    x = organs(tool, o, 1)[:, :, 0]
    slow = healed(x, n("tau_proteinuria"))
    own, shake = drawn("LN kidney", 3), drawn("LN laboratory", 3, T)
    active = n("UPCR.median") * np.exp(n("UPCR.gain") * slow + n("UPCR.log_sd") * own[:, :, 0])
    scar = n("UPCR.scar") * np.exp(n("UPCR.scar_log_sd") * own[:, :, 1])
    assert v["UPCR"] == pytest.approx((active + scar) * np.exp(n("UPCR.noise") * shake[:, :, 0]), rel=1e-5)
    lost = n("eGFR.loss") * (o["dam"] - o["dam"][:, [0]])
    power = n("eGFR.gain") * slow - lost + n("eGFR.log_sd") * own[:, :, 2] + n("eGFR.noise") * shake[:, :, 1]
    assert v["eGFR"] == pytest.approx(np.minimum(n("eGFR.median") * np.exp(power), n("eGFR.most")), rel=1e-5)
    assert (v["eGFR"] == n("eGFR.most")).any()
    level = cut(tool, "sediment", n("sd_patient"), n("sd_fluctuation"), n("sd_item"))
    assert np.array_equal(v["active sediment"], x + n("sd_item") * shake[:, :, 2] > level)


@pytest.mark.parametrize("prior", ["", "remission"])
def test_vasculitis(course, prior):
    tool = instrument("AAV", LOUD | {"expectation.remission": tool_expectation("AAV"), "tau_remission": 200.0})
    n, o = tool.number, course.o
    v = tool.observe(Course(SEED, np.arange(N), DAYS, o, prior))
    names, spread = vasculitis.ORGANS, (n("sd_patient"), n("sd_fluctuation"))
    induced = np.array([n("remission") * exp(-max(d, 0.0) / n("tau_remission")) for d in DAYS]) * (prior != "")
    x = healed(organs(tool, o, len(names)), n("tau_healing")) - induced[:, None]
    low = np.array([cut(tool, name, *spread) for name in names])
    high = low + n("step_major") * hypot(*spread)
    seen = x + n("sd_item") * drawn("AAV item", len(names), T)
    level = (seen > low).astype(int) + (seen > high)
    bvas = np.zeros((N, T))
    for i, t, d in np.ndindex(level.shape):
        bvas[i, t] += (0, n(f"minor.{names[d]}"), n(f"major.{names[d]}"))[level[i, t, d]]
    assert np.array_equal(v["BVAS"], bvas)
    assert np.array_equal(v["BVAS/WG"], (level == 1).sum(axis=2) + 3 * (level == 2).sum(axis=2))
    again = x > low + n("relapse_margin")
    assert np.array_equal(v["active organs"], (x > low).sum(axis=2))
    assert np.array_equal(v["relapsing organs"], again.sum(axis=2))
    assert np.array_equal(v["major organs"], (again & (x > high)).sum(axis=2))
    assert np.array_equal(v["worse organs"], (level > level[:, [1]]).sum(axis=2))
    spread_anca = n("ANCA.log_sd") * drawn("AAV ANCA", 1)[:, :, 0]
    spread_anca = spread_anca + n("ANCA.noise") * drawn("AAV ANCA assay", 1, T)[:, :, 0]
    assert v["ANCA"] == pytest.approx(n("ANCA.median") * o["aas"] * np.exp(spread_anca), rel=1e-9)


def tool_expectation(code: str) -> float:
    return instrument(code).number("expectation")


@pytest.mark.parametrize("prior", ["", "remission"])
def test_igg4_related_disease(course, prior):
    tool = instrument("IgG4-RD", LOUD | {"expectation.remission": tool_expectation("IgG4-RD"), "tau_remission": 200.0,
                                         "sd_item": 0.5})  # fmt: skip
    n, o = tool.number, course.o
    v = tool.observe(Course(SEED, np.arange(N), DAYS, o, prior))
    names, spread = igg4rd.ORGANS, (n("sd_patient"), n("sd_fluctuation"))
    induced = np.array([n("remission") * exp(-max(d, 0.0) / n("tau_remission")) for d in DAYS]) * (prior != "")
    x = organs(tool, o, len(names)) - induced[:, None]
    low = np.array([cut(tool, name, *spread) for name in names])
    seen = x + n("sd_item") * drawn("IgG4-RD item", len(names), T)
    index, flaring = np.zeros((N, T)), np.zeros((N, T))
    for i, t, d in np.ndindex(x.shape):
        moved, known = seen[i, t, d] - seen[i, 1, d], seen[i, 1, d] > low[d]
        if seen[i, t, d] > low[d]:
            better, worse = known and moved < -n("improvement"), known and moved > n("improvement")
            index[i, t] += 1 if better else 3 if worse else 2
        quiet = x[i, t, d] if t == 0 else min(x[i, 1 : t + 1, d])
        flaring[i, t] += x[i, t, d] - quiet > n("flare_rise") and x[i, t, d] > low[d] + n("flare_margin")
    assert np.array_equal(v["RI"], index)
    assert np.array_equal(v["flaring organs"], flaring)
    assert np.array_equal(v["active organs"], (seen > low).sum(axis=2))
    own = n("IgG4.log_sd") * drawn("IgG4-RD IgG4", 1)[:, :, 0] + n("IgG4.noise") * drawn("IgG4-RD assay", 1, T)[:, :, 0]
    assert v["IgG4"] == pytest.approx(n("IgG4.median") * o["igg4"] * np.exp(own), rel=1e-9)


def sjogren_levels(tool, x: np.ndarray) -> np.ndarray:
    """Activity level of each clinical domain: 0 no, 1 low, 2 moderate, 3 high."""
    n, out = tool.number, np.zeros(x.shape)
    spread = n("sd_patient"), n("sd_fluctuation")
    shake = n("sd_item") * drawn("SjD domain", len(sjd.CLINICAL), T)
    most = {"constitutional": 2, "lymphadenopathy": 2, "glandular": 2}
    slow = {"pulmonary", "renal", "muscular", "peripheral_nervous_system", "central_nervous_system"}
    for d, name in enumerate(sjd.CLINICAL):
        gain = n("gain_slow") if name in slow else 1.0
        over = gain * (x[:, :, d] - cut(tool, name, *spread, n("sd_item"))) + shake[:, :, d]
        level = np.select([over > n("step_high") * hypot(*spread), over > n("step_moderate") * hypot(*spread), over > 0],
                          [3, 2, 1], 0)  # fmt: skip
        if name == "central_nervous_system":
            level[level == 1] = 2
        out[:, :, d] = np.minimum(level, most.get(name, 3))
    return out


def test_sjogren(course):
    common = {f"prevalence.{d}": 0.5 for d in ("central_nervous_system", "muscular", "renal")}
    tool = instrument("SjD", LOUD | common | {"sd_item": 0.5, "IgG.median": 12.0, "IgG.log_sd": 0.7})
    n, v, o = tool.number, tool.observe(course.seen), course.o
    x = organs(tool, o, len(sjd.CLINICAL))
    level = sjogren_levels(tool, x)
    assert set(np.unique(level)) == {0, 1, 2, 3}
    low = -np.log(o["c3"] * o["c4"]) + n("complement.log_sd") * drawn("SjD complement", 1)[:, :, 0]
    low = low + n("complement.noise") * drawn("SjD complement assay", 1, T)[:, :, 0]
    low = low > cut(tool, "low_complement", n("complement.log_sd"), n("complement.noise"))
    own, assay = drawn("SjD serum", 2), drawn("SjD assay", 2, T)
    for i, (name, source) in enumerate((("IgG", "igg"), ("RF", "aas"))):
        spread = n(f"{name}.log_sd") * own[:, :, i] + n(f"{name}.noise") * assay[:, :, i]
        assert v[name] == pytest.approx(n(f"{name}.median") * o[source] * np.exp(spread), rel=1e-9)
    biological = np.select([(v["IgG"] > 20) | (v["IgG"] < 5), (v["IgG"] >= 16) | low], [2, 1], 0)
    assert set(np.unique(biological)) == {0, 1, 2}
    for name, extra in (("ESSDAI", biological), ("ClinESSDAI", 0)):
        weights = np.array([n(f"{name.lower()}.{d}") for d in sjd.CLINICAL])
        assert v[name] == pytest.approx((level * weights).sum(axis=2) + extra, abs=1e-9)
    worse = (level >= 2) & (level > level[:, [1]])
    assert np.array_equal(v["domains worse"], worse.sum(axis=2))
    z, lasting = path("SjD symptoms", n("tau_fluctuation"), 1), drawn("SjD symptoms of a patient", 1)
    felt = n("gain_symptoms") * np.log(o["infl"]) + n("sd_symptoms") * z[:, :, 0]
    felt = felt + n("sd_symptoms_patient") * lasting[:, :, 0] - np.array([fall(tool, t) for t in range(T)])
    own, shake = drawn("SjD scales", 5), drawn("SjD scale", 5, T)
    for i, (name, top) in enumerate((("dryness", 10), ("fatigue", 10), ("pain", 10), ("PhGA", 100), ("PtGA", 100))):
        moved = x[:, :, :4].mean(axis=2) if name == "PhGA" else felt
        spread = n(f"{name}.sd") * own[:, :, i] + n(f"{name}.noise") * shake[:, :, i]
        odds = n(f"{name}.median") / (top - n(f"{name}.median")) * np.exp(n(f"{name}.gain") * moved + spread)
        assert v[name] == pytest.approx(top * odds / (1 + odds), rel=1e-9), name
    assert v["ESSPRI"] == pytest.approx((v["dryness"] + v["fatigue"] + v["pain"]) / 3, rel=1e-9)
    own, shake = drawn("SjD glands", 4), drawn("SjD gland", 4, T)
    for i, name in enumerate(("UWS", "SWS", "Schirmer", "OSS")):
        spread = n(f"{name}.log_sd") * own[:, :, i] + n(f"{name}.noise") * shake[:, :, i]
        value = n(f"{name}.median") * o["infl"] ** n(f"{name}.gain") * np.exp(spread)
        if name in ("Schirmer", "OSS"):
            value = np.minimum(np.round(value), {"Schirmer": 35, "OSS": 12}[name])
        assert v[name] == pytest.approx(value, rel=1e-9), name


def test_glands_end_at_the_top_of_their_scales(course):
    v = instrument("SjD", {"Schirmer.median": 1e4, "OSS.median": 1e4}).observe(course.seen)
    assert np.all(v["Schirmer"] == 35)
    assert np.all(v["OSS"] == 12)


def test_levels_of_sjogren_that_a_domain_does_not_have(course):
    v = instrument("SjD", {"shift_population": 1e3}).observe(course.seen)  # every domain at its highest level
    top = {"constitutional": 2, "lymphadenopathy": 2, "glandular": 2}
    weights = {d: instrument("SjD").number(f"clinessdai.{d}") for d in sjd.CLINICAL}
    assert np.all(v["ClinESSDAI"] == sum(top.get(d, 3) * w for d, w in weights.items()))


def test_prior_treatment_takes_its_own_trial_effect():
    tool = instrument("RA")
    for prior in ("", "TNF-IR"):
        found = tool.trial_effect(Course(SEED, np.arange(2), DAYS, {}, prior))
        assert found == pytest.approx([-fall(tool, t, prior) for t in range(T)])
    other = tool.trial_effect(Course(SEED, np.arange(2), DAYS, {}, "MTX-IR"))
    assert other == pytest.approx([-fall(tool, t) for t in range(T)])


def test_steroid_dose_is_recorded_as_given_and_unknown_without_one(course):
    dose = np.linspace(0, 20, N * T).reshape(N, T)
    for code in ("SLE", "LN", "AAV", "IgG4-RD"):
        tool = instrument(code)
        assert np.isnan(tool.observe(course.seen)["steroid_mg"]).all()
        with_dose = Course(SEED, np.arange(N), DAYS, course.o | {"steroid_mg": dose})
        assert np.array_equal(tool.observe(with_dose)["steroid_mg"], dose)


def test_a_cured_patient_has_a_finite_score():
    seen = Course(SEED, np.arange(1), DAYS, {"infl": np.array([[1.0, 1.0, 0.0, 1e-3, 1e-9]])})
    assert seen.log("infl")[0] == pytest.approx([0, 0, log(1e-3), log(1e-3), log(1e-3)])
