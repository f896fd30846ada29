"""The nouns of baxis, units, sources, random streams, errors and the one loader of `library/`."""
