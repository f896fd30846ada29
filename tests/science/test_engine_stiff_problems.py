"""Published stiff test problems (Test Set for IVP Solvers, release 2.4, Mazzia and Magherini 2008) and order of convergence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from baxis import engine
from baxis.engine.codegen.tableau import METHODS

ROBERTSON = """model rober()
  a' = -k1*a + k2*b*c; b' = k1*a - k2*b*c - k3*b^2; c' = k3*b^2
  a = 1; b = 0; c = 0; k1 = 0.04; k2 = 1e4; k3 = 3e7
end"""
ROBERTSON_END = [0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050]

HIRES = """model hires()
  y1' = -1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007
  y2' = 1.71*y1 - 8.75*y2
  y3' = -10.03*y3 + 0.43*y4 + 0.035*y5
  y4' = 8.32*y2 + 1.71*y3 - 1.12*y4
  y5' = -1.745*y5 + 0.43*y6 + 0.43*y7
  y6' = -280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7
  y7' = 280*y6*y8 - 1.81*y7
  y8' = -280*y6*y8 + 1.81*y7
  y1 = 1; y2 = 0; y3 = 0; y4 = 0; y5 = 0; y6 = 0; y7 = 0; y8 = 0.0057
end"""
HIRES_END = [
    0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
    0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2,
]  # fmt: skip

VAN_DER_POL = """model vdpol()
  x' = v; v' = ((1 - x^2)*v - x)/eps
  x = 2; v = 0; eps = 1e-6
end"""
VAN_DER_POL_END = [0.1706167732170469e1, -0.8928097010248125]

OREGONATOR = """model orego()
  x' = 77.27*(y + x*(1 - 8.375e-6*x - y)); y' = (z - (1 + x)*y)/77.27; z' = 0.161*(x - z)
  x = 1; y = 2; z = 3
end"""
OREGONATOR_END = [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3]

POLLUTION_RATES = (
    ".35 y1; 26.6 y2*y4; 12300 y5*y2; .86e-3 y7; .82e-3 y7; 15000 y7*y6; .13e-3 y9; 24000 y9*y6; 16500 y11*y2;"
    "9000 y11*y1; .022 y13; 12000 y10*y2; 1.88 y14; 16300 y1*y6; 4.8e6 y3; .35e-3 y4; .0175 y4; 1e8 y16;"
    ".444e12 y16; 1240 y17*y6; 2.1 y19; 5.78 y19; .0474 y1*y4; 1780 y19*y1; 3.12 y20"
)
POLLUTION_FLOWS = (
    "-r1-r10-r14-r23-r24+r2+r3+r9+r11+r12+r22+r25;-r2-r3-r9-r12+r1+r21;-r15+r1+r17+r19+r22;-r2-r16-r17-r23+r15;"
    "-r3+2*r4+r6+r7+r13+r20;-r6-r8-r14-r20+r3+2*r18;-r4-r5-r6+r13;r4+r5+r6+r7;-r7-r8;-r12+r7+r9;-r9-r10+r8+r11;r9;"
    "-r11+r10;-r13+r12;r14;-r18-r19+r16;-r20;r20;-r21-r22-r24+r23+r25;-r25+r24"
)
POLLUTION_START = {2: 0.2, 4: 0.04, 7: 0.1, 8: 0.3, 9: 0.01, 17: 0.007}
POLLUTION_END = [
    0.5646255480022769e-01, 0.1342484130422339, 0.4139734331099427e-08, 0.5523140207484359e-02,
    0.2018977262302196e-06, 0.1464541863493966e-06, 0.7784249118997964e-01, 0.3245075353396018,
    0.7494013383880406e-02, 0.1622293157301561e-07, 0.1135863833257075e-07, 0.2230505975721359e-02,
    0.2087162882798630e-03, 0.1396921016840158e-04, 0.8964884856898295e-02, 0.4352846369330103e-17,
    0.6899219696263405e-02, 0.1007803037365946e-03, 0.1772146513969984e-05, 0.5682943292316392e-04,
]  # fmt: skip


def pollution() -> str:
    rates = [r.split() for r in POLLUTION_RATES.split(";")]
    lines = [f"r{i} := {k}*{m}" for i, (k, m) in enumerate(rates, 1)]
    lines += [f"y{i}' = {flow}" for i, flow in enumerate(POLLUTION_FLOWS.split(";"), 1)]
    lines += [f"y{i} = {POLLUTION_START.get(i, 0)}" for i in range(1, 21)]
    return "model pollution()\n  " + "\n  ".join(lines) + "\nend"


PROBLEMS = {
    "robertson": (ROBERTSON, "a b c", 1e11, ROBERTSON_END, 1e-12),
    "hires": (HIRES, " ".join(f"y{i}" for i in range(1, 9)), 321.8122, HIRES_END, 1e-6),
    "van der pol": (VAN_DER_POL, "x v", 2.0, VAN_DER_POL_END, 1e-6),
    "oregonator": (OREGONATOR, "x y z", 360.0, OREGONATOR_END, 1e-6),
    "pollution": (pollution(), " ".join(f"y{i}" for i in range(1, 21)), 60.0, POLLUTION_END, 1e-9),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_published_reference_values(name: str) -> None:
    """The end state agrees with the published one within 100 times the tolerance, and gains when it tightens."""
    text, names, end, published, scale = PROBLEMS[name]
    kernel = engine.compile(engine.load_antimony(text))
    reference = np.array(published)
    errors = []
    for rtol in (1e-4, 1e-7):
        options = engine.Options(rtol=rtol, atol=rtol * scale)
        run = engine.simulate(kernel, times=[end], outputs=names.split(), options=options)
        assert run.failures == []
        errors.append((np.abs(run.values[0, 0] - reference) / (scale + np.abs(reference))).max())
    assert errors[0] < 1e-2
    assert errors[1] < 1e-5
    assert errors[1] < errors[0] / 30


MANUFACTURED = """model known()
  x' = -sin(time) - lam*(x^2 - cos(time)^2) + y - exp(-time) - sin(time)
  y' = -exp(-time) + cos(time) + (x - cos(time))*y
  x = 1; y = 1; lam = 5
end"""


def known(t: float) -> np.ndarray:
    return np.array([np.cos(t), np.exp(-t) + np.sin(t)])


@pytest.mark.parametrize("method", METHODS)
def test_order_of_convergence(method: str) -> None:
    """On a nonlinear problem that depends on time, with x = cos t and y = exp(-t) + sin t as its solution."""
    kernel = engine.compile(engine.load_antimony(MANUFACTURED), method=method)
    errors, dense = [], []
    for h in (0.1, 0.05, 0.025):
        options = engine.Options(rtol=0.09, atol=1e6, first_step=h, max_step=h)
        run = engine.simulate(kernel, times=[*np.arange(0.02, 0.98, 0.03), 1.0], options=options)
        exact = np.array([known(t) for t in run.times])
        errors.append(np.abs(run.values[0] - exact)[-1].max())
        dense.append(np.abs(run.values[0] - exact)[:-1].max())
    order = METHODS[method].order
    assert np.log2(errors[0] / errors[2]) / 2 > order - 0.45
    assert np.log2(dense[0] / dense[2]) / 2 > order - 1.0


@pytest.mark.parametrize("method", METHODS)
def test_error_falls_with_the_tolerance(method: str) -> None:
    """Monotone within a factor 3 from 1e-3 to 1e-9 (criterion C6)."""
    kernel = engine.compile(engine.load_antimony(MANUFACTURED), method=method)
    times = np.linspace(0.05, 1.4, 28)
    exact = np.array([known(t) for t in times])
    errors = []
    for rtol in 10.0 ** -np.arange(3, 10):
        run = engine.simulate(kernel, times=times, options=engine.Options(rtol=rtol, atol=rtol))
        errors.append(np.abs(run.values[0] - exact).max())
    assert all(later < 3 * sooner for sooner, later in pairwise(errors))
    assert errors[-1] < 1e-7
