"""All pages of the reference, by the names of their files."""

from collections.abc import Mapping

from . import commands, guides, index, limits, profile, swarms, system
from .links import COMMANDS, GUIDES, INDEX, LIMITS, PROFILE, SHARED, SWARMS, page_of
from .material import Material

__all__ = ["pages"]


def pages(material: Material) -> Mapping[str, str]:
    """Every file of `docs/`, with its text."""
    return {
        INDEX: index.page(material),
        SHARED: system.shared_page(material),
        GUIDES: guides.page(material),
        LIMITS: limits.page(material),
        COMMANDS: commands.page(material),
        PROFILE: profile.page(material),
        SWARMS: swarms.page(material),
        **{page_of(name): system.page(each, material) for name, each in material.catalog.systems.items()},
    }
