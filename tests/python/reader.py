"""A screen reader without a voice: what stands on the bus of AT-SPI, and what can be done there."""

import time

from jeepney import DBusAddress, DBusErrorResponse, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection

REGISTRY = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
#: AT-SPI's numbers of what Quell shows.
ROLES = {23: "frame", 43: "button", 51: "slider", 62: "toggle button"}
#: Places of bits in AT-SPI's set of states.
CHECKED, PRESSED = 4, 20


def ask(connection, message):
    reply = connection.send_and_get_reply(message, timeout=10)
    if reply.header.message_type.name == "error":
        raise DBusErrorResponse(reply)
    return reply.body


class Reader:
    """Says that a reader is there, and looks at what then appears."""

    def __init__(self):
        self.session = open_dbus_connection("SESSION")
        bus = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
        (address,) = ask(self.session, new_method_call(bus, "GetAddress"))
        self.bus = open_dbus_connection(address)

    def turn(self, is_on):
        """What a desktop does when its user turns the reader on or off."""
        status = Properties(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status"))
        for name in ("IsEnabled", "ScreenReaderEnabled"):
            ask(self.session, status.set(name, "b", is_on))

    def call(self, thing, interface, method, *arguments):
        bus, path = thing
        address = DBusAddress(path, bus, f"org.a11y.atspi.{interface}")
        return ask(self.bus, new_method_call(address, method, *arguments))

    def property(self, thing, interface, name):
        bus, path = thing
        address = DBusAddress(path, bus, f"org.a11y.atspi.{interface}")
        return ask(self.bus, Properties(address).get(name))[0][1]

    def children(self, thing):
        return self.call(thing, "Accessible", "GetChildren")[0]

    def name(self, thing):
        return self.property(thing, "Accessible", "Name")

    def role(self, thing):
        number = self.call(thing, "Accessible", "GetRole")[0]
        return ROLES.get(number, number)

    def description(self, thing):
        return self.property(thing, "Accessible", "Description")

    def is_in_state(self, thing, place):
        (words,) = self.call(thing, "Accessible", "GetState")
        return bool(words[place // 32] >> place % 32 & 1)

    def windows(self):
        """Quell's windows, by the programs that show them. A program may go while one looks."""
        found = {}
        for program in self.children(REGISTRY):
            try:
                inside = [window for window in self.children(program) if self.name(window) == "Quell"]
            except DBusErrorResponse:
                continue
            if inside:
                found[program[0]] = inside
        return found

    def everything(self, window):
        """All things in a window, by name; what goes while one looks is left out."""
        found, waiting = {}, [window]
        while waiting:
            thing = waiting.pop()
            try:
                found.setdefault(self.name(thing), thing)
                waiting += self.children(thing)
            except DBusErrorResponse:
                continue
        return found

    def find(self, window, name):
        return self.everything(window)[name]

    def click(self, window, name):
        assert self.call(self.find(window, name), "Action", "DoAction", "i", (0,)) == (True,)

    def value(self, window, name):
        return self.property(self.find(window, name), "Value", "CurrentValue")

    def set_value(self, window, name, value):
        bus, path = self.find(window, name)
        address = DBusAddress(path, bus, "org.a11y.atspi.Value")
        ask(self.bus, Properties(address).set("CurrentValue", "d", value))

    def wait_for_windows(self, n, seconds=20.0):
        """So many windows of one program."""
        due = time.monotonic() + seconds
        while True:
            windows = self.windows()
            counts = [len(inside) for inside in windows.values()]
            if max(counts, default=0) == n:
                return next((inside for inside in windows.values() if len(inside) == n), [])
            assert time.monotonic() < due, f"{counts} windows and not {n} within {seconds} s"
            time.sleep(0.1)
