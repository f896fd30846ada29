"""exp, log, pow and tanh for vectors of doubles, in IR: branch-free, within 2 units in the last place.

Series have their Taylor coefficients; arguments are reduced so far that the cut-off lies below half a unit in the last
place. `pow` carries the logarithm as a sum of two doubles. Trigonometric functions go lane by lane to the C library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from baxis.engine.codegen.ir import Function

LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 bits: its product with an exponent is exact
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
LOG2_E = 1.4426950408889634
TWO_THIRDS = (2.0 / 3.0, float.fromhex("0x1.5555555555555p-55"))  # 2/3 as a sum of two doubles
ROUND = float.fromhex("0x1.8p52")  # adding it leaves the nearest whole number in the low bits
EXP_TERMS, LOG_TERMS = 13, 12
LIBRARY = ("sin", "cos", "asin", "acos", "atan", "asinh", "acosh", "atanh", "tgamma")  # of C, lane by lane
LARGEST, SMALLEST = 710.0, -746.0  # beyond these exp is infinite or zero


class Maths(Function):
    """A vector function of one or two vectors; products are always fused, which `pow` needs for its exact errors."""

    def __init__(self, name: str, lanes: int, arguments: Sequence[str] = ("x",)) -> None:
        super().__init__(name, [], lanes, True, f"<{lanes} x double>")
        self.arguments = [f"{self.vt} %{a}" for a in arguments]

    def give(self, value: str) -> Maths:
        self.do(f"ret {self.vt} {value}")
        return self

    def mul(self, a: str, b: str) -> str:
        return self.op("fmul", a, b)

    def add(self, a: str, b: str) -> str:
        return self.op("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        return self.op("fsub", a, b)

    def num(self, value: float) -> str:
        return self.splat(value)

    def bits(self, a: str) -> str:
        return self.emit(f"bitcast {self.vt} {a} to {self.it}")

    def real(self, a: str) -> str:  # type: ignore[override]
        return self.emit(f"bitcast {self.it} {a} to {self.vt}")

    def iop(self, op: str, a: str, value: int) -> str:
        return self.emit(f"{op} {self.it} {a}, {self.isplat(value)}")

    def horner(self, x: str, coefficients: Sequence[float]) -> str:
        """Polynomial in x, constant term first."""
        value = self.num(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            value = self.fma(value, x, self.num(c))
        return value

    def two_sum(self, a: str, b: str) -> tuple[str, str]:
        """a + b as a rounded sum and its exact error."""
        s = self.add(a, b)
        shadow = self.sub(s, a)
        return s, self.add(self.sub(a, self.sub(s, shadow)), self.sub(b, shadow))

    def two_product(self, a: str, b: str) -> tuple[str, str]:
        """a * b as a rounded product and its exact error."""
        p = self.mul(a, b)
        return p, self.fma(a, b, self.neg(p))


def vector_functions(lanes: int) -> list[Function]:
    """All vector functions; one that calls another stands before it."""
    library = [_library(f, lanes) for f in LIBRARY]
    return [_pow(lanes), _tanh(lanes), *library, _log(lanes), _exp(lanes)]


def _scaled_exp(f: Maths, x: str, low: str | None = None) -> str:
    """e^(x + low) for x within the clamped range; low is a small correction."""
    k = f.unary("rint", f.mul(x, f.num(LOG2_E)))
    r = f.fma(f.neg(k), f.num(LN2_HIGH), x)
    tail = f.mul(f.neg(k), f.num(LN2_LOW))
    r = f.add(r, tail if low is None else f.add(tail, low))
    p = f.horner(r, [1.0 / math.factorial(n) for n in range(2, EXP_TERMS + 1)])
    value = f.add(f.fma(f.mul(r, r), p, r), f.num(1.0))
    half = f.unary("rint", f.mul(k, f.num(0.5)))  # two factors, so that neither overflows before the product does
    return f.mul(f.mul(value, _two_to(f, half)), _two_to(f, f.sub(k, half)))


def _two_to(f: Maths, k: str) -> str:
    whole = f.bits(f.add(k, f.num(ROUND)))
    return f.real(f.iop("shl", f.iop("add", whole, 1023), 52))


def _clamped(f: Maths, x: str) -> str:
    x = f.select(f.compare("ogt", x, f.num(LARGEST)), f.num(LARGEST), x)
    return f.select(f.compare("olt", x, f.num(SMALLEST)), f.num(SMALLEST), x)


def _exp(lanes: int) -> Maths:
    f = Maths("vexp", lanes)
    return f.give(_scaled_exp(f, _clamped(f, "%x")))


def _split(f: Maths, x: str) -> tuple[str, str]:
    """x > 0 as (m, k): x = m 2^k with m from sqrt(1/2) to sqrt(2), subnormal numbers included."""
    tiny = f.compare("olt", x, f.num(2.0**-1022))
    x = f.select(tiny, f.mul(x, f.num(2.0**54)), x)
    raw = f.bits(x)
    exponent = f.iop("or", f.iop("lshr", raw, 52), 0x4330000000000000)  # a double of 2^52 + exponent
    k = f.sub(f.real(exponent), f.num(2.0**52 + 1023))
    k = f.select(tiny, f.sub(k, f.num(54.0)), k)
    m = f.real(f.iop("or", f.iop("and", raw, 0x000FFFFFFFFFFFFF), 0x3FF0000000000000))
    large = f.compare("ogt", m, f.num(math.sqrt(2.0)))
    m = f.select(large, f.mul(m, f.num(0.5)), m)
    return m, f.select(large, f.add(k, f.num(1.0)), k)


def _log(lanes: int) -> Maths:
    """log(m) = f - f^2/2 + s(f^2/2 + R(s^2)), f = m - 1, s = f/(2 + f), R from the series of 2 atanh(s)."""
    f = Maths("vlog", lanes)
    m, k = _split(f, "%x")
    part = f.sub(m, f.num(1.0))
    s = f.op("fdiv", part, f.add(part, f.num(2.0)))
    z = f.mul(s, s)
    r = f.mul(z, f.horner(z, [2.0 / (2 * n + 1) for n in range(1, LOG_TERMS)]))
    half = f.mul(f.num(0.5), f.mul(part, part))
    low = f.fma(s, f.add(half, r), f.mul(k, f.num(LN2_LOW)))
    value = f.sub(f.mul(k, f.num(LN2_HIGH)), f.sub(f.sub(half, low), part))
    value = f.select(f.compare("oeq", "%x", f.num(math.inf)), f.num(math.inf), value)
    value = f.select(f.compare("oeq", "%x", f.num(0.0)), f.num(-math.inf), value)
    return f.give(f.select(f.compare("ult", "%x", f.num(0.0)), f.num(math.nan), value))


def _double_log(f: Maths, x: str) -> tuple[str, str]:
    """log(x) as a sum of two doubles, good to about 2^-64 of itself."""
    m, k = _split(f, x)
    part, d = f.sub(m, f.num(1.0)), f.add(m, f.num(1.0))
    d_low = f.sub(m, f.sub(d, f.num(1.0)))
    s = f.op("fdiv", part, d)
    s_low = f.op("fdiv", f.fma(f.neg(s), d_low, f.fma(f.neg(s), d, part)), d)
    z, z_low = f.two_product(s, s)
    z_low = f.fma(f.add(s, s), s_low, z_low)
    t, t_low = f.two_product(s, z)
    t_low = f.fma(s_low, z, f.fma(s, z_low, t_low))
    u, u_low = f.two_product(f.num(TWO_THIRDS[0]), t)
    u_low = f.fma(f.num(TWO_THIRDS[0]), t_low, f.fma(f.num(TWO_THIRDS[1]), t, u_low))
    tail = f.mul(f.mul(t, z), f.horner(z, [2.0 / (2 * n + 1) for n in range(2, LOG_TERMS)]))
    low = f.add(f.fma(k, f.num(LN2_LOW), f.add(f.add(s_low, s_low), u_low)), tail)
    a, a_low = f.two_sum(f.mul(k, f.num(LN2_HIGH)), f.add(s, s))
    b, b_low = f.two_sum(a, u)
    return f.two_sum(b, f.add(f.add(a_low, b_low), low))


def _pow(lanes: int) -> Maths:
    f = Maths("vpow", lanes, ("x", "y"))
    size = f.unary("fabs", "%x")
    log, log_low = _double_log(f, size)
    p, p_low = f.two_product("%y", log)
    p_low = f.fma("%y", log_low, p_low)
    inside = f.compare("olt", f.unary("fabs", p), f.num(745.5))
    value = _scaled_exp(f, _clamped(f, p), f.select(inside, p_low, f.num(0.0)))
    return f.give(_pow_special(f, size, value))


def _pow_special(f: Maths, size: str, value: str) -> str:
    """Zero, infinite and negative bases, exponents 0 and infinity, as C's pow has them."""
    one, zero, infinity = f.num(1.0), f.num(0.0), f.num(math.inf)
    up = f.compare("ogt", "%y", zero)
    for at, rising, falling in ((zero, zero, infinity), (infinity, infinity, zero)):
        value = f.select(f.compare("oeq", size, at), f.select(up, rising, falling), value)
    even_half = f.mul("%y", f.num(0.5))
    whole = f.compare("oeq", f.unary("floor", "%y"), "%y")
    odd = f.mask("and", whole, f.compare("une", f.unary("floor", even_half), even_half))
    below = f.emit(f"icmp slt {f.it} {f.bits('%x')}, {f.isplat(0)}")  # the sign bit: -0 counts
    value = f.select(f.mask("and", below, odd), f.neg(value), value)
    finite = f.compare("olt", size, infinity)
    root = f.mask(
        "and", f.mask("and", f.compare("olt", "%x", zero), finite), f.compare("une", f.unary("floor", "%y"), "%y")
    )
    value = f.select(root, f.num(math.nan), value)
    wrong = f.mask("or", f.compare("uno", "%x", "%x"), f.compare("uno", "%y", "%y"))
    value = f.select(wrong, f.num(math.nan), value)
    endless = f.compare("oeq", f.unary("fabs", "%y"), infinity)
    value = f.select(f.mask("and", f.compare("oeq", size, one), endless), one, value)
    always = f.mask("or", f.compare("oeq", "%y", zero), f.compare("oeq", "%x", one))
    return f.select(always, one, value)


def _tanh(lanes: int) -> Maths:
    """Continued fraction (as a ratio of polynomials) near 0, else 1 - 2/(e^2|x| + 1)."""
    f = Maths("vtanh", lanes)
    size = f.unary("fabs", "%x")
    z = f.mul("%x", "%x")
    above = f.horner(z, [2027025.0, 270270.0, 6930.0, 36.0])
    below = f.horner(z, [2027025.0, 945945.0, 51975.0, 630.0, 1.0])
    near = f.mul("%x", f.op("fdiv", above, below))
    grown = f.call("vexp", f.add(size, size))
    far = f.sub(f.num(1.0), f.op("fdiv", f.num(2.0), f.add(grown, f.num(1.0))))
    far = f.select(f.compare("olt", "%x", f.num(0.0)), f.neg(far), far)
    return f.give(f.select(f.compare("olt", size, f.num(0.5)), near, far))


def _library(name: str, lanes: int) -> Maths:
    f = Maths(f"v{name}", lanes)
    full = f.intrinsic(f"llvm.{name}.f64" if name in ("sin", "cos") else name, "double", ["double"])
    value = "poison"
    for lane in range(lanes):
        one = f.emit(f"extractelement {f.vt} %x, i64 {lane}")
        got = f.emit(f"call double @{full}(double {one})")
        value = f.emit(f"insertelement {f.vt} {value}, double {got}, i64 {lane}")
    return f.give(value)
