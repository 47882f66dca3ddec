"""Figures of speed and size, side by side with the floors below which the work is not done."""
