"""Settings on the command line."""

import dataclasses

import pytest

from quell_training.recipe import Recipe
from quell_training.settings import with_settings


def test_settings_are_read_and_wrong_ones_named():
    recipe = with_settings(Recipe(), ["level_db=-75,-3", "music_rule=false", "music_share=0.5"])
    assert recipe == dataclasses.replace(Recipe(), level_db=(-75.0, -3.0), music_rule=False, music_share=0.5)
    for wrong in ("musik_share=0.2", "music_share", "music_share=much", "level_db=3", "music_rule=0"):
        with pytest.raises(ValueError, match=wrong.split("=")[0]):
            with_settings(Recipe(), [wrong])
