"""What mixtures are made of: shares and ranges."""

from dataclasses import dataclass

from . import features

#: Usual spread of the slope of a sound's spectrum, an octave.
SLOPE_DB = 1.2


@dataclass(frozen=True)
class Recipe:
    """Shares and ranges of the mixtures."""

    music_share: float = 0.2
    clean_share: float = 0.08
    noise_only_share: float = 0.05
    generated_share_speech: float = 0.35
    generated_share_music: float = 0.75
    speech_snr_db: tuple[float, float] = (-5.0, 25.0)
    music_snr_db: tuple[float, float] = (0.0, 40.0)
    level_db: tuple[float, float] = (-45.0, -15.0)  # RMS of the wanted sound, dBFS
    room_share: float = 0.25
    pause_share: float = 0.4
    second_noise_share: float = 0.2
    babble_share: float = 0.06  # of the noises under speech: other voices
    noise_backwards_share: float = 0.5
    noise_speed: tuple[float, float] = (0.75, 1.33)
    low_pass_share: float = 0.5
    live_share: float = 0.25  # batches seen through the Live mode's window
    captured_share: float = 0.45
    absent_share: float = 0.2  # the rest has a running minimum
    followed_share: float = 0.0  # of that rest: told as a print, as the plugin tells the level that it follows
    profile_s: tuple[float, float] = (0.3, 2.0)
    profile_off_share: float = 0.10  # captured up to 6 dB too high or too low
    profile_wrong_share: float = 0.05  # captured from some other noise
    music_rule: bool = True  # off only for the ablation that shows why it is on
    level: str = features.ABSOLUTE  # what the levels that the network sees are relative to
    # Of the speech: recordings whose own floor lies so far below the voice. It is part of what is wanted,
    # there is next to no other noise, and no print of it.
    floor_share: float = 0.0
    floor_db: tuple[float, float] = (30.0, 60.0)
    # Of the speech: music beside it, which is as welcome; noise as for music.
    beside_share: float = 0.0
    beside_db: tuple[float, float] = (0.0, 25.0)  # of the voice over the music
    speech_speed: tuple[float, float] = (1.0, 1.0)
    speech_slope_db: float = SLOPE_DB  # spread of the slope of the wanted sound, an octave
    treble_share: float = 0.0  # of the voices without treble: gets some that is made
    low_snr_share: float = 0.0  # of the speech: from the low end of its range to 8 dB, the rest above
    room_speed: tuple[float, float] = (1.0, 1.0)  # a room played slower is a larger one
    sharp_share: float = 0.0  # of the noises under speech: keys, dishes and the like
    babble_voices: tuple[float, float] = (3.0, 7.0)
    babble_speed: tuple[float, float] = (1.0, 1.0)  # slower than 1 makes adults of children
    babble_spread_db: float = 0.0  # how far the softest of them stands behind
