# SPDX-License-Identifier: Apache-2.0
"""The people of a world when its troubles are over: each does what the programs say is to be done, and nothing else, a bounded
number of times."""

from truth import Broken

ROUNDS = 10
IN_VAIN = 3  # rounds in which the same was done, and the same said


def words_of(said):
    return said.err.decode(errors="replace")


class People:
    def __init__(self, home):
        self.home, self.truth, self.acted = home, home.truth, False

    def troubles_end(self):
        home = self.home
        home.do_server("on")
        for line in home.lines:
            line.once = None
            if line.view != "now":
                line.show("now", home.server.port)
            line.turn(True)
        for slot in self.living():
            home.do_space(slot)
            if slot.line.held:
                slot.line.deliver(home.server.port)
            if slot.doomed:
                slot.stop()
            slot.up()

    def living(self):
        return [slot for slot in self.home.slots.values() if not slot.retired and not slot.thief]

    def come_to_rest(self):
        """Until a whole round leaves nobody anything to do."""
        rounds = []
        for number in range(ROUNDS):
            self.home.say(f"--- round {number}")
            self.acted, begin = False, len(self.home.transcript)
            for slot in self.living():
                self.tend(slot)
            rounds.append(self.home.transcript[begin:])
            if number >= IN_VAIN and all(one == rounds[-1] for one in rounds[-IN_VAIN:]) and self.acted:
                break
            if not self.acted and number:
                return [slot.note(slot.status()["device"]["id"]) for slot in self.living()]
        stuck = [slot for slot in self.living() if not self.is_sound(slot.status())]
        raise Broken(f"stuck {self.plight_of(stuck[0])}" if stuck else "restless", "; ".join(map(self.trouble_of, stuck)))

    @staticmethod
    def plight_of(slot):
        status = slot.status()
        return " ".join(map(str, (status["identity"]["state"], status["identity"].get("reason"), status["trust"]["state"], status["trust"].get("reason"), status["vault"]["change"])))

    @staticmethod
    def trouble_of(slot):
        status = slot.status()
        text = slot.device.ctl("status").out.decode(errors="replace").split("\n\n")[0].replace("\n", " ")
        parts = {key: status[key].get(what) for key, what in (("identity", "state"), ("trust", "state"), ("vault", "change"), ("sync", "error"))}
        return f"{slot.name} {parts} {status['identity'].get('reason')}: {text}"

    def tend(self, slot):
        status = slot.status()
        if status.get("vault", {}).get("state") == "absent":
            return self.joins_anew(slot)
        if status["vault"]["state"] == "locked":
            self.unlocks(slot)
        said = self.home.do_sync(slot)
        status = slot.status()
        text = words_of(said) + slot.device.ctl("status").out.decode(errors="replace").split("\n\n")[0]
        if said.code == 0 and self.is_sound(status):
            return
        self.acted = True
        if "join with another" in text or "join anew" in text:
            self.is_refused(slot, text)
        elif "restart the program" in text:
            slot.stop()
            slot.start()
        elif "vaultctl repair" in text:
            self.repairs(slot)
        elif "vaultctl unlock" in text or said.code == 5:
            self.unlocks(slot)

    @staticmethod
    def is_sound(status):
        return (status["vault"]["state"] == "unlocked" and status["identity"]["state"] == "sound" and status["trust"]["state"] != "distrusted"
                and not status["device"].get("refused") and status["sync"]["pending"] == 0 and status["vault"]["change"] != "unsent")

    def tries_passwords(self, slot, *words):
        """The newest that was said to be in force, the one that opened it last, then the others that were ever tried."""
        said = None
        for password in self.home.passwords_for(slot):
            said = slot.ctl(*words, password=password)
            if said.code == 0:
                slot.opens_with = password
            if said.code != 6:
                return said
        return said

    def unlocks(self, slot):
        self.acted = True
        said = self.tries_passwords(slot, "unlock")
        if said.code == 6:
            raise Broken("no password", f"none of {len(self.truth.passwords)} passwords opens {slot.name}: {words_of(said)}")

    def repairs(self, slot):
        said = self.tries_passwords(slot, "repair")
        if said.code not in (0, 10):
            self.unlocks(slot)

    def is_refused(self, slot, text):
        """The person joins with another profile. So it may be for whom a person has revoked, and for nobody else."""
        slot.knows()
        lenient = "copies_and_passwords" in self.home.left_out and len(self.truth.passwords) > 1 and self.truth.copied & set(slot.folder.ids)
        if not lenient and not self.truth.revoked & set(slot.folder.ids):
            raise Broken("refused", f"{slot.name}, which nobody has revoked, is told: {text[:300]}")
        self.truth.excuse(slot.folder, "its device was revoked")
        slot.stop()
        slot.retired = True
        self.joins_anew(slot)

    def joins_anew(self, slot):
        """On the line that it had."""
        self.acted = True
        if not slot.retired:
            slot.stop()
            slot.retired = True
        again = self.home.add(f"{slot.name}+", slot.line)
        again.start()
        for password in self.truth.passwords[::-1]:
            if self.home.enrol(again, "join", password).code == 0:
                return
        raise Broken("no password", f"none of {len(self.truth.passwords)} passwords joins")
