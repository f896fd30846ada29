"""Figures of the evidence, fit to publish. Matplotlib is imported when a figure is drawn."""
