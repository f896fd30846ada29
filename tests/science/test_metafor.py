"""Meta-analysis against published results of metafor, meta and netmeta.

Data sets: R package metadat (dat.colditz1994 = dat.bcg, dat.collins1985b, dat.linde2005, dat.yusuf1985,
dat.egger2001, dat.normand1999, dat.fine1993). References: the assertions of metafor's own test suite
(files named below), printed there to four decimals, or to eight for viechtbauer2007b; and the full double
precision results of metafor's `rma` and meta's `metabin` printed in statsmodels' test results
(`stats/tests/results/results_meta.py`). Each tolerance is half a unit of the last digit printed, or 1e-6
relative where more digits are.
"""

from __future__ import annotations

import numpy as np
import pytest

from baxis.evidence import meta
from baxis.evidence.meta import Counts, Pooling

EXACT = {"rel": 1e-8}


def digits(value: float, places: int = 4) -> object:
    return pytest.approx(value, abs=0.5000001 * 10.0**-places)


# trial, year, tpos, tneg, cpos, cneg, absolute latitude (Colditz 1994)
BCG = np.array(
    """4 119 11 128 44; 6 300 29 274 55; 3 228 11 209 42; 62 13536 248 12619 52; 33 5036 47 5761 13;
    180 1361 372 1079 44; 8 2537 10 619 19; 505 87886 499 87892 13; 29 7470 45 7232 27; 17 1699 65 1600 42;
    186 50448 141 27197 18; 5 2493 3 2338 33; 27 16886 29 17825 33""".replace(";", " ").split(),
    dtype=float,
).reshape(13, 5)
BCG_LABELS = [f"trial {i + 1}" for i in range(13)]


@pytest.fixture(scope="module")
def bcg() -> Counts:
    a, b, c, d, _ = BCG.T
    return Counts.of(BCG_LABELS, a, a + b, c, c + d)


# --- metafor rma() on Kacker 2004, full precision (statsmodels results_meta.py) -------------------------
KACKER_Y = [61.0, 61.4, 62.21, 62.3, 62.34, 62.6, 62.7, 62.84, 65.9]
KACKER_V = [0.2025, 1.2100, 0.0900, 0.2025, 0.3844, 0.5625, 0.0676, 0.0225, 1.8225]


@pytest.mark.parametrize(
    ("model", "knha", "want"),
    [
        ("PM", False, (62.4076199113286, 0.338030602684471, 61.7450921043947, 63.0701477182625,
                       0.705395309224248, 83.7218626490482, 6.14320900751909)),
        ("DL", False, (62.3901386044504, 0.245749668040304, 61.9084781058787, 62.8717991030221,
                       0.288049246973751, 67.744403741711, 3.10023721772938)),
        ("DL", True, (62.3901386044504, 0.29477605699879, 61.710383798052, 63.0698934108488,
                      0.288049246973751, 67.744403741711, 3.10023721772938)),
        ("FE", False, (62.5833970939982, 0.107845705498231, 62.3720233953344, 62.7947707926621,
                       0.0, 67.744403741711, 3.10023721772938)),
    ],
)  # fmt: skip
def test_kacker_2004_to_all_digits(model: str, knha: bool, want: tuple[float, ...]) -> None:
    effects = meta.generic([str(i) for i in range(9)], KACKER_Y, np.sqrt(KACKER_V))
    fit = meta.pool(effects, Pooling(model, knha))
    got = (fit.beta[0], fit.se[0], fit.ci_low[0], fit.ci_high[0], fit.tau2, fit.i2, fit.h2)
    assert got == pytest.approx(want, **EXACT)
    assert fit.q == pytest.approx(24.801897741835, **EXACT)
    assert fit.q_p == pytest.approx(0.00167935146372742, **EXACT)


# --- meta metabin() on Fine 1993 (dat.fine1993), odds ratios, DL with Hartung-Knapp, full precision -----
FINE_E = [18, 22, 21, 14, 42, 80, 13, 37, 23, 19, 106, 170, 34, 18, 13, 12, 42]
FINE_N1 = [19, 34, 72, 22, 70, 183, 26, 61, 36, 45, 246, 386, 59, 45, 14, 26, 74]
FINE_C = [12, 12, 15, 5, 13, 33, 18, 30, 12, 14, 76, 46, 17, 3, 14, 10, 40]
FINE_N0 = [22, 35, 68, 20, 32, 94, 50, 55, 25, 35, 208, 141, 32, 15, 18, 19, 75]


def test_fine_1993_metabin_to_all_digits() -> None:
    counts = Counts.of([str(i) for i in range(17)], FINE_E, FINE_N1, FINE_C, FINE_N0)
    effects = meta.binary(counts, "OR")
    assert effects.y[0] == pytest.approx(2.70805020110221, **EXACT)
    assert effects.se[-1] == pytest.approx(0.329592099997789, **EXACT)
    fixed = meta.pool(effects, Pooling("FE"))
    assert fixed.beta[0] == pytest.approx(0.428036725396544, **EXACT)
    assert fixed.se[0] == pytest.approx(0.0902874968199668, **EXACT)
    fit = meta.pool(effects, Pooling("DL", knha=True))
    got = (fit.beta[0], fit.se[0], fit.ci_low[0], fit.ci_high[0], fit.p_value[0], fit.q, fit.q_p, fit.tau2)
    want = (0.429520368698268, 0.0915952752397692, 0.235347059333852, 0.623693678062684,
            0.000246175101510513, 16.181374262823, 0.440375456698129, 0.0016783981912744)  # fmt: skip
    assert got == pytest.approx(want, **EXACT)
    new = fit.predict()
    assert (new.pi_low, new.pi_high) == pytest.approx((0.215650965184522, 0.643389772212014), **EXACT)


def test_fine_1993_escalc_effects_to_all_digits() -> None:
    """metafor escalc() on dat.fine1993 second-year counts; row 2: 22/34 against 12/35."""
    counts = Counts.of(["2"], [22], [34], [12], [35])
    for scale, y, v in (
        ("OR", 1.25672336971146, 0.505568465186247**2),
        ("RR", np.log((22 / 34) / (12 / 35)), 1 / 22 - 1 / 34 + 1 / 12 - 1 / 35),
    ):
        one = meta.binary(counts, scale)
        assert (one.y[0], one.v[0]) == pytest.approx((y, v), **EXACT)


# --- BCG vaccine: test_misc_metan_vs_rma.uni_with_dat.bcg.r, test_misc_confint.r, test_misc_rma_uni.r -------
@pytest.mark.parametrize(
    ("scale", "model", "want"),
    [
        ("RR", "FE", (-0.4303, -0.5097, -0.3509, -10.6247)),
        ("RR", "DL", (-0.7141, -1.0644, -0.3638, -3.9952)),
        ("OR", "FE", (-0.4361, -0.5190, -0.3533, -10.3190)),
        ("OR", "DL", (-0.7474, -1.1242, -0.3706, -3.8873)),
        ("RD", "FE", (-0.0009, -0.0014, -0.0005, -4.0448)),
        ("RD", "DL", (-0.0071, -0.0101, -0.0040, -4.5128)),
    ],
)
def test_bcg_pooled(bcg: Counts, scale: str, model: str, want: tuple[float, ...]) -> None:
    fit = meta.pool(meta.binary(bcg, scale), Pooling(model))
    assert (fit.beta[0], fit.ci_low[0], fit.ci_high[0], fit.statistic[0]) == digits_of(want)


def digits_of(values: tuple[float, ...], places: int = 4) -> object:
    return pytest.approx(values, abs=0.5000001 * 10.0**-places)


def test_bcg_heterogeneity_and_q_profile(bcg: Counts) -> None:
    fit = meta.pool(meta.binary(bcg, "RR"), Pooling("DL"))
    assert (fit.tau2, *fit.tau2_ci) == digits_of((0.3088, 0.1197, 1.1115))
    assert fit.i2 == digits(92.1173)
    # metafor's root search stops at 1.2e-4 in tau2, so the ends of I2 agree to that; ours solve Q exactly.
    assert fit.i2_ci == pytest.approx((81.9177, 97.6781), abs=5e-3)
    effects = meta.binary(bcg, "RR")
    for tau2, quantile in zip(fit.tau2_ci, (23.336664158645338, 4.403788506981702), strict=True):
        w = 1 / (effects.v + tau2)
        mean = np.sum(w * effects.y) / np.sum(w)
        assert np.sum(w * (effects.y - mean) ** 2) == pytest.approx(quantile, rel=1e-9)
    assert fit.h2 == digits(12.6861)
    assert meta.pool(meta.binary(bcg, "RR"), Pooling("FE")).q == digits(152.2330)
    assert meta.pool(meta.binary(bcg, "RR"), Pooling("PM")).tau2 == digits(0.3181)


def test_bcg_maximum_likelihood(bcg: Counts) -> None:
    """test_analysis_example_vanhouwelingen2002.r: ML, Q-profile, Knapp-Hartung, prediction interval."""
    effects = meta.binary(bcg, "OR")
    fit = meta.pool(effects, Pooling("ML", prediction="same"))
    low_high = np.exp([fit.beta[0], fit.ci_low[0], fit.ci_high[0]])
    assert tuple(low_high) == digits_of((0.476, 0.336, 0.675), 3)
    assert fit.tau2 == digits(0.302, 3)
    assert fit.tau2_ci == digits_of((0.130, 1.181), 3)
    knha = meta.pool(effects, Pooling("ML", knha=True))
    assert tuple(np.exp([knha.ci_low[0], knha.ci_high[0]])) == digits_of((0.318, 0.714), 3)
    new = fit.predict()
    assert (new.pi_low, new.pi_high) == digits_of((-1.875, 0.391), 3)


def test_bcg_meta_regression_on_latitude(bcg: Counts) -> None:
    """test_analysis_example_vanhouwelingen2002.r (ML, odds ratios) and berkey1995.r (smoothed variances)."""
    latitude = BCG[:, 4]
    fit = meta.pool(meta.binary(bcg, "OR"), Pooling("ML"), moderators={"latitude": latitude})
    assert tuple(fit.beta) == digits_of((0.371, -0.033), 3)
    assert tuple(fit.se) == digits_of((0.106, 0.003), 3)
    assert fit.tau2 == digits(0.004, 3)
    r2 = meta.variance_explained(meta.pool(meta.binary(bcg, "OR"), Pooling("ML")), fit)
    assert r2 == digits(98.7, 1)
    rr = meta.binary(bcg, "RR")
    a, b, c, d, _ = BCG.T
    smooth = np.sum(b / a) / (13 * (a + b)) + np.sum(d / c) / (13 * (c + d))
    berkey = meta.generic(BCG_LABELS, rr.y, np.sqrt(smooth), "RR")
    fixed = meta.pool(berkey, Pooling("FE"), moderators={"latitude": latitude - 33.46})
    assert tuple(fixed.beta) == digits_of((-0.5949, -0.0282))
    assert tuple(fixed.se) == digits_of((0.0696, 0.0040))
    # Empirical Bayes and Paule-Mandel are the same estimator.
    mixed = meta.pool(berkey, Pooling("PM"), moderators={"latitude": latitude - 33.46})
    assert tuple(mixed.beta) == digits_of((-0.6303, -0.0268))
    assert tuple(mixed.se) == digits_of((0.1591, 0.0110))
    assert mixed.tau2 == digits(0.157, 3)


@pytest.mark.parametrize(
    ("scale", "want"),
    [
        ("RR", (-0.4537, -0.5308, -0.3766, -11.5338, 152.5676)),
        ("OR", (-0.4734, -0.5538, -0.3930, -11.5444, 163.9426)),
        ("RD", (-0.0033, -0.0039, -0.0027, -11.4708, 386.7759)),
    ],
)
def test_bcg_mantel_haenszel(bcg: Counts, scale: str, want: tuple[float, ...]) -> None:
    """test_misc_metan_vs_rma.mh_with_dat.bcg.r"""
    got = meta.mantel_haenszel(bcg, scale)
    assert (got.estimate, got.ci_low, got.ci_high, got.statistic, got.q) == digits_of(want)


def test_bcg_peto(bcg: Counts) -> None:
    """test_misc_metan_vs_rma.peto_with_dat.bcg.r"""
    got = meta.peto(bcg)
    want = (-0.4744, -0.5541, -0.3948, -11.6689, 167.7302)
    assert (got.estimate, got.ci_low, got.ci_high, got.statistic, got.q) == digits_of(want)


# --- zero cells: test_analysis_example_yusuf1985.r, table 6 (deaths / randomised) ---------------------------
YUSUF_6 = np.array(
    """14 56 15 58; 18 66 19 64; 15 100 12 95; 10 52 12 47; 21 226 24 228; 3 38 6 31; 2 20 3 20; 19 76 15 67;
    15 106 9 114; 5 62 4 57; 0 9 0 8; 8 133 11 127; 3 48 3 49; 0 16 0 13; 1 42 1 46; 0 25 3 25; 14 221 15 228;
    0 11 0 11; 8 259 7 129; 6 157 4 158; 3 177 2 136""".replace(";", " ").split(),
    dtype=float,
).reshape(-1, 4)


def test_yusuf_1985_peto_with_empty_tables() -> None:
    counts = Counts.of([str(i) for i in range(len(YUSUF_6))], *YUSUF_6.T)
    got = meta.peto(counts)
    assert tuple(np.exp([got.estimate, got.ci_low, got.ci_high])) == digits_of((0.93, 0.74, 1.18), 2)
    assert [x.label for x in got.left_out] == ["10", "13", "17"]
    assert got.k == 18


# --- tau2 estimators: test_analysis_example_dersimonian2007.r (CLASP) and viechtbauer2007a.r ----------------
@pytest.mark.parametrize(
    ("model", "tau", "mu", "se"),
    [("PM", 0.3681, -0.3811, 0.2060), ("DL", 0.2323, -0.3240, 0.1540), ("REML", 0.1843, -0.2980, 0.1343)],
)
def test_clasp(model: str, tau: float, mu: float, se: float) -> None:
    # The published ML value (0.0023) is where that iteration stopped; the maximum itself is at zero.
    counts = Counts.of(
        list("abcdef"), [5, 5, 12, 69, 9, 313], [156, 303, 565, 1570, 103, 4659],
        [8, 17, 9, 94, 11, 352], [74, 303, 477, 1565, 105, 4650],
    )  # fmt: skip
    fit = meta.pool(meta.binary(counts, "OR"), Pooling(model))
    assert (np.sqrt(fit.tau2), fit.beta[0], fit.se[0]) == digits_of((tau, mu, se))


COLLINS = np.array(
    """131 136 14 14; 385 134 21 17; 57 48 14 24; 38 40 6 18; 1011 760 12 35; 1370 1336 138 175; 506 524 15 20;
    108 103 6 2; 153 102 65 40""".replace(";", " ").split(),
    dtype=float,
).reshape(-1, 4)


def test_collins_1985_tau2() -> None:
    n1, n0, e1, e0 = COLLINS.T
    effects = meta.binary(Counts.of(list("abcdefghi"), e1, n1, e0, n0), "OR")
    tau2 = {m: meta.pool(effects, Pooling(m)).tau2 for m in ("DL", "ML", "REML")}
    assert tau2 == {"DL": digits(0.230, 3), "ML": digits(0.239, 3), "REML": digits(0.301, 3)}
    assert meta.pool(effects, Pooling("DL")).tau2_ci == digits_of((0.072, 2.203), 3)


# --- St John's wort: test_analysis_example_viechtbauer2007b.r, coefficients to eight decimals ---------------
# dosage mg/day, duration weeks, baseline HRSD, responders and size (treated, control), studies 7-10, 13-25
LINDE = np.array(
    """380 8 19.5 20 25 11 25; 900 4 12.5 14 20 9 20; 900 4 22.7 4 25 2 25; 900 6 16.5 20 32 6 33;
    900 4 15.8 28 50 13 55; 240 6 23.6 34 48 25 49; 900 4 20.7 35 53 12 54; 900 6 21.1 24 49 16 49;
    500 6 19.4 45 80 12 79; 1050 6 22.7 67 106 22 47; 900 6 16.7 34 60 17 59; 500 6 20.9 46 70 34 70;
    900 6 21.5 55 123 57 124; 900 6 19.9 23 37 15 35; 1050 8 22.5 26 98 19 102; 1200 8 22.9 46 113 56 116;
    900 6 21.9 98 186 80 189""".replace(";", " ").split(),
    dtype=float,
).reshape(-1, 7)


def test_linde_2005_interaction_meta_regression() -> None:
    dose, weeks, baseline, e1, n1, e0, n0 = LINDE.T
    effects = meta.binary(Counts.of([str(i) for i in range(17)], e1, n1, e0, n0), "RR")
    simple = meta.pool(effects, Pooling("DL", prediction="same"))
    new = simple.predict()
    assert tuple(np.exp([new.mean, new.ci_low, new.ci_high])) == digits_of((1.5722, 1.3103, 1.8864))
    assert tuple(np.exp([new.pi_low, new.pi_high])) == digits_of((0.8488, 2.9120))
    assert (simple.tau2, simple.q) == (digits(0.0903), digits(51.5454))
    d, b = dose * 7 / 1000 * weeks - 34, baseline - 20
    mods = {"dose": d, "baseline": b, "dose x baseline": d * b}
    fit = meta.pool(effects, Pooling("DL"), moderators=mods)
    assert tuple(fit.beta) == pytest.approx((0.47625885, -0.0058448, -0.06722782, -0.00156996), abs=1e-8)
    assert tuple(fit.se) == pytest.approx((0.08764097, 0.00999872, 0.03522283, 0.00344659), abs=1e-8)
    assert tuple(fit.statistic) == pytest.approx((5.43420301, -0.58455444, -1.9086436, -0.45551255), abs=1e-8)
    assert tuple(fit.p_value[1:]) == pytest.approx((0.55884735, 0.05630808, 0.64874054), abs=1e-8)
    at = fit.predict([1, 0, 12.5 - 20, 0])
    assert tuple(np.exp([at.mean, at.ci_low, at.ci_high])) == digits_of((2.6657, 1.4560, 4.8806))
    assert meta.variance_explained(simple, fit) == digits(47.3778)
    tau2 = [meta.pool(effects, Pooling(m), moderators=mods).tau2 for m in ("DL", "PM", "ML", "REML")]
    assert tuple(tau2) == digits_of((0.0475, 0.0633, 0.024, 0.0558))


# --- funnel asymmetry: test_misc_pub_bias.r on dat.egger2001 -------------------------------------------------
EGGER = np.array(
    """1 40 2 36; 9 135 23 135; 2 200 7 200; 1 48 1 46; 10 150 8 148; 1 59 9 56; 1 25 3 23; 0 22 1 21; 6 76 11 75;
    1 27 7 27; 2 89 12 80; 5 23 13 33; 4 130 8 122; 90 1159 118 1157; 4 107 17 108; 2216 29011 2103 29039""".replace(
        ";", " "
    ).split(),
    dtype=float,
).reshape(-1, 4)


def test_egger_2001_regression_test() -> None:
    effects = meta.binary(Counts.of([str(i) for i in range(16)], *EGGER.T), "OR")
    assert meta.egger(effects, "rma", Pooling("REML")).statistic == digits(-4.6686)
    assert effects.notes == ("7: 0.5 added to each cell (empty cell)",)


# --- standardised mean difference: test_misc_rma_uni.r on dat.normand1999, first four studies ----------------
def test_normand_1999_hedges_g() -> None:
    one = [(55, 47, 155), (27, 7, 31), (64, 17, 75), (66, 20, 18)]
    zero = [(75, 64, 156), (29, 4, 32), (119, 29, 71), (137, 48, 18)]
    effects = meta.mean_difference(list("abcd"), one, zero, "SMD")
    assert meta.pool(effects, Pooling("REML")).tau2 == digits(1.0090)
