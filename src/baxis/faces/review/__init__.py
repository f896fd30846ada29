"""The living review: chapters of prose in `library/review/`, every number and citation filled in from tables and runs.

A chapter is Markdown. `[C001, C002]` cites claims, `[T:trial]` trials, `[M:class/disease]` a run of the model; `{{...}}` is a
value, a table or a figure (see `values` and `blocks`). An unknown name stops the build.
"""

from __future__ import annotations

from baxis.faces.review.build import review, write

__all__ = ["review", "write"]
