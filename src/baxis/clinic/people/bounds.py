"""What a virtual patient may be: ranges of covariates, spellings of sex, and steroids as prednisone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


# name -> (unit, lowest, highest): what an adult can have; the model covers no children
BOUNDS = {"age_y": ("year", 18.0, 100.0), "weight_kg": ("kg", 25.0, 300.0), "height_cm": ("cm", 120.0, 230.0)}
SEX = "female"


# Dose of each that equals 1 mg of prednisone (equivalent anti-inflammatory doses of the textbooks).
PREDNISONE_EQUIVALENT = {"prednisone": 1.0, "prednisolone": 1.0, "methylprednisolone": 0.8}
