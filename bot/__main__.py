"""``python -m bot`` and the console script ``muster``."""

from __future__ import annotations

from bot.cli import muster


def main() -> None:
    """Runs the command line; exits 0 when done, 1 when not, 2 when the command was not understood."""
    muster(prog_name="muster")


if __name__ == "__main__":
    main()
