"""All pictures of a folder on a few sheets, for eyes of every kind: `gallery.py FOLDER`.

`cargo xtask screenshots --gallery` takes the pictures, of every state in every size and look.
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT, CAPTION = 900, 580, 22
COLUMNS = 2

#: What people see who lack one of three kinds of cones, of light (Machado, Oliveira and Fernandes 2009).
EYES = {
    "no-long-waves": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no-middle-waves": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no-short-waves": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen(picture, matrix):
    """The picture as other eyes see it."""
    bytes_ = np.asarray(picture, dtype=np.float32) / 255
    light = np.where(bytes_ <= 0.04045, bytes_ / 12.92, ((bytes_ + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ np.transpose(np.array(matrix, dtype=np.float32)), 0, 1)
    bytes_ = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.uint8(np.round(bytes_ * 255)))


def sheet(pictures):
    """Pictures under their names, in columns."""
    rows = -(-len(pictures) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * WIDTH, rows * (HEIGHT + CAPTION)), "white")
    for place, (name, picture) in enumerate(pictures.items()):
        x, y = place % COLUMNS * WIDTH, place // COLUMNS * (HEIGHT + CAPTION)
        ImageDraw.Draw(page).text((x + 6, y + 5), name, fill="black")
        picture = picture.copy()
        picture.thumbnail((WIDTH - 8, HEIGHT - 8))
        page.paste(picture, (x + 4, y + CAPTION))
    return page


def main(folder):
    pictures = {path.stem: Image.open(path).convert("RGB") for path in sorted(folder.glob("*@*.png"))}
    assert pictures, f"there is no picture in {folder}"
    looks = dict.fromkeys(name.split("@")[1] for name in pictures)
    for look in looks:
        own = {name: picture for name, picture in pictures.items() if name.endswith(f"@{look}")}
        sheet(own).save(folder / f"sheet-{look}.png")
    usual = {name: picture for name, picture in pictures.items() if name.endswith("@1000x640")}
    for eyes, matrix in EYES.items():
        sheet({name: seen(picture, matrix) for name, picture in usual.items()}).save(folder / f"sheet-{eyes}.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
