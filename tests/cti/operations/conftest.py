"""Real sites, as the scenarios have them."""

from tests.scenarios.conftest import asterisk_installation, open_site, site_folder

__all__ = ["asterisk_installation", "open_site", "site_folder"]
