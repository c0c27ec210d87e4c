"""``python -m quell_training <command>``."""

import argparse
import importlib

COMMANDS = (
    "data", "train", "quantise", "export", "evaluate", "ablate", "curve", "grow", "groups", "pack", "protect", "speed",
    "teacher",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="quell_training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name in COMMANDS:
        module = importlib.import_module(f".{name}", __package__)
        command = commands.add_parser(name, help=module.__doc__.splitlines()[0])
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
