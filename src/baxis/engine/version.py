"""Version of the compiled-code format; part of every cache key together with the hash of this package."""

from __future__ import annotations

ENGINE_FORMAT = "1"
