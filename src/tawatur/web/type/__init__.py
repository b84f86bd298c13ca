"""Vazirmatn, the house's typeface for Arabic and Latin (SIL Open Font License 1.1): `vazirmatn.css` declares it."""

from pathlib import Path

TYPE = Path(__file__).parent
