"""What does a plan have in its hands? The guest, the wire and the card, each started when it is first asked for, and
`check`, which puts a sentence on record. One boot serves all plans; a plan that wants a boot of its own asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassnic.lab.card import Card, CardChoice, QemuCard, ServedCard
from glassnic.lab.errors import LabError
from glassnic.lab.guest import Guest
from glassnic.lab.kit import Kit
from glassnic.lab.machine import Boot, Machine
from glassnic.lab.plan import Check, Outcome, Plan
from glassnic.lab.wire import GUEST4, GUEST6, PREFIX4, PREFIX6, TAP, Wire

CARRIER_SECONDS = 10
TAP_WITHOUT_OFFLOADS = ",gso=off"
"""The wire sees each frame as the card cut and summed it."""


class Lab:
    """The bench on which plans run."""

    def __init__(self, kit: Kit, choice: CardChoice, folder: Path, append: str = "") -> None:
        self.kit = kit
        self.choice = choice
        self.folder = folder
        self.append = append
        self.card_said: list[str] = []
        self.outcome: Outcome | None = None
        self._wire: Wire | None = None
        self._card: Card | None = None
        self._machine: Machine | None = None
        self._machines = 0
        self._watched = False

    # What plans use.

    def check(self, sentence: str, holds: bool, detail: object = "") -> bool:
        """Put on record whether `sentence` holds, with what was seen."""
        assert self.outcome is not None
        self.outcome.checks.append(Check(sentence, bool(holds), str(detail)))
        return bool(holds)

    def check_kernel(self) -> None:
        """Put on record what the guest's kernel complained of since the last look."""
        complaints = self.guest.complaints()
        self.check("The guest's kernel complains of nothing.", not complaints, "; ".join(complaints[:3]))

    def check_findings(self) -> None:
        """Put on record what the card has found out of order since the guest was booted, if it was watched."""
        if isinstance(self._card, ServedCard) and self._watched:
            found = self._card.found()
            self.check(
                "Nothing that the guest asked for, and no frame that left, was out of order.",
                not found,
                "; ".join(dict.fromkeys(found[:3])),
            )

    def note(self, text: str) -> None:
        """Something worth showing that is no claim."""
        assert self.outcome is not None
        self.outcome.notes.append(text)

    @property
    def wire(self) -> Wire:
        """The lab's own wire."""
        assert self._wire is not None
        return self._wire

    @property
    def has_wire(self) -> bool:
        """Whether the other end is the lab's own wire, not a backend that the person chose."""
        return self.choice.net is None

    @property
    def guest(self) -> Guest:
        """The guest, booted on first use."""
        if self._machine is None:
            self._machine = self._start(Boot(append=self.append))
            self._machine.guest.wait_until_up()
        return self._machine.guest

    def plug(self) -> None:
        """A fresh start for the guest's interface: the driver loaded anew, addresses set, the link up."""
        self.guest.must(
            "rmmod e1000 2>/dev/null; modprobe e1000 && "
            "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad && ip link set eth0 up && "
            f"ip addr add {GUEST4}/{PREFIX4} dev eth0 && ip -6 addr add {GUEST6}/{PREFIX6} dev eth0"
        )
        self.await_carrier()

    def await_carrier(self) -> None:
        """Wait for the guest's link; LabError when it stays down."""
        if not self.guest.run(f"await-carrier {CARRIER_SECONDS}").ok:
            raise LabError(f"The guest's link did not come up in {CARRIER_SECONDS} s.")

    def statistics(self) -> dict[str, int]:
        """`ethtool -S` of the guest's interface."""
        lines = (line.rpartition(":") for line in self.guest.must("ethtool -S eth0").splitlines()[1:])
        return {name.strip(): int(value) for name, _, value in lines}

    @contextmanager
    def another_machine(self, boot: Boot) -> Iterator[Machine]:
        """A machine of its own for a plan that boots itself; the shared one is ended first, for there is one wire."""
        self.unplug_machine()
        machine = self._machine = self._start(boot)
        try:
            yield machine
        finally:
            self.unplug_machine()

    # What runs plans uses.

    def run(self, plan: Plan) -> Outcome:
        """Run one plan; whatever happens to it, an outcome is what comes of it."""
        self.outcome = outcome = Outcome(plan)
        begin = time.monotonic()
        try:
            if plan.watched != self._watched:
                self.unplug_machine()  # a watched card is a slower one: it is not for every plan
                self._watched = plan.watched
            if not plan.boots_itself:
                self.plug()
            plan.run(self)
            if not plan.boots_itself:
                self.check_kernel()
        except LabError as error:
            self.check("The plan runs to its end.", False, error)
            self._end_quietly()
        except (ValueError, LookupError) as error:  # a guest that answers nonsense fails the plan, not the run
            self.check("The guest's answers make sense.", False, f"{type(error).__name__}: {error}")
        outcome.seconds = time.monotonic() - begin
        return outcome

    def lay_wire(self) -> None:
        """Make the wire; LabError where none can be had."""
        self._wire = Wire(self.kit, self.folder)

    def unplug_machine(self) -> None:
        """End the guest, then its card; what the card has to say is kept."""
        machine, self._machine = self._machine, None
        card, self._card = self._card, None
        if machine is not None:
            machine.stop()
        if card is not None and (said := card.stop()):
            self.card_said += said.splitlines()

    def close(self) -> None:
        """End everything."""
        try:
            self.unplug_machine()
        finally:
            if self._wire is not None:
                self._wire.close()

    def start(self, boot: Boot) -> Machine:
        """The machine for a person at the console."""
        self._machine = self._start(boot)
        return self._machine

    def _start(self, boot: Boot) -> Machine:
        self._machines += 1
        folder = self.folder / f"machine-{self._machines}"
        folder.mkdir()
        inside = self.wire.inside if self.has_wire else ()
        if self.choice.nic == "glassnic":
            net = self.choice.net or f"tap:{TAP}{TAP_WITHOUT_OFFLOADS}"
            self._card = ServedCard(self.choice.of_machine(self._machines), net, folder, inside, self._watched)
            return Machine(self.kit, self._card, folder, boot)
        self._card = QemuCard(self.choice.nic, TAP)
        return Machine(self.kit, self._card, folder, boot, inside)

    def _end_quietly(self) -> None:
        """After a failure the next plan gets a new machine; how the old one ends is no news any more."""
        try:
            self.unplug_machine()
        except LabError as error:
            self.note(str(error))
