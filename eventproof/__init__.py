"""eventproof proves that a real-time back end keeps its contract, alone and under load."""

__version__ = "0.1.0"
