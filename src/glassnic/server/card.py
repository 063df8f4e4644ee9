"""What makes a card one that a guest can plug in? A `Nic`, a client's connection on one side, a backend on the other.

A turn goes the same way round each time: the client's accesses have been served when it begins; the card works; what it
sent goes to the backend, what the backend has comes in; then the interrupt level goes to the client. Rules kept here:
- A backend that is blocked holds transmission back: no frame is lost on the way out, and no queue grows.
- A backend that fails is replaced by none at all, with one sentence, and the cable is pulled: the guest sees it.
- Each client finds the card as after power-on; only the EEPROM remembers, and its file follows every change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from glassnic.backends import Backend, open_backend
from glassnic.device.inlet import COUNT
from glassnic.device.nic import Nic
from glassnic.device.patience import lasts
from glassnic.device.ports import NO_OUTLET, Frames, Patience
from glassnic.pci.function import PciFunction
from glassnic.server.loop import IN, OUT, Loop
from glassnic.server.pace import Pace
from glassnic.server.tape import Tape
from glassnic.transports.fdsocket import FdSocket
from glassnic.transports.guest_memory import SharedMemory
from glassnic.transports.vfio_user.server import Connection, Listener
from glassnic.xray.pcapng import CaptureError
from glassnic.xray.probe import Probe

WrapperT = TypeVar("WrapperT", bound=Backend)
P = ParamSpec("P")
TURN_NS = 2_000_000
"""So long a card goes on working at most while no client waits, here or at another card: frames that come may."""

LONGEST_RESPITE_NS = 5_000_000
"""What a guest is given at most for itself, where interrupts would follow each other or frames keep coming."""

FRAMES_PER_TURN = 1024
"""How many frames come in between two looks at the client's messages."""


class Card:
    """One card in the loop. `say` takes sentences for the user; `eeprom_file` is written when the guest writes."""

    def __init__(
        self,
        nic: Nic,
        memory: SharedMemory,
        listener: Listener,
        backend: Backend,
        loop: Loop,
        say: Callable[[str], None],
        eeprom_file: Path | None = None,
        probe: Probe | None = None,
    ) -> None:
        self.nic = nic
        self._memory = memory
        self._function = PciFunction(nic, nic.core.model)
        self._listener = listener
        self._backend = backend
        nic.lead_with(backend.lead)
        nic.core.interrupts.longest_respite_ns = LONGEST_RESPITE_NS
        self._watches = loop.watches
        self._door_fd = loop.watches.door_fd
        self._say = say
        self._eeprom_file = eeprom_file
        self._probe = probe
        self._told = 0
        """So many rows of the record has the probe been given."""
        self._connection: Connection | None = None
        self._client_watch = 0
        self._resample_fd = -1
        self._backend_watch = (-1, 0)
        self._moved = False
        """Frames may have left the card, and are to be taken from it."""
        self._frames_wait = False
        """The backend has frames, or has failed, which whoever asks it for some will hear."""
        self._stirred = True
        """Something but the clock may have changed what the card has to do; reads of registers do not."""
        self._due: int | None = None
        self._pace = Pace(nic)
        self._dropped_before = 0
        """Frames that died with a backend that failed."""
        self._engine_loaded = False
        self.backend_failed = False
        self.cable = True
        """False while the user has pulled the cable."""
        self.tape: Tape | None = None
        """Where the last frames are kept, if somebody may ask for them."""
        self._listen()
        self._watch_backend()
        loop.workers.append(self)

    def close(self) -> None:
        """Unplug: the client, the backend and the socket go."""
        if self._connection is not None:
            self._hang_up(self._connection)
        if self._probe is not None:
            self._record(partial(self._probe.follow, self._fresh_rows(self._probe)))
            self._record(self._probe.close)
        self._backend.close()
        self._watches.forget(self._listener.fileno())
        self._listener.close()

    def summary(self, findings: bool = True) -> list[str]:
        """What the card did, and what became of its frames outside, in sentences; `findings` as in `Nic.summary`."""
        lines = self.nic.summary(findings)
        if self.dropped:
            lines.append(f"{self.dropped} frames died on the host's side, outside the card")
        if self._function.dropped_writes:
            lines.append(f"{self._function.dropped_writes} register writes were not 32 bits wide, and dropped")
        return lines

    @property
    def connected(self) -> bool:
        """Is there a guest?"""
        return self._connection is not None

    @property
    def _alone(self) -> bool:
        """Does nobody look at the frames that come and go but the card?"""
        return self._probe is None and self.tape is None

    @property
    def dropped(self) -> int:
        """Frames that died on the host's side, outside the card."""
        return self._dropped_before + self._backend.dropped

    def plug(self, cable: bool) -> None:
        """Plug or pull the cable, for a user; the link comes up only where there is a backend and an engine."""
        self._set_clock()  # negotiation begins now
        self.cable = cable
        self._set_link()

    def _set_link(self) -> None:
        self.nic.set_link(self.nic.ready and self.cable and not self.backend_failed)
        self.stir()

    def put_around(self, wrap: Callable[[Backend], WrapperT]) -> WrapperT:
        """Put something around the backend, which polls and leads as the backend does."""
        self._backend = wrapper = wrap(self._backend)
        return wrapper

    def stir(self) -> None:
        """Something has changed of which the card does not know: it is to look about in its next turn."""
        self._stirred = True

    def turn(self, now_ns: int) -> int | None:
        """Let the card work, move frames and the interrupt; when to come again."""
        if not self._stirred and (self._due is None or now_ns < self._due):
            return self._due
        self._stirred = False
        nic = self.nic
        if self._engine_loaded and not nic.ready:
            self._start_engine()
        nic.transmit_held = self._backend.blocked
        nic.outlet = self._backend.outlet if self._alone else NO_OUTLET
        nic.patience = Patience(now_ns + TURN_NS, self._door_fd)
        due = nic.deadline
        if self._probe is not None and nic.core.recorder.total != self._told:
            self._moved = True  # something odd was asked for, and may be no work at all
        if due is not None and due <= now_ns:
            nic.advance(now_ns)
            self._moved = True
        if self._moved:
            self._moved = False
            self._send_frames()
            while (due := nic.deadline) == nic.now_ns and nic.pending and lasts(*nic.patience):
                nic.work()
                self._send_frames()
        fetch_ns = self._pace.due
        fetches = self._backend.pending if fetch_ns is None else fetch_ns <= now_ns
        if self._frames_wait or (fetches and nic.ready and not nic.receiver.full):
            self._take_frames()
            due, fetch_ns = now_ns, self._pace.due
        if self._connection is not None:
            self._connection.session.update_interrupts()
        if nic.eeprom.changed:
            self._save_eeprom()
        self._watch_backend()
        if fetch_ns is not None and fetch_ns > now_ns and (due is None or fetch_ns < due):
            due = fetch_ns
        self._due = due
        return due

    def await_engine(self) -> None:
        """Until the engine is loaded registers answer and rings wait; and there is no link, so that no driver hopes."""
        self.nic.ready = False
        self.nic.set_link(False)

    def engine_ready(self) -> None:
        """The engine is loaded. May be called from another thread, which then wakes the loop."""
        self._engine_loaded = True
        self._stirred = True

    def _start_engine(self) -> None:
        self.nic.ready = True
        self._set_link()

    # The client

    def _listen(self) -> None:
        self._watches.watch(self._listener.fileno(), IN, lambda _: self._accept())

    def _accept(self) -> None:
        sock = self._listener.accept()
        if sock is None:
            return
        self._set_clock()
        self._stirred = True
        self._watches.forget(self._listener.fileno())  # one client at a time: the next waits in the queue
        self._function.reset()
        connection = self._connection = Connection(sock, self._function, self._memory)
        self._watch_client(sock, connection)

    def _client_ready(self, connection: Connection, events: int) -> None:
        """Messages have come, or the client takes replies again."""
        self._set_clock()
        alive = connection.writable() if events & OUT else True
        alive = alive and (connection.readable() if events & ~OUT else True)
        session = connection.session
        if session.stirred:
            session.stirred = False
            self._stirred = True
        if session.sentences:
            self._tell(session.sentences)
        if not alive:
            self._hang_up(connection)
            self._listen()
            return
        if connection.sock.blocked or self._client_watch != IN:
            self._watch_client(connection.sock, connection)
        if session.intx.resample_changed:
            self._watch_resample(connection)

    def _tell(self, sentences: list[str]) -> None:
        for sentence in sentences:
            self._say(sentence)
        sentences.clear()

    def _set_clock(self) -> None:
        """What happens next starts its timers now, not at the last turn, which may be long ago."""
        self.nic.now_ns = time.monotonic_ns()

    def _watch_client(self, sock: FdSocket, connection: Connection) -> None:
        # A client that does not take its replies is not listened to until it does.
        self._client_watch = OUT if sock.blocked else IN
        self._watches.watch(sock.fileno(), self._client_watch, partial(self._client_ready, connection), at_door=True)

    def _watch_resample(self, connection: Connection) -> None:
        intx = connection.session.intx
        intx.resample_changed = False
        self._watches.forget(self._resample_fd)
        self._resample_fd = intx.resample_fd
        if self._resample_fd >= 0:
            self._watches.watch(self._resample_fd, IN, lambda _: intx.resampled(), at_door=True)

    def _hang_up(self, connection: Connection) -> None:
        """The client has left, or is made to: the card is reset and its memory gone before anything else happens."""
        self._watches.forget(connection.sock.fileno())
        self._watches.forget(self._resample_fd)
        self._resample_fd = -1
        self._connection = None
        self._stirred = True
        self._function.reset()
        connection.close()

    # The backend

    def _backend_ready(self, events: int) -> None:
        """The backend takes frames again, or has some for this turn."""
        self._stirred = True
        if events & OUT:
            self._with_backend(self._backend.flush)
        if events & ~OUT:
            self._frames_wait = True

    def _send_frames(self) -> None:
        frames = self.nic.sent()
        if self._probe is not None:
            self._record_sent(self._probe, frames)
        if self.tape is not None:
            self.tape.sent(frames, self.nic.now_ns)
        if len(frames):
            self._with_backend(self._backend.send, frames)
            self.nic.transmit_held = self._backend.blocked

    def _take_frames(self) -> None:
        """Frames from the wire go into the card as they come: what it has no room for, it drops and counts itself."""
        self._frames_wait = False
        self._moved = True  # the card may answer at once, with a PAUSE frame
        self.nic.advance(time.monotonic_ns())  # moderation and delays count from now
        take: Callable[[Frames], None] = self.nic.receive
        if self._probe is not None:
            take = partial(self._record_received, self._probe, take)
        if self.tape is not None:
            take = partial(self._keep_received, self.tape, take)
        self._with_backend(self._fetch, take)
        while self._pace.plenty and not self.nic.receiver.full and lasts(*self.nic.patience):
            self._with_backend(self._fetch, take)

    def _fetch(self, take: Callable[[Frames], None]) -> None:
        inlet = self._backend.inlet if self._alone else None
        if inlet is not None and self.nic.take_from(inlet):
            self._pace.took(*inlet.words[COUNT:].tolist())
            return
        frames = self._backend.receive(FRAMES_PER_TURN)
        octets = frames.bounds.item(-1) - frames.bounds.item(0) if len(frames) else 0
        self._pace.took(len(frames), octets, octets)
        take(frames)

    # The capture

    def _record_sent(self, probe: Probe, frames: Frames) -> None:
        """Give the probe the frames that left, and all rows since the last time."""
        self._record(partial(probe.sent, frames, self._fresh_rows(probe)))

    def _record_received(self, probe: Probe, take: Callable[[Frames], None], frames: Frames) -> None:
        """Let the card take what comes, then give the probe the rows that tell of it."""
        self._record(partial(probe.follow, self._fresh_rows(probe)))
        take(frames)
        self._record(partial(probe.received, list(map(bytes, frames)), self._fresh_rows(probe), self.nic.now_ns))

    def _fresh_rows(self, probe: Probe) -> list[list[int]]:
        """The rows of the record since the last time; none if the first of them are lost already."""
        recorder, told = self.nic.core.recorder, self._told
        self._told = recorder.total
        if recorder.total - told > len(recorder.rows):
            probe.lost_rows(self.nic.receiver.waiting)
            return []
        rows: list[list[int]] = recorder.since(told).tolist()
        return rows

    def _keep_received(self, tape: Tape, take: Callable[[Frames], None], frames: Frames) -> None:
        """Let the card take what comes, then put it on the tape."""
        begin = self.nic.core.recorder.total
        take(frames)
        tape.received(frames, begin, self.nic.now_ns)

    def _record(self, act: Callable[[], None]) -> None:
        """A capture that cannot go on ends with one sentence, and the card goes on without."""
        try:
            act()
        except CaptureError as error:
            self._say(str(error))
            if self._probe is not None and not self._probe.listeners:
                self._probe = None

    def _watch_backend(self) -> None:
        fd = self._backend.fileno()
        open_ = self.nic.ready and not self.nic.receiver.full  # the host honours a PAUSE (§8.7)
        due = self._pace.due
        events = IN if open_ and (due is None or due <= self.nic.now_ns) else 0
        events |= OUT if self._backend.blocked else 0
        if (fd, events) == self._backend_watch:
            return
        if self._backend_watch[0] != fd or not events:
            self._watches.forget(self._backend_watch[0])
        self._backend_watch = (fd, events)
        if fd >= 0 and events:
            self._watches.watch(fd, events, self._backend_ready)

    def _with_backend(self, act: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """The one place where a host that fails is met: one sentence, and the card goes on without."""
        try:
            act(*args, **kwargs)
        except OSError as error:
            self._say(f"{error}; the card goes on with its cable pulled")
            self._watches.forget(self._backend_watch[0])
            self._backend_watch = (-1, 0)
            self._backend.close()
            self._dropped_before += self._backend.dropped
            self._backend = open_backend("null")
            self.nic.outlet = NO_OUTLET  # what was lent is closed
            self.backend_failed = True
            self._set_link()

    # The EEPROM

    def _save_eeprom(self) -> None:
        self.nic.eeprom.changed = False
        if self._eeprom_file is None:
            return
        fresh = self._eeprom_file.with_name(self._eeprom_file.name + ".new")
        try:
            fresh.write_bytes(self.nic.eeprom.image())
            fresh.replace(self._eeprom_file)
        except OSError as error:
            self._say(f"the EEPROM cannot be kept in {self._eeprom_file}: {error.strerror}")
            self._eeprom_file = None
