"""Network meta-analysis against published results of netmeta and metafor.

References: the printed output of netmeta 3.4-0 on its data set Senn2013 (decomp.design, summary and netrank,
as printed in the course "Network meta-analysis", github.com/CTTIR/courses, week 4 session 3); network log odds
ratios of the depression network of Ruecker & Schwarzer 2014, fixed effect, to six significant digits
(github.com/AnnieDavies/NMA_and_RW, Results/NMA_results/LOR_net.txt); metafor's test
test_analysis_example_law2016.r (rma.mv, REML, multi-arm covariances), to four decimals.
"""

from __future__ import annotations

import numpy as np
import pytest

from baxis.evidence import meta
from baxis.evidence.meta import Contrast, NetworkData, StudyContrasts

SENN = """DeFronzo1995 metf plac -1.90 0.1414; Lewin2007 metf plac -0.82 0.0992; Willms1999 metf acar -0.20 0.3579;
Davidson2007 rosi plac -1.34 0.1435; Wolffenbuttel1999 rosi plac -1.10 0.1141; Kipnes2001 piog plac -1.30 0.1268;
Kerenyi2004 rosi plac -0.77 0.1078; Hanefeld2004 piog metf 0.16 0.0849; Derosa2004 piog rosi 0.10 0.1831;
Baksi2004 rosi plac -1.30 0.1014; Rosenstock2008 rosi plac -1.09 0.2263; Zhu2003 rosi plac -1.50 0.1624;
Yang2003 rosi metf -0.14 0.2239; Vongthavaravat2002 rosi sulf -1.20 0.1436; Oyama2008 acar sulf -0.40 0.1549;
Costa1997 acar plac -0.80 0.1432; Hermansen2007 sita plac -0.57 0.1291; Garber2008 vild plac -0.70 0.1273;
Alex1998 metf sulf -0.37 0.1184; Johnston1994 migl plac -0.74 0.1839; Johnston1998a migl plac -1.41 0.2235;
Kim2007 rosi metf 0.00 0.2339; Johnston1998b migl plac -0.68 0.2828; Gonzalez-Ortiz2004 metf plac -0.40 0.4356;
Stucci1996 benf plac -0.23 0.3467; Moulin2006 benf plac -1.01 0.1366; Willms1999 metf plac -1.20 0.3758;
Willms1999 acar plac -1.00 0.4669"""

SENN_RANDOM = {
    "acar": (-0.8418, -1.3236, -0.3600), "benf": (-0.7311, -1.2918, -0.1705), "metf": (-1.1268, -1.4291, -0.8244),
    "migl": (-0.9497, -1.4040, -0.4955), "piog": (-1.1291, -1.5596, -0.6986), "rosi": (-1.2335, -1.4839, -0.9830),
    "sita": (-0.5700, -1.2640, 0.1240), "sulf": (-0.4166, -0.8887, 0.0556), "vild": (-0.7000, -1.3927, -0.0073),
}  # fmt: skip
SENN_P = {
    "rosi": 0.8934, "metf": 0.7818, "piog": 0.7746, "migl": 0.6137, "acar": 0.5203, "benf": 0.4358,
    "vild": 0.4232, "sita": 0.3331, "sulf": 0.2103, "plac": 0.0139,
}  # fmt: skip


def near(value: object, places: int) -> object:
    return pytest.approx(value, abs=0.5000001 * 10.0**-places)


@pytest.fixture(scope="module")
def senn() -> meta.RelativeEffects:
    rows = [r.split() for r in SENN.replace("\n", " ").split(";")]
    data = meta.from_contrasts(Contrast(s, a, b, float(y), float(e)) for s, a, b, y, e in rows)
    return meta.network(data, "DL", reference="plac")


def test_senn_2013_effects_against_placebo(senn: meta.RelativeEffects) -> None:
    assert len(senn.data.studies) == 26
    for treatment, want in SENN_RANDOM.items():
        # the standard errors of the data set have four decimals, so a last digit may turn
        assert senn.row(treatment) == pytest.approx(want, abs=1.01e-4), treatment
    assert (senn.tau2, np.sqrt(senn.tau2)) == near((0.1087, 0.3297), 4)
    assert senn.i2 == near(81.4, 1)
    assert senn.row("rosi", "metf")[0] == near(-0.1067, 4)


def test_senn_2013_q_by_design(senn: meta.RelativeEffects) -> None:
    got = meta.decompose(senn)
    assert (got.total.q, got.within.q, got.between.q) == near((96.99, 74.46, 22.53), 2)
    assert (got.total.df, got.within.df, got.between.df) == (18, 11, 7)
    assert got.between.p_value == near(0.0021, 4)
    by = {r.name: (r.q, r.df) for r in got.by_design}
    assert by == {
        "metf : plac": (near(42.16, 2), 2), "plac : rosi": (near(21.27, 2), 5), "benf : plac": (near(4.38, 2), 1),
        "migl : plac": (near(6.45, 2), 2), "metf : rosi": (near(0.19, 2), 1),
    }  # fmt: skip
    assert (got.random.q, got.random.p_value) == (near(2.19, 2), near(0.9483, 4))
    assert got.tau2_within == near(0.1442, 4)


def test_senn_2013_p_scores(senn: meta.RelativeEffects) -> None:
    got = meta.p_scores(senn, small_is_good=True)
    assert list(got) == list(SENN_P)
    assert got == {k: pytest.approx(v, abs=1.01e-4) for k, v in SENN_P.items()}


DEPRESSION = """0.18759861 0.3730281 3 5 2; 0.46623715 0.4119633 3 9 2; 0.27863853 0.3353135 5 9 2;
-0.28387979 0.4118896 7 10 5; 0.54493334 0.2744107 3 9 6; -0.06272326 0.3934217 6 9 12;
0.64313676 0.4183674 2 6 16; 0.40546511 0.4915960 2 8 16; -0.23767165 0.4082866 6 8 16;
-0.48200519 0.5222139 1 6 24; 0.91183638 0.5365602 1 11 24; 1.39384157 0.5497916 6 11 24;
0.09212329 0.2964180 1 3 43; 0.50531044 0.2980581 1 9 43; 0.41318715 0.2957813 3 9 43;
0.25364272 0.2459926 2 6 49; 0.56405000 0.2514334 2 11 49; 0.31040729 0.2538184 6 11 49;
-0.74069972 0.5232521 1 6 58; -0.88730320 0.5293884 1 7 58; -0.46242000 0.5157506 1 9 58;
-0.14660347 0.5417939 6 7 58; 0.27827972 0.5284764 6 9 58; 0.42488319 0.5345527 7 9 58;
0.27443685 0.7433919 3 9 59; 0.92606975 0.2560730 3 9 78; 0.27369583 0.3572269 3 9 79;
0.62204673 0.1904745 2 6 82; 0.06796776 0.1835001 2 8 82; -0.55407897 0.1870873 6 8 82;
0.70432048 0.3427622 5 9 84; -0.60697876 0.3735261 3 6 86; 0.11957035 0.4136311 3 9 86;
0.72654911 0.3801308 6 9 86; -0.03929590 0.3529747 3 4 103; -0.06545722 0.3512138 3 4 104;
0.55338524 0.3603358 3 9 104; 0.61884245 0.3548525 4 9 104; 0.72391884 0.6185271 6 9 107;
0.46859286 0.2043657 3 9 110; 1.01831235 0.4353041 6 9 115; -2.89037176 0.9219544 2 8 117;
0.03922071 0.3394471 6 9 118; 0.10536052 0.5797509 2 6 124; 0.35222059 0.8440972 5 9 125;
0.31193905 0.3874726 3 9 126; 0.21130909 0.4379041 4 9 127"""
PAIRS = "1 3;1 6;1 7;1 9;1 11;2 6;2 8;2 11;3 4;3 5;3 6;3 9;4 9;5 9;6 7;6 8;6 9;6 11;7 9;7 10"
LOR_NET = [
    -0.119725, -0.154769, -0.431784, 0.344504, 0.252748, 0.406034, -0.0692861, 0.813551, -0.00750537, 0.0171593,
    -0.0350438, 0.464229, 0.471734, 0.44707, -0.277015, -0.47532, 0.499273, 0.407517, 0.776288, -0.28388,
]  # fmt: skip


def test_depression_network_with_multi_arm_trials_to_1e_6() -> None:
    """Nine of 26 studies have three or four arms. The files give treatment 1 - treatment 2, so y is their TE."""
    rows = [r.split() for r in DEPRESSION.replace("\n", " ").split(";")]
    data = meta.from_contrasts((Contrast(s, b, a, float(y), float(e)) for y, e, a, b, s in rows), "OR")
    net = meta.network(data, "FE", reference="1")
    got = [net.row(b, a)[0] for a, b in (p.split() for p in PAIRS.split(";"))]
    assert got == pytest.approx(LOR_NET, rel=1e-9, abs=1e-6)


LAW_2 = [
    ("1", "AB", [-3.61988658], [[0.9672619]]), ("2", "BC", [0.0], [[0.4]]), ("3", "BC", [0.19342045], [[0.24987648]]),
    ("4", "BC", [2.79320801], [[0.61904762]]), ("5", "BC", [0.24512246], [[0.27958937]]),
    ("6", "BC", [0.03748309], [[0.23845689]]), ("7", "BD", [0.86020127], [[0.04321419]]),
    ("8", "BD", [0.14310084], [[0.47692308]]), ("9", "CD", [0.07598591], [[0.18416468]]),
    ("10", "CD", [-0.99039870], [[0.61978022]]),
    ("11", "ABD", [-1.74085310, 0.34830670], [[0.12650164, 0.07397504], [0.07397504, 0.1583906]]),
    ("12", "BCD", [0.40546510, 1.91692260], [[0.389881, 0.2857143], [0.2857143, 0.5151261]]),
    ("13", "BCD", [-0.32850410, 1.07329450], [[0.4361111, 0.2111111], [0.2111111, 0.5380342]]),
]  # fmt: skip
LAW_1 = """-0.16561092 C D 0.0294183340466069; -0.13597406 C D 0.147112449467866; -0.08012604 C E 0.0780588660166125;
-0.14746890 C F 0.140361934247383; 0.09316853 E F 0.0479709251030665; -0.15859403 E F 0.0506583523716436;
-0.22314355 E F 0.235695187165775; -0.06744128 F G 2.04499494438827; -0.11888254 C H 0.17968120987923;
-0.06899287 C H 0.735714285714286; 0.26917860 B C 0.184889643463497; -0.33160986 A B 0.0294022652280727;
-0.26236426 A B 0.232478632478632; -0.39319502 F G 0.857874134296899; -0.11557703 A B 0.0219285638496459;
0.00000000 E F 0.168131868131868; -0.40987456 A E 0.0826973577700322"""


def test_law_2016_example_1_reml() -> None:
    rows = [r.split() for r in LAW_1.replace("\n", " ").split(";")]
    studies = tuple(
        StudyContrasts(str(i), (a, b), np.array([float(y)]), np.array([[float(v)]]))
        for i, (y, a, b, v) in enumerate(rows)
    )
    net = meta.network(NetworkData(studies, "OR"), "REML", reference="A")
    assert net.tau2 == near(0.0, 4)
    want = (-0.2243, -0.1667, -0.3274, -0.3152, -0.3520, -0.6489, -0.2758)
    assert tuple(net.effect[1:, 0]) == near(want, 4)
    assert tuple(np.exp(net.row("B"))) == near((0.7991, 0.6477, 0.9859), 4)


def test_law_2016_example_2_reml_multi_arm() -> None:
    studies = tuple(StudyContrasts(s, tuple(d), np.array(y), np.array(v)) for s, d, y, v in LAW_2)
    net = meta.network(NetworkData(studies, "OR"), "REML", reference="A")
    assert net.tau2 == near(0.5482, 4)
    assert tuple(net.effect[1:, 0]) == near((-1.8847, -1.3366, -0.7402), 4)


# study, then events/n by arm: no contact (n), self-help (s), individual (i), group counselling (g); Hasselblad 1998
SMOKING = """1 n75/731 i363/714; 2 n9/140 i23/140 g10/138; 3 n2/106 i9/205; 4 n58/549 i237/1561; 5 n0/33 i9/48;
6 s20/49 i16/43; 7 n3/100 i31/98; 8 n1/31 i26/95; 9 s11/78 i12/85 g29/170; 10 n6/39 i17/77; 11 n79/702 s77/694;
12 n18/671 s21/535; 13 n64/642 i107/761; 14 i12/76 g20/74; 15 i9/55 g3/26; 16 s7/66 g32/127; 17 n5/62 i8/90;
18 n20/234 i34/237; 19 n0/20 g9/20; 20 n8/116 s19/149; 21 n95/1107 i143/1031; 22 n15/187 i36/504; 23 n78/584 i73/675;
24 n69/1177 i54/888"""


def test_smoking_cessation_reml_multi_arm() -> None:
    """dat.hasselblad1998 in metafor: rma.mv, rho = 1/2, as printed to four digits in the comparison tables of the
    RoBMA package (metadat/man/dat.hasselblad1998.Rd, help-057). One half is added in every arm there."""
    arms = []
    for row in SMOKING.replace("\n", " ").split(";"):
        study, *cells = row.split()
        for cell in cells:
            e, n = (float(x) for x in cell[1:].split("/"))
            hit, miss = e + 0.5, n - e + 0.5
            arms.append(meta.ArmMean(study, cell[0], np.log(hit / miss), np.sqrt(1 / hit + 1 / miss)))
    net = meta.network(meta.from_means(arms, "OR"), "REML", reference="n")
    assert net.tau2 == near(0.4324, 4)
    at = [net.treatments.index(t) for t in "sig"]
    assert tuple(net.effect[at, net.treatments.index("n")]) == near((0.3888, 0.6864, 0.8438), 4)
    assert tuple(net.se[at, net.treatments.index("n")]) == near((0.3221, 0.1904, 0.3641), 4)
