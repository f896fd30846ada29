"""No-U-Turn sampler (Hoffman & Gelman 2014) with multinomial trajectories (Betancourt 2017), dual averaging of
the step size and a diagonal metric adapted in windows, as Stan does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]
LogDensity = Callable[[Vector], tuple[float, Vector]]

MAX_DEPTH = 10
DIVERGENT = 1000.0


@dataclass(frozen=True)
class Tuning:
    """Length of a chain and target acceptance of the step size."""

    warmup: int = 600
    draws: int = 600
    target: float = 0.9


@dataclass(frozen=True, eq=False)
class Chain:
    """Draws (n, d), log densities (n,), divergent transitions after warm-up, step size, mean tree size."""

    draws: Vector
    log_density: Vector
    divergences: int
    step: float
    mean_leapfrogs: float


@dataclass(eq=False)
class _Point:
    q: Vector
    p: Vector
    lp: float
    grad: Vector


class _Sampler:
    """State that the recursion shares: target, metric, step size, random numbers, counters."""

    def __init__(self, target: LogDensity, rng: np.random.Generator, dim: int) -> None:
        self.target, self.rng = target, rng
        self.inv_metric = np.ones(dim)
        self.step = 0.1
        self.leapfrogs = 0
        self.accept_sum = 0.0
        self.diverged = False

    def leap(self, z: _Point, direction: int) -> _Point:
        eps = direction * self.step
        p = z.p + 0.5 * eps * z.grad
        q = z.q + eps * self.inv_metric * p
        lp, grad = self.target(q)
        self.leapfrogs += 1
        return _Point(q, p + 0.5 * eps * grad, lp, grad)

    def energy(self, z: _Point) -> float:
        value = 0.5 * float(z.p @ (self.inv_metric * z.p)) - z.lp
        return value if np.isfinite(value) else np.inf

    def turned(self, rho: Vector, first: Vector, last: Vector) -> bool:
        return bool(rho @ (self.inv_metric * first) <= 0 or rho @ (self.inv_metric * last) <= 0)


@dataclass(eq=False)
class _Tree:
    left: _Point
    right: _Point
    sample: _Point
    log_weight: float
    rho: Vector
    ok: bool


def _build(s: _Sampler, start: _Point, direction: int, depth: int, h0: float) -> _Tree:
    if depth == 0:
        z = s.leap(start, direction)
        delta = h0 - s.energy(z)
        s.accept_sum += min(1.0, float(np.exp(min(delta, 0.0)))) if np.isfinite(delta) else 0.0
        bad = not np.isfinite(delta) or -delta > DIVERGENT
        s.diverged |= bad
        return _Tree(z, z, z, delta if np.isfinite(delta) else -np.inf, z.p.copy(), not bad)
    one = _build(s, start, direction, depth - 1, h0)
    if not one.ok:
        return one
    two = _build(s, one.right if direction > 0 else one.left, direction, depth - 1, h0)
    if not two.ok:
        two.log_weight = np.logaddexp(one.log_weight, two.log_weight)
        two.sample = one.sample
        return two
    left, right = (one, two) if direction > 0 else (two, one)
    total = np.logaddexp(one.log_weight, two.log_weight)
    sample = two.sample if np.log(s.rng.random()) < two.log_weight - total else one.sample
    return _Tree(left.left, right.right, sample, total, one.rho + two.rho, not _turn(s, left, right))


def _turn(s: _Sampler, left: _Tree, right: _Tree) -> bool:
    """U-turn over the whole subtree or across its seam (Stan's generalised criterion)."""
    rho = left.rho + right.rho
    return (
        s.turned(rho, left.left.p, right.right.p)
        or s.turned(left.rho + right.left.p, left.left.p, right.left.p)
        or s.turned(right.rho + left.right.p, left.right.p, right.right.p)
    )


def _transition(s: _Sampler, q: Vector, lp: float, grad: Vector) -> tuple[_Point, float]:
    """One NUTS transition; returns the new point and the mean acceptance statistic."""
    p = s.rng.standard_normal(len(q)) / np.sqrt(s.inv_metric)
    z = _Point(q, p, lp, grad)
    h0 = s.energy(z)
    tree = _Tree(z, z, z, 0.0, p.copy(), True)
    s.accept_sum, s.diverged, before = 0.0, False, s.leapfrogs
    for depth in range(MAX_DEPTH):
        direction = 1 if s.rng.random() < 0.5 else -1
        new = _build(s, tree.right if direction > 0 else tree.left, direction, depth, h0)
        if not new.ok:
            break
        left, right = (tree, new) if direction > 0 else (new, tree)
        if np.log(s.rng.random()) < new.log_weight - tree.log_weight:
            tree.sample = new.sample
        turned = _turn(s, left, right)
        weight = np.logaddexp(tree.log_weight, new.log_weight)
        tree = _Tree(left.left, right.right, tree.sample, weight, left.rho + right.rho, True)
        if turned:
            break
    return tree.sample, s.accept_sum / max(1, s.leapfrogs - before)


class _DualAveraging:
    def __init__(self, step: float, target: float) -> None:
        self.mu, self.target = np.log(10 * step), target
        self.t, self.h_bar, self.log_bar = 0, 0.0, 0.0

    def update(self, accept: float) -> float:
        self.t += 1
        w = 1 / (self.t + 10)
        self.h_bar = (1 - w) * self.h_bar + w * (self.target - accept)
        log_step = self.mu - np.sqrt(self.t) / 0.05 * self.h_bar
        eta = self.t**-0.75
        self.log_bar = eta * log_step + (1 - eta) * self.log_bar
        return float(np.exp(log_step))


def _windows(warmup: int) -> list[int]:
    """Ends of the adaptation windows of the metric: 25, 50, 100, ... inside the warm-up."""
    start, end = min(75, warmup // 6), warmup - min(50, warmup // 8)
    ends, size, at = [], 25, start
    while at < end:
        at = min(at + size, end)
        if end - at < 2 * size:
            at = end
        ends.append(at)
        size *= 2
    return ends


def _first_step(s: _Sampler, z: _Point) -> float:
    """Step size at which one leapfrog is accepted about half of the time."""
    s.step = 0.1
    z = _Point(z.q, s.rng.standard_normal(len(z.q)) / np.sqrt(s.inv_metric), z.lp, z.grad)
    h0 = s.energy(z)
    up = h0 - s.energy(s.leap(z, 1)) > np.log(0.8)
    for _ in range(30):
        s.step *= 2.0 if up else 0.5
        if (h0 - s.energy(s.leap(z, 1)) > np.log(0.8)) != up:
            break
    return s.step


def sample(target: LogDensity, start: Vector, seed: tuple[int, ...], settings: Tuning | None = None) -> Chain:
    """One chain. `target(q)` gives the log density and its gradient; `seed` keys the random numbers."""
    settings = settings or Tuning()
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    s = _Sampler(target, rng, len(start))
    lp, grad = target(start)
    z = _Point(np.array(start, dtype=float), np.zeros(len(start)), lp, grad)
    tuner = _DualAveraging(_first_step(s, z), settings.target)
    ends, seen = _windows(settings.warmup), []
    first = min(75, settings.warmup // 6)
    for i in range(settings.warmup):
        z, accept = _transition(s, z.q, z.lp, z.grad)
        s.step = tuner.update(accept)
        if first <= i < (ends[-1] if ends else 0):
            seen.append(z.q.copy())
        if i + 1 in ends and len(seen) > 5:
            n = len(seen)
            s.inv_metric = n / (n + 5) * np.var(np.array(seen), axis=0) + 1e-3 * 5 / (n + 5)
            seen = []
            tuner = _DualAveraging(_first_step(s, z), settings.target)
    s.step = float(np.exp(tuner.log_bar)) if tuner.t else s.step
    return _collect(s, z, settings)


def _collect(s: _Sampler, z: _Point, settings: Tuning) -> Chain:
    draws = np.empty((settings.draws, len(z.q)))
    density = np.empty(settings.draws)
    divergences, s.leapfrogs = 0, 0
    for i in range(settings.draws):
        z, _ = _transition(s, z.q, z.lp, z.grad)
        divergences += s.diverged
        draws[i], density[i] = z.q, z.lp
    return Chain(draws, density, divergences, s.step, s.leapfrogs / max(1, settings.draws))


def split_rhat(chains: Vector) -> Vector:
    """Split R-hat (Gelman 2013) of each parameter; chains (c, n, d)."""
    c, n, d = chains.shape
    half = chains[:, : 2 * (n // 2)].reshape(2 * c, n // 2, d)
    within = half.var(axis=1, ddof=1).mean(axis=0)
    between = (n // 2) * half.mean(axis=1).var(axis=0, ddof=1)
    m = n // 2
    return np.sqrt(((m - 1) / m * within + between / m) / np.where(within > 0, within, np.nan))


def effective_size(chains: Vector) -> Vector:
    """Effective sample size of each parameter, Geyer's initial monotone sequence; chains (c, n, d)."""
    c, n, d = chains.shape
    centred = chains - chains.mean(axis=1, keepdims=True)
    length = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, length, axis=1)) ** 2
    cov = np.fft.irfft(spectrum, length, axis=1)[:, :n] / n
    within = cov[:, 0].mean(axis=0) * n / (n - 1)
    total = within * (n - 1) / n
    if c > 1:
        total = total + chains.mean(axis=1).var(axis=0, ddof=1)
    rho = 1 - (within - cov.mean(axis=0) * n / (n - 1)) / np.where(total > 0, total, np.nan)
    out = np.empty(d)
    for j in range(d):
        pairs = rho[: 2 * (n // 2), j].reshape(-1, 2).sum(axis=1)
        stop = np.argmax(pairs < 0) if np.any(pairs < 0) else len(pairs)
        out[j] = c * n / max(-1 + 2 * np.sum(np.minimum.accumulate(pairs[: max(stop, 1)])), 1e-3)
    return np.minimum(out, c * n * np.log10(c * n))
