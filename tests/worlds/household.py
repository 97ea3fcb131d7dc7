# SPDX-License-Identifier: Apache-2.0
"""A world while its steps are taken: three devices and those that come of them, each with a line of its own to one server."""

import json
import shutil

from disk import Disk
from disk_rows import profile_of, served_heads, turn_a_bit
from line import Line
from programs import Server
from rpc import Refused
from steps import DEVICES
from truth import Broken, Folder, Truth, value_of
from waiting import wait_until

LINES = 9
FIRST_PASSWORD = "the first password"
PATIENCE = 100  # seconds: a sync ends by itself after 60
MAY_FAIL = (2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)


class Slot:
    """A device as the people of a world see it: a folder in a place, whoever lives in it."""

    def __init__(self, home, name, line):
        self.home, self.name, self.line = home, name, line
        self.device = home.world.device(name, start=False)
        self.disk = Disk(home.world, name)
        self.device.env |= self.disk.env | {"VAULT_AUDIT": str(home.audit)}
        self.device.env.pop("VAULT_SYNC_LOG")
        self.folder, self.first_id = Folder(), None
        self.kept, self.flipped = True, False  # its folder was never put back or copied; never damaged
        self.dead_ids = set()  # whom it must not be any more
        self.retired, self.doomed, self.is_full = False, False, False
        self.thief, self.opens_with = False, None  # nobody ever types a password there; the password that it was opened with last

    @property
    def path(self):
        return self.device.vault_folder

    def up(self):
        """Running, whatever it died of: of a fault point, which was wished."""
        if self.device.running:
            return
        if self.device.process is not None and self.device.process.returncode not in (0, -9):
            raise Broken("crash", f"{self.name} ended with {self.device.process.returncode}: {self.device.stderr()[-800:].decode(errors='replace')}")
        self.start()

    def start(self, **env):
        self.doomed = bool(env)
        self.device.launch(**env)
        gone = lambda: self.device.process.poll() is not None
        wait_until(lambda: gone() or self.device.is_up(), f"{self.name} answers, or has ended")
        if gone() and self.is_full:  # it need not start on such a disk
            self.home.do_space(self)
            return self.start(**env)
        if gone() and not (env and self.device.process.returncode == -9):
            raise Broken("start", f"{self.name} ended with {self.device.process.returncode}: {self.device.stderr()[-800:].decode(errors='replace')}")

    def ctl(self, *words, **more):
        self.up()
        said = self.device.ctl(*words, timeout=PATIENCE, **more)
        self.home.say(f"  {self.name}: {' '.join(map(str, words))[:80]!r} -> {said.code} {said.err.decode(errors='replace').strip()[:200]}")
        if said.code == 4:  # it has died, of what was wished, or will be found to have crashed
            wait_until(lambda: not self.device.running, f"{self.name}, which answers no more, has ended")
            self.doomed = False
            return said
        if not self.thief:
            self.home.truth.hears(self, said)
        if said.code not in (0, *MAY_FAIL):
            raise Broken(f"exit {said.code}", f"{self.name}: {words} exited {said.code}: {said.err.decode(errors='replace')}")
        return said

    def status(self):
        for _ in range(3):  # it may die at a point of its own meanwhile
            self.up()
            said = self.device.ctl("status", "--json", timeout=PATIENCE)
            if said.code == 0:
                return said.json
        raise Broken("status", f"{self.name}: {said}")

    def stop(self):
        """As a person would; gives whether the vault was unlocked."""
        if not self.device.running:
            self.up()
        unlocked = self.status().get("vault", {}).get("state") == "unlocked"
        if self.device.running:
            self.device.ask_to_stop()
            try:
                self.device.process.wait(20)
            except Exception:
                raise Broken("stop", f"{self.name} does not end") from None
            if self.device.process.returncode not in (0, -9):
                raise Broken("crash", f"{self.name} ended with {self.device.process.returncode}: {self.device.stderr()[-800:].decode(errors='replace')}")
        return unlocked

    def knows(self):
        """Notes whom it is."""
        if profile := profile_of(self.path):
            self.note(profile[0])
        return profile

    def note(self, device_id):
        if device_id not in self.folder.ids:
            self.folder.ids += (device_id,)


class Household:
    def __init__(self, world, verbose=False, left_out=frozenset()):
        self.world, self.truth, self.verbose, self.transcript, self.left_out = world, Truth(), verbose, [], left_out
        self.audit = world.folder / "audit"
        self.lines = [Line() for _ in range(LINES)]
        self.slots, self.backups, self.snapshots, self.views = {}, {}, {}, []
        origins = [word for line in self.lines for word in ("--origin", line.url)]
        self.server = world.start_server(*origins, program="vault-server_test")
        for line in self.lines:
            line.upstream = self.server.port
        self.deeds = set()

    def say(self, text):
        self.transcript.append(text)
        if self.verbose:
            print(text, flush=True)

    def settle_down(self):
        """What every world begins with."""
        self.truth.passwords = [FIRST_PASSWORD]
        for name in DEVICES:
            slot = self.add(name)
            slot.start()
            self.enrol(slot, "create" if name == DEVICES[0] else "join")
        self.get(DEVICES[0]).ctl("sync")

    def enrol(self, slot, verb, password=FIRST_PASSWORD):
        words = [verb, "--server", slot.line.url, "--account", self.world.account, "--device-name", slot.name]
        said = slot.ctl(*words, password=password)
        if said.code == 0:
            slot.first_id = slot.status()["device"]["id"]
            slot.folder.ids, slot.opens_with = (slot.first_id,), password
        return said

    def add(self, name, line=None):
        if line is None:
            line = next(line for line in self.lines if all(slot.line is not line for slot in self.slots.values()))
        slot = self.slots[name] = Slot(self, name, line)
        return slot

    def get(self, name):
        """The slot; None where nobody is (any more)."""
        slot = self.slots.get(name)
        return None if slot is None or slot.retired else slot

    def counts(self):
        """What a world was good for."""
        writes = self.truth.writes.values()
        return {"writes": len(writes), "excused": sum(not write.due for write in writes), "identities": sum(len(slot.folder.ids) for slot in self.slots.values()),
                "devices": len(self.slots), "refusals": sum(" -> 0" not in line for line in self.transcript if line.startswith("  "))}

    def close(self):
        for line in self.lines:
            line.close()

    # --- a step

    def take(self, step):
        self.say(json.dumps(step, ensure_ascii=False))
        deed, *arguments = step
        self.deeds.add(deed)
        if arguments and isinstance(arguments[0], str) and deed not in ("server", "join"):
            arguments[0] = self.get(arguments[0])
            if arguments[0] is None:
                return
        getattr(self, "do_" + deed)(*arguments)

    # --- what people do

    def versions_written(self, slot, pairs, said):
        """pairs: (name, value) in the order of the versions that it answered."""
        for name, value in pairs:
            self.truth.tries(name, value)
        if said.code == 0:
            answer = said.json
            for (name, value), version in zip(pairs, answer.get("versions") or [answer["version"]]):
                self.truth.wrote(slot.folder, name, version if isinstance(version, str) else version["version"], value, slot.name)

    def do_put(self, slot, name, size, serial):
        """Most people who find it locked unlock it."""
        value = value_of(serial, size)
        said = slot.ctl("--json", "put", name, input=value)
        if said.code == 5 and serial % 3:
            self.do_unlock(slot)
            said = slot.ctl("--json", "put", name, input=value)
        self.versions_written(slot, [(name, value)], said)

    do_put_large = do_put

    def do_put_many(self, slot, some):
        pairs = [(name, value_of(serial, min(size, 5000))) for name, size, serial in some]
        lines = "".join(json.dumps({"name": name, "value": value.decode()}) + "\n" for name, value in pairs)
        self.versions_written(slot, pairs, slot.ctl("--json", "put-many", input=lines.encode()))

    def do_rm(self, slot, name):
        self.versions_written(slot, [(name, None)], slot.ctl("--json", "rm", name))

    def history(self, slot, name):
        slot.up()
        try:
            with slot.device.rpc() as rpc:
                return rpc.call("item.history", name=name)["versions"]
        except (Refused, OSError, EOFError):
            return []

    def do_restore(self, slot, name, which):
        if versions := self.history(slot, name):
            version = versions[which % len(versions)]["version"]
            self.versions_written(slot, [(name, self.truth.value(version))], slot.ctl("--json", "restore", name, version))

    def do_resolve(self, slot, which):
        slot.up()
        try:
            with slot.device.rpc() as rpc:
                items = rpc.call("item.conflicts")["items"]
        except (Refused, OSError, EOFError):
            return
        for item in items[:1]:
            heads = [head["version"] for head in item["heads"]]
            version = heads[which % len(heads)]
            self.versions_written(slot, [(item["name"], self.truth.value(version))], slot.ctl("--json", "resolve", item["name"], version))

    def do_sync(self, slot):
        unsent = dict(slot.folder.unsent)
        said = slot.ctl("sync")
        if said.code == 0 and slot.line.view == "now":
            slot.folder.unsent = {v: w for v, w in slot.folder.unsent.items() if v not in unsent}
            self.truth.synced(Folder(unsent))
        return said

    def do_lock(self, slot):
        slot.ctl("lock")

    def do_unlock(self, slot):
        """With the passwords that the person knows, the one that is most likely first."""
        said = None
        for password in self.passwords_for(slot)[:3]:
            said = slot.ctl("unlock", password=password)
            if said.code == 0:
                slot.opens_with = password
            if said.code not in (6, 12):
                break
        return said

    def passwords_for(self, slot):
        newest = self.truth.passwords[::-1]
        return list(dict.fromkeys([newest[0], *([slot.opens_with] if slot.opens_with else []), *newest]))

    def do_restart(self, slot):
        if slot.stop():
            slot.start()
            self.do_unlock(slot)
        else:
            slot.start()

    def do_verify(self, slot):
        said = slot.ctl("verify")
        if said.code == 0:
            self.truth.codes.append((said.out.decode().strip(), slot.name))

    def do_compare(self, slot, other):
        code = next((code for code, by in self.truth.codes[::-1] if by == other), None)
        if code:
            slot.ctl("verify", *code.split())

    def do_export(self, slot):
        folder = self.world.folder / f"export{len(list(self.world.folder.iterdir()))}"
        slot.ctl("export", "--sealed", str(folder), "--without-large")
        shutil.rmtree(folder, ignore_errors=True)

    def do_repair(self, slot):
        return slot.ctl("repair", password=self.truth.passwords[-1])

    def do_join(self, name):
        if name not in self.slots:
            slot = self.add(name)
            slot.start()
            said = self.enrol(slot, "join", self.truth.passwords[-1])
            if said.code != 0 and slot.status().get("vault", {}).get("state") == "absent":
                slot.stop()
                slot.retired = True

    def changes_password(self, slot, new, *words):
        """A command that takes the present password and a new one. Which of the two it is afterwards is sure when it says so."""
        said = None
        for present in self.truth.passwords[::-1][:2]:
            said = slot.ctl(*words, password=f"{present}\n{new}")
            if said.code != 6:
                break
        self.new_password(said, new)
        return said

    def new_password(self, said, new):
        if said.code == 0:
            self.truth.passwords = [p for p in self.truth.passwords if p != new] + [new]
        elif said.code in (3, 4, 5, 8, 10, 11, 12, 13):  # it may have been made, or may be made yet
            self.truth.passwords = [new] + [p for p in self.truth.passwords if p != new]

    def do_passwd(self, slot, new):
        self.changes_password(slot, new, "passwd")

    def do_revoke(self, slot, other, new):
        victim = self.get(other)
        if victim is None or victim is slot or slot.status().get("trust", {}).get("state") == "distrusted":
            return
        target = victim.knows()
        if target is None:
            return
        said = self.changes_password(slot, new, "device", "revoke", target[0])
        if said.code not in (2, 6, 7):
            self.truth.revoked.add(target[0])

    def do_rename(self, slot, other, new):
        if victim := self.get(other):
            if target := victim.knows():
                slot.ctl("device", "rename", target[0], new, password=self.truth.passwords[-1])

    def do_sheet(self, slot):
        said = slot.ctl("--json", "recovery", "create", "--yes", password=self.truth.passwords[-1])
        if said.code == 0:
            self.sheet = said.json["code"]

    sheet = None

    def do_use(self, slot, new):
        if self.sheet:
            said = slot.ctl("--json", "recovery", "use", password=f"{self.sheet}\n{new}")
            self.new_password(said, new)
            if said.code == 0:
                self.sheet = said.json["sheet"]["code"]

    # --- what happens to them

    def do_kill(self, slot):
        slot.up()
        slot.device.kill()
        slot.start()

    def do_die(self, slot, point, passes):
        """From the start that comes now on, at that point. Whoever asks it next finds it dead, and starts it."""
        unlocked = slot.stop()
        slot.start(VAULT_FAULT=f"{point}:{passes}")
        if unlocked:
            self.do_unlock(slot)

    def do_die_at_disk(self, slot, call, passes):
        unlocked = slot.stop()
        slot.start(VAULT_DIE=f"{call}:{passes}")
        if unlocked:
            self.do_unlock(slot)

    def do_full(self, slot, error, file):
        slot.disk.fail("write,dsync,size,sync" if error == "EIO" else "write,dsync,size", file, error)
        slot.is_full = True

    def do_space(self, slot):
        if slot.is_full:
            slot.disk.heal()
            slot.is_full = False

    def stopped(self, slot):
        """Stopped with a disk that is well: whether it was unlocked."""
        self.do_space(slot)
        return slot.stop()

    def again(self, slot, unlocked):
        slot.start()
        if unlocked:
            self.do_unlock(slot)

    def do_backup(self, slot, number):
        unlocked = self.stopped(slot)
        slot.knows()
        if slot.path.exists():
            path = self.world.folder / f"backup{number}"
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(slot.path, path)
            self.backups[number] = (path, slot.folder.copy(), slot.name, slot.flipped)
        self.again(slot, unlocked)

    def put_back(self, slot, number, take):
        """Only a device's own backups, in the place where it was made."""
        if number not in self.backups or self.backups[number][2] != slot.name:
            return
        unlocked = self.stopped(slot)
        before = slot.knows()
        path, folder, _, flipped = self.backups[number]
        take(path)
        if before:
            self.truth.copied |= {before[0], *folder.ids}
        self.truth.excuse(slot.folder, "the disk was set back", folder.unsent)
        slot.folder, slot.kept, slot.flipped = Folder({v: w for v, w in folder.unsent.items() if not w.safe}, folder.ids), False, flipped
        slot.dead_ids = self.dead_now(slot, before)
        self.again(slot, unlocked)

    def dead_now(self, slot, before):
        """Whom it cannot stay: the server has more of that device than its folder has."""
        now = profile_of(slot.path)
        served = served_heads(self.server.data)
        if now and now[0] in served and served[now[0]][0] > now[1]:
            return {now[0]}
        return set()

    def do_put_back(self, slot, number):
        def take(path):
            for file in slot.path.iterdir():
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            shutil.copytree(path, slot.path, dirs_exist_ok=True)

        self.put_back(slot, number, take)

    def do_put_back_data(self, slot, number):
        self.put_back(slot, number, lambda path: shutil.copyfile(path / "data.mdb", slot.path / "data.mdb"))

    def do_put_back_without_anchor(self, slot, number):
        def take(path):
            shutil.copyfile(path / "data.mdb", slot.path / "data.mdb")
            (slot.path / "anchor").unlink(missing_ok=True)

        self.put_back(slot, number, take)

    def copy_to(self, slot, path, folder, flipped, unlock=True):
        name = f"{slot.name}-copy"
        if name in self.slots or slot.name.endswith("-copy"):
            return
        copy = self.add(name, slot.line)
        shutil.copytree(path, copy.path)
        copy.path.chmod(0o700)
        copy.folder, copy.kept, copy.flipped, copy.dead_ids = folder.copy(), False, flipped, set(slot.dead_ids)
        copy.opens_with = slot.opens_with
        slot.kept = False
        self.truth.copied |= {*folder.ids, *slot.folder.ids}
        copy.start()
        if unlock:
            self.do_unlock(copy)

    def do_copy(self, slot, unlock=True):
        unlocked = self.stopped(slot)
        slot.knows()
        if slot.path.exists():
            self.copy_to(slot, slot.path, slot.folder, slot.flipped, unlock)
        self.again(slot, unlocked)

    def do_copy_locked(self, slot):
        """Nobody types a password there until the end."""
        self.do_copy(slot, unlock=False)

    def do_steal(self, slot):
        """A thief's copy of the folder, locked for ever: it can send what lies there unsent, and nobody tends to it. The device from
        which it is keeps its state, and must not suffer for it."""
        name = f"{slot.name}-stolen"
        if name in self.slots or slot.name.endswith("-copy"):
            return
        unlocked = self.stopped(slot)
        slot.knows()
        if slot.path.exists():
            thief = self.add(name, slot.line)
            shutil.copytree(slot.path, thief.path)
            thief.path.chmod(0o700)
            thief.thief = True
            thief.start()
        self.again(slot, unlocked)

    def do_thief_syncs(self, slot):
        if thief := self.slots.get(f"{slot.name}-stolen"):
            thief.ctl("sync")

    def do_copy_backup(self, slot, number):
        if number in self.backups and self.backups[number][2] == slot.name:
            path, folder, _, flipped = self.backups[number]
            slot.knows()
            self.copy_to(slot, path, folder, flipped)

    def do_flip(self, slot, where):
        unlocked = self.stopped(slot)
        if slot.knows() and turn_a_bit(slot.path, where):
            slot.flipped = True
            self.truth.excuse(slot.folder, "a bit of it was turned over")
            slot.folder.unsent.clear()
        self.again(slot, unlocked)

    def do_net(self, slot, state):
        slot.line.turn(state == "on")

    def do_server(self, state):
        if state == "on":
            if not self.server.running:
                self.server.start()
        elif self.server.running:
            self.server.stop() if state == "off" else self.server.kill()

    def do_lose(self, slot, what):
        slot.line.lose(what)

    def do_lose_late(self, slot):
        slot.line.lose("late")

    def do_deliver(self, slot):
        if self.server.running:
            slot.line.deliver(self.server.port)

    def do_snapshot(self, number):
        was = self.server.running
        self.do_server("off")
        path = self.world.folder / f"snapshot{number}"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.server.data, path)
        self.snapshots[number] = path
        if was:
            self.do_server("on")

    def do_show_old(self, slot, number, view="old"):
        if number not in self.snapshots:
            return
        data = self.world.folder / f"view{len(self.views)}"
        shutil.copytree(self.snapshots[number], data)
        view_server = Server(self.world, data.name, data, "vault-server_test")
        self.views.append(view_server)
        self.world.programs.append(view_server)
        view_server.start(*self.server.options)
        slot.line.show(view, view_server.port)

    def do_show_branch(self, slot, number):
        self.do_show_old(slot, number, "branch")

    def do_show_now(self, slot):
        slot.line.show("now", self.server.port)
