"""Where things lie: the context (arrays shared by all threads) and the scratch memory of one thread."""

from __future__ import annotations

from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.model_code import Shape
from baxis.engine.codegen.tableau import Tableau

# Slots of 8 bytes. Pointers first, then counts, then reals. Row-major arrays, one row a patient.
CONTEXT = [
    "parameters",
    "initial",
    "times",
    "out",
    "select",
    "final",
    "status",
    "reached",
    "steps",
    "culprit",
    "who",
    "counter",
    "cancel",
    "event_times",
    "event_order",
    "event_kinds",
    "event_targets",
    "event_amounts",
    "atol",
    "floors",
    "carry",
    "live",
    "clocks",
    "places",
    "pending",
    "marks",
    "n_who",
    "n_times",
    "n_select",
    "n_events",
    "time_stride",
    "order_stride",
    "amount_stride",
    "atol_stride",
    "observe",
    "max_steps",
    "check_floor",
    "t_start",
    "t_end",
    "rtol",
    "max_step",
    "pseudo_rate",
]
SLOT = {name: i for i, name in enumerate(CONTEXT)}

ADD, SET, OFFSET, SET_STATE = 0, 1, 2, 3  # event kinds as the driver sees them
STOP = 4  # nothing but the end of a step: the clock switches something
CARRY = ("h", "learned_dose", "learned_set")  # kept for each patient from one window of a run to the next
OK, UNDERFLOW, STEP_LIMIT, NOT_FINITE, NEGATIVE, CANCELLED = 0, 1, 2, 3, 4, 5
PAUSED = 7  # a trigger changed or a delayed event is due: the caller decides, and the lane is taken up again

REALS = [
    "t",
    "h",
    "step",
    "stop",
    "inverse",
    "error",
    "factor",
    "bold",
    "theta",
    "accepted",
    "clipped",
    "bad",
    "doubt",
    "mended",
    "learned_dose",
    "learned_set",
]
INTEGERS = [
    "patient",
    "next_out",
    "next_event",
    "used",
    "strikes",
    "fresh",
    "hit",
    "probe",
    "restart",
    "rejected",
    "due",
    "cause",
]


WATCH_REALS = ["low", "high", "moment"]
WATCH_INTEGERS = ["part", "found", "dosed", "look"]


class Layout:
    """Offsets, in vectors, of a thread's buffers; every buffer and every per-lane control array starts a vector.

    `warp` threads of a GPU share one block of memory: vector k of them all, then vector k + 1, and so on.
    """

    def __init__(self, shape: Shape, tableau: Tableau, lanes: int, warp: int = 1) -> None:
        n = shape.states
        sizes = {
            "y": n, "atol": n, "new": n, "rate": n, "mix": n, "slope": n, "p": shape.parameters, "c": shape.table,
            "jac": shape.jacobian, "lu": shape.factors, "stages": n * tableau.stages,
            "dense": n * len(tableau.dense), "seen": n + shape.rules, "flags": 1,
        }  # fmt: skip
        sizes |= dict.fromkeys((*REALS, *INTEGERS), 1)
        if shape.watched:
            sizes |= {"before": shape.watched, "looks": shape.watched + shape.surveyed, "differs": 1}
            sizes |= dict.fromkeys((*WATCH_REALS, *WATCH_INTEGERS), 1)
        self.shape, self.lanes, self.warp = shape, lanes, warp
        self.stride = lanes * warp  # doubles from one vector to the next
        self.offset: dict[str, int] = {}
        total = 0
        for name, size in sizes.items():
            self.offset[name] = total
            total += max(size, 1)
        self.bytes = total * lanes * 8

    def buffer(self, f: Function, name: str, vectors: int = 0) -> str:
        """Pointer to a buffer of the scratch `%s`, moved on by so many vectors."""
        return f.at("%s", (self.offset[name] + vectors) * self.stride, "double")


def context(f: Function, name: str) -> str:
    """Value of a context slot; its type follows from its place in CONTEXT."""
    return f.load(kind_of(name), "%ctx", SLOT[name])


def kind_of(name: str) -> str:
    place = SLOT[name]
    if place < SLOT["n_who"]:
        return "ptr"
    return "i64" if place < SLOT["t_start"] else "double"
