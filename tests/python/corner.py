"""A real mouse on the window's corner, in a real host: `corner.py FOLDER`.

Run by test_hands.py on a screen of its own. Asserted is the size of the window on the screen, the one that the
project keeps, and that a window opened again has it; pictures go into FOLDER.
"""

import pathlib
import sys
import time

from hand import drag, geometry, perform, shoot, wait_for, with_window  # before any other window

from common import load, noise, state_of

FOLDER = pathlib.Path(sys.argv[1])
#: Where the grip is, seen from the corner.
INSIDE = 9


def size():
    return geometry()[:2]


def kept(plugin):
    window = state_of(plugin)["editor"]
    return window["width"], window["height"]


def drag_corner(plugin, by_x, by_y, wanted):
    width, height = size()
    drag((width - INSIDE, height - INSIDE), by_x, by_y)
    wait_for(f"a window of {wanted}", lambda: size() == wanted, seconds=5.0)
    wait_for(f"a project with {wanted}", lambda: kept(plugin) == wanted, seconds=5.0)


def act(plugin, player):
    player.let_pass(1.5)
    width, height = size()
    drag_corner(plugin, 220, 130, (width + 220, height + 130))
    player.let_pass(0.6)
    shoot(FOLDER / "corner-large.png")
    drag_corner(plugin, -300, -210, (width - 80, height - 80))
    # No smaller than what is in it needs.
    drag_corner(plugin, -600, -500, (750, 480))
    player.let_pass(0.6)
    shoot(FOLDER / "corner-small.png")
    drag_corner(plugin, 150, 100, (900, 580))


def size_when_open():
    time.sleep(1.5)
    return size()


def main():
    plugin = load()
    perform(plugin, noise(2.0, amplitude=0.02, seed=5), act, FOLDER)
    assert with_window(plugin, size_when_open) == (900, 580), "a window opened again has the size that the hand left"
    print("the window went along with the hand")


if __name__ == "__main__":
    main()
