/* One device's own state, its copies, the server's copy, the roll of an identity and the jump to a new vault key, as in
   crypto/FORMAT.md §4, §6 and §14.

   A device holds a durable store and an anchor. Each step below is what one transaction, one request or one accident does;
   steps of both devices interleave in every order. Device 1 is a copy of device 0, from the moment it is cloned.
   Everything that tests/model/model.py chooses (which accidents, how many, which seeded error, which properties) is an
   option in the environment; run it by `./run model`. A trail is told by the printf of its steps.

   Abstractions: a commit is its fields; a hash is the commit itself; K is the identity and the generation, one epoch each; salt
   is the tuple (r, counter, predecessor, after, plaintext), or r alone when the hedge is removed; ek is (K, salt); a plaintext is
   a set of writes. A jump and the commits that write again what it made void are one commit: one transaction makes them, and
   one request sends them. */

c_decl {
  \#include <stdlib.h>
  static int option(const char* name) { const char* text = getenv(name); return text ? atoi(text) : 0; }
  static struct { int writes, faults, rolls, crash, cut, lies, restore, clone, destroy, repeats, window, changes, theft, flip,
    seeded, checks; } opt;
}
#define OPT(name) (c_expr { opt.name })
#define SEEDED(error) (c_expr { opt.seeded & error })
#define CHECKED(property) (c_expr { opt.checks & property })

#define DEVICES 2
#define COMMITS 15
#define IDS 7
#define VERSIONS 11
#define CHANGES 2
#define NO_JUMP 255

/* ---- commits: everything that was ever sealed under a device key, sent or not ---- */

typedef Commit {
  byte key;     /* K: the identity, 1 .. IDS, and the generation */
  byte g;       /* generation of the vault key */
  byte r;       /* what the random generator gave: 0 always when it repeats */
  byte counter;
  byte seq;
  byte prev;    /* the commit before, 0 for the first */
  byte after;   /* of a jump: the commit that it goes on after; else NO_JUMP. What it has in pt are the commits that follow it at once */
  byte pt;      /* plaintext: a set of writes, one bit each */
  bool kept;    /* its transaction was durable once */
  byte all;     /* the writes of the chain up to here, without what is void */
  int line;     /* the commits of the chain up to here, one bit each, those that are void too */
  int counts;   /* the same, without what is void */
}
Commit commit[COMMITS + 1];
byte sealed;

#define IS_ON(a, b) ((a) == 0 || ((commit[b].line >> (a)) & 1))   /* a is b, or before b on its chain */
#define COUNTS(a, b) ((a) == 0 || ((commit[b].counts >> (a)) & 1))  /* the same, and not void on it */
#define ONE_SALT(a, b) (commit[a].key == commit[b].key && commit[a].g == commit[b].g && commit[a].r == commit[b].r && \
  (SEEDED(NO_HEDGE) || (commit[a].counter == commit[b].counter && commit[a].prev == commit[b].prev && \
  commit[a].after == commit[b].after && commit[a].pt == commit[b].pt)))
#define ONE_PAIR(a, b) (ONE_SALT(a, b) && commit[a].counter == commit[b].counter)

/* ---- the seeded errors, and the properties ---- */

#define NO_COUNTER 1      /* the counter is not advanced */
#define NO_HEDGE 2        /* the salt is the random bytes alone */
#define SENDS_BLINDLY 4   /* a roll that was made off-line is sent although the server's branch went on */
#define FORGETS 8         /* a roll does not seal again what was not sent */
#define NO_ANCHOR 16      /* the anchor is not looked at */
#define REUSES_SEQ 32     /* after an answer that says "failed" the commit is made again */
#define NO_RESCUE 64      /* what a former identity has on the server beyond its cut is left there */
#define TRUSTS_ACKS 128   /* a device that others have revoked takes for below their cut what was acknowledged to it */
#define REVOKED_PUSHES 256 /* a device that knows itself revoked goes on sending */
#define RESEALS 512       /* in place of a jump: what was not sent is sealed again, under the seqs that it had */
#define SENDS_OLD 1024    /* what waits is sent as it is, though a newer vault key is known */
#define JUMP_FORGETS 2048 /* what a jump makes void is not written again */
#define JUMPS_BELOW 4096  /* a jump goes on after what was acknowledged, whatever a keyring names */
#define NO_SECOND 8192    /* a jump that the server refuses is not followed by another */
#define JUDGES_FIRST 16384 /* the own chain is judged before keyrings are pulled: a new identity is made on the old ones */
#define UNVERIFIED 32768  /* own commits are sent without a look at hash and signature */
#define TAKES_ANY 65536   /* the server does not look whether the chain's device has signed */
#define GIVES_UP 131072   /* a new identity that was superseded is not made again */
#define TWO_STEPS 262144  /* a device follows in one transaction, and dies before the other one, which has the jump */

#define PAIR 1            /* no pair (ek, iv) has two ciphertexts */
#define PAIR_KEPT 2       /* the same, of commits whose transaction was durable: of these alone something can be sent */
#define SALT 4            /* no salt has two objects */
#define RISES 8           /* counters rise along a chain */
#define BYTES 16          /* the bytes of a seq do not change once handed to the network, while the state is kept */
#define NOTICED 32        /* a store that is behind its anchor is noticed before a write */
#define LOST 64           /* a write that was answered is applied by readers, or in the store of a device that is there, or
                             beyond a cut on the server and a device is there that was that identity and seals it again */
#define STAYS 128         /* what every reader applies stays applied: where nobody comes between the look at the old chain and the swap */
#define REVOKED 256       /* nothing is sent by a device that knows itself revoked */
#define STEP 512          /* a device that finds itself in step knows of no write that readers lack */
#define ROOM 2048         /* the tables of this model are large enough for the bounds */
#define OLD_KEY 4096      /* nothing is sent that was sealed under an older vault key than the newest that the device knows of */
#define CONVICTED 8192    /* no two commits of one seq are outside, signed by a device that keeps its state */
#define AGREES 16384      /* a device whose chain is not what its keyring names knows that it needs a new identity */
#define PASSED 32768      /* no jump passes over what its keyring names or the server has acknowledged */
#define NOISE 65536       /* the server has no commit that readers cannot verify */
#define CALM 131072       /* from each state, once accidents end and people do what is asked of them, all come in step, and readers
                             apply every write that was answered and that no accident took */
#define REACHED 1024      /* turned round: both devices have rolled, are in step, and every write is applied */

#define MUST(property, holds) \
  if :: CHECKED(property) && !(holds) -> printf("BROKEN %d\n", property); assert(false) :: else fi

/* ---- devices ---- */

#define SERVER 1          /* why a roll waits: the server has commits of ours that we do not have */
#define OUT 2             /* we are revoked, or refused */
#define SUPERSEDED 3      /* the version that we made can no longer be the next one */
#define DAMAGED 4         /* a commit that was not sent is not what we signed */

typedef Store {           /* one LMDB file: each step that writes it is one transaction */
  byte id, head, counter, acked;
  byte safe;              /* writes that a pull or a roll has found applied by readers */
  byte version;           /* newest keyring version that we verified */
  byte unsent;            /* a version that we made and that the server has not confirmed, 0 for none */
  byte old;               /* the identity before this one on the server, 0 for none */
  byte formers;           /* all identities before this one: a set */
  byte why;               /* 0 sound, or why a roll waits */
  byte g;                 /* generation that we followed: what we seal is under it */
  byte bad;               /* a commit whose bytes have changed since it was signed, 0 for none */
}
typedef Device {
  Store db;               /* what the process sees, and what survives the process */
  Store disk;             /* what survives a power cut: differs when an fsync was lost */
  byte anchor_id, anchor_head, anchor_machine;
  byte machine;           /* fingerprint */
  bool there, open;
  bool held;              /* unlocking has found the state older or copied: no write before a roll */
  bool looked;            /* the old chain on the server was seen to end at the cut */
  byte staged;            /* sealed, and its transaction not yet durable */
  byte sent;              /* newest commit handed to the network under this identity */
}
Device dev[DEVICES];
Store backup; byte backup_anchor_id, backup_anchor_head, backup_machine; bool has_backup;

/* ---- identities, keyring versions, the server ---- */

typedef Identity { byte old, counter, version, machine }   /* what it was derived from, beside the random bytes */
Identity identity[IDS + 1];
byte ids = 1;
typedef Version { byte prev, revokes, cut, adds, listed, revoked, g }   /* listed, revoked: sets of identities */
Version keyring[VERSIONS + 1];
byte versions = 1;
typedef Change { byte head[IDS + 1] }   /* what the version that brought generation g names of each chain, at g - 1 */
Change change[CHANGES + 1];
#define G(v) keyring[v].g
#define NAMED(v, id) change[G(v) - 1].head[id]

byte server_version = 1;
byte server_head[IDS + 1];
byte applied;             /* writes that every honest reader of the server applies */
byte beyond[IDS + 1];     /* writes of each identity's chain on the server that are beyond its cut */
byte written, answered;   /* number of writes begun; set of writes answered */
byte excused;             /* writes that were only in a store that an accident destroyed */
byte faults;
byte stolen;              /* a thief has the chain up to here, and NET_d */
int outside;              /* commits that somebody else can have: sent, or stolen */
byte set_back;            /* identities that a device had which was copied, or lost a part of its state */
bool over;

#define LISTED(v, id) ((keyring[v].listed >> (id)) & 1)
#define OUT_IN(v, id) ((keyring[v].revoked >> (id)) & 1)
#define ACTIVE(v, id) (LISTED(v, id) && !OUT_IN(v, id))
#define OWN(i) (commit[dev[i].db.head].all & ~(dev[i].db.bad -> commit[dev[i].db.bad].pt : 0))   /* what it can read of its chain */
#define HAS(i) (dev[i].there -> (dev[i].db.safe | OWN(i)) : 0)
#define MUST_JUMP(i) (dev[i].db.g != G(dev[i].db.version) || !COUNTS(dev[i].db.acked, dev[i].db.head))
#define BEHIND(i) (!(dev[i].anchor_id == dev[i].db.id && IS_ON(dev[i].anchor_head, dev[i].db.head)) && \
  !((dev[i].db.formers >> dev[i].anchor_id) & 1))
#define WAS(i, which) (dev[i].there && (dev[i].db.id == which || ((dev[i].db.formers >> (which)) & 1)))

/* Scratch of a step; all zero between steps, so that they make no states. */
byte k, x, v, victim, cut, fresh, made, lacking, before, known, first, who, round;
bool again, fits;
inline done() {
  k = 0; x = 0; v = 0; victim = 0; cut = 0; fresh = 0; made = 0; lacking = 0; before = 0; known = 0; first = 0; who = 0; round = 0;
  again = false; fits = false
}

inline copy(to, from) {
  to.id = from.id; to.head = from.head; to.counter = from.counter; to.acked = from.acked; to.safe = from.safe;
  to.version = from.version; to.unsent = from.unsent; to.old = from.old; to.formers = from.formers; to.why = from.why; to.g = from.g;
  to.bad = from.bad
}
inline keep(i) { copy(dev[i].disk, dev[i].db) }

/* x becomes the commit with these fields; equal fields are equal ciphertext, and one commit. */
inline seal(k_, g_, counter_, prev_, after_, pt_) {
  x = 0;
  if
  :: OPT(repeats) ->
    k = 1;
    do
    :: k <= sealed ->
      if
      :: commit[k].key == k_ && commit[k].g == g_ && commit[k].counter == counter_ && commit[k].prev == prev_ &&
         commit[k].after == after_ && commit[k].pt == pt_ -> x = k
      :: else
      fi;
      k++
    :: else -> break
    od
  :: else
  fi;
  if
  :: x == 0 ->
    MUST(ROOM, sealed < COMMITS);
    sealed++; x = sealed;
    commit[x].key = k_; commit[x].g = g_; commit[x].counter = counter_; commit[x].prev = prev_; commit[x].after = after_;
    commit[x].pt = pt_; commit[x].seq = commit[prev_].seq + 1;
    if :: OPT(repeats) :: else -> commit[x].r = sealed fi;
    first = (after_ == NO_JUMP -> prev_ : after_);
    commit[x].all = commit[first].all | pt_;
    commit[x].line = commit[prev_].line | (1 << x);
    commit[x].counts = commit[first].counts | (1 << x);
    MUST(RISES, prev_ == 0 || commit[prev_].counter < counter_);
    k = 1;
    do
    :: k < x -> MUST(PAIR, !ONE_PAIR(k, x)); MUST(SALT, !ONE_SALT(k, x)); k++
    :: else -> break
    od
  :: else
  fi
}

/* Commit x_ is durable, so it may be sent. */
inline make_durable(x_) {
  commit[x_].kept = true;
  k = 1;
  do
  :: k <= sealed -> MUST(PAIR_KEPT, k == x_ || !commit[k].kept || !ONE_PAIR(k, x_)); k++
  :: else -> break
  od
}

/* What readers apply: each chain of the server's keyring, the revoked ones up to their cut. */
inline count_applied() {
  before = applied; applied = 0; v = server_version;
  k = 1;
  do
  :: k <= ids ->
    beyond[k] = 0;
    if :: ACTIVE(server_version, k) -> applied = applied | commit[server_head[k]].all :: else fi;
    k++
  :: else -> break
  od;
  do
  :: v != 0 ->
    cut = keyring[v].cut;
    if
    :: keyring[v].revokes == 0
    :: keyring[v].revokes != 0 && IS_ON(cut, server_head[keyring[v].revokes]) -> applied = applied | commit[cut].all
    :: else -> applied = applied | commit[server_head[keyring[v].revokes]].all
    fi;
    if :: keyring[v].revokes -> beyond[keyring[v].revokes] = commit[server_head[keyring[v].revokes]].all & ~commit[cut].all :: else fi;
    v = keyring[v].prev
  :: else -> break
  od;
  MUST(STAYS, (before & ~applied) == 0)
}

/* lacking becomes what was answered and is nowhere. */
inline find_lost() {
  lacking = answered & ~(applied | HAS(0) | HAS(1)); k = 1;
  do
  :: k <= ids -> if :: !SEEDED(NO_RESCUE) && (WAS(0, k) || WAS(1, k)) -> lacking = lacking & ~beyond[k] :: else fi; k++
  :: else -> break
  od
}
inline nothing_lost() { find_lost(); MUST(LOST, (lacking & ~excused) == 0) }
inline accident() { faults++; find_lost(); excused = excused | lacking }

inline write_anchor(i) {
  dev[i].anchor_id = dev[i].db.id; dev[i].anchor_head = dev[i].db.head; dev[i].anchor_machine = dev[i].machine
}
inline close(i) { dev[i].open = false; dev[i].held = false; dev[i].looked = false; dev[i].staged = 0 }

/* What a set is written of: bit 0 is write 0. */
inline begin_write(i, writes) {
  MUST(NOTICED, identity[dev[i].db.id].machine == dev[i].machine &&   /* said without BEHIND, which is what it judges */
    (dev[i].anchor_id == dev[i].db.id -> IS_ON(dev[i].anchor_head, dev[i].db.head) : (dev[i].db.formers >> dev[i].anchor_id) & 1));
  printf("device %d seals set %d as identity %d, counter %d, after commit %d\n",
         i, writes, dev[i].db.id, dev[i].db.counter, dev[i].db.head);
  seal(dev[i].db.id, dev[i].db.g, dev[i].db.counter, dev[i].db.head, NO_JUMP, writes);
  dev[i].staged = x
}

#define STRANDED(i, former) (((dev[i].db.formers >> former) & 1) && OUT_IN(dev[i].db.version, former) && (beyond[former] & ~HAS(i)))
#define MAY_RESCUE(i) (!SEEDED(NO_RESCUE) && (STRANDED(i, 1) || STRANDED(i, 2) || STRANDED(i, 3) || STRANDED(i, 4) || STRANDED(i, 5) || \
  STRANDED(i, 6) || STRANDED(i, 7)))
/* lacking becomes what the server has beyond the cut of an identity that this device was, and this device has not. */
inline find_stranded(i) {
  k = 1;
  do
  :: k <= ids ->
    if :: OUT_IN(dev[i].db.version, k) && ((dev[i].db.formers >> k) & 1) -> lacking = lacking | beyond[k] :: else fi;
    k++
  :: else -> break
  od;
  lacking = lacking & ~HAS(i)
}

inline end_write(i) {
  x = dev[i].staged;
  printf("device %d stores commit %d and answers\n", i, x);
  dev[i].staged = 0;
  make_durable(x);
  dev[i].db.head = x;
  if :: SEEDED(NO_COUNTER) :: else -> dev[i].db.counter = dev[i].db.counter + 1 fi;
  answered = answered | commit[x].pt
}

/* ---- the network ---- */

inline confirm(i) { dev[i].db.acked = dev[i].db.head }

/* fits: whether the server, with `end` of that chain, takes what of head_ it has not: the first of it links to its end, or is a
   jump that goes on after it. */
inline find_fit(end, head_) {
  fits = COUNTS(end, head_); k = 1;
  do
  :: k <= sealed -> if :: commit[k].after != NO_JUMP && COUNTS(k, head_) && commit[k].prev == end -> fits = true :: else fi; k++
  :: else -> break
  od
}

/* Those commits are outside now. */
inline give_away(some) {
  outside = outside | (some); k = 1;
  do
  :: k < sealed ->
    first = k + 1;
    do
    :: first <= sealed ->
      MUST(CONVICTED, !((outside >> k) & 1) || !((outside >> first) & 1) || commit[k].key != commit[first].key ||
        commit[k].seq != commit[first].seq || ((set_back >> commit[k].key) & 1));
      first++
    :: else -> break
    od;
    k++
  :: else -> break
  od
}

#define UNSENT(i) (commit[dev[i].db.head].counts & ~commit[dev[i].db.acked].line)
#define BAD_WAITS(i) (dev[i].db.bad != 0 && ((UNSENT(i) >> dev[i].db.bad) & 1))

/* What is sent was sealed under the newest vault key that is known. */
inline check_keys(i) {
  k = 1;
  do
  :: k <= sealed -> MUST(OLD_KEY, !((UNSENT(i) >> k) & 1) || commit[k].g == G(dev[i].db.version)); k++
  :: else -> break
  od
}

/* All of the own chain that is not acknowledged goes out, but what is void; arrives, heard: whether it and its answer do. */
inline push(i, arrives, heard) {
  printf("device %d sends its chain, commit %d\n", i, dev[i].db.head);
  MUST(REVOKED, !OUT_IN(dev[i].db.version, dev[i].db.id));
  MUST(BYTES, IS_ON(dev[i].sent, dev[i].db.head) || IS_ON(dev[i].db.head, dev[i].sent));
  check_keys(i);
  if :: IS_ON(dev[i].sent, dev[i].db.head) -> dev[i].sent = dev[i].db.head :: else fi;
  give_away(commit[dev[i].db.head].counts);
  if :: dev[i].open -> write_anchor(i) :: else fi;
  find_fit(server_head[dev[i].db.id], dev[i].db.head);
  if
  :: arrives && OUT_IN(server_version, dev[i].db.id) ->
    printf("  (refused, answer %d)\n", heard);
    if :: heard -> dev[i].db.why = OUT :: else fi
  :: arrives && !OUT_IN(server_version, dev[i].db.id) && fits ->
    server_head[dev[i].db.id] = dev[i].db.head;
    printf("  (stored, answer %d)\n", heard);
    if :: heard -> confirm(i) :: else fi
  :: arrives && !OUT_IN(server_version, dev[i].db.id) && !fits ->
    printf("  (the server has commit %d of that identity, answer %d)\n", server_head[dev[i].db.id], heard);
    if
    :: heard && IS_ON(dev[i].db.head, server_head[dev[i].db.id]) -> confirm(i)
    :: heard && IS_ON(server_head[dev[i].db.id], dev[i].db.head) && dev[i].db.head != server_head[dev[i].db.id] ->
      dev[i].db.acked = server_head[dev[i].db.id]   /* a jump made that void: another one follows */
    :: heard && !IS_ON(dev[i].db.head, server_head[dev[i].db.id]) && !IS_ON(server_head[dev[i].db.id], dev[i].db.head) ->
      dev[i].db.why = SERVER
    :: else
    fi
  :: !arrives ->
    printf("  (not stored, answer %d)\n", heard);
    if :: heard -> confirm(i) :: else fi
  fi;
  if
  :: SEEDED(REUSES_SEQ) && !heard && dev[i].db.head != 0 && !dev[i].staged && dev[i].open ->
    seal(dev[i].db.id, dev[i].db.g, dev[i].db.counter, commit[dev[i].db.head].prev, NO_JUMP, commit[dev[i].db.head].pt);
    dev[i].db.head = x; dev[i].db.counter = dev[i].db.counter + 1; commit[x].kept = true;
    printf("device %d makes the commit again, as commit %d\n", i, x)
  :: else
  fi;
  count_applied(); keep(i); nothing_lost()
}

/* Own commits are verified before anything leaves. */
inline send(i, arrives, heard) {
  if
  :: BAD_WAITS(i) && !SEEDED(UNVERIFIED) ->
    printf("device %d finds that commit %d is not what it signed\n", i, dev[i].db.bad);
    dev[i].db.why = DAMAGED; keep(i)
  :: BAD_WAITS(i) && SEEDED(UNVERIFIED) ->
    printf("device %d sends its chain with the changed commit %d\n", i, dev[i].db.bad);
    MUST(NOISE, !arrives || !SEEDED(TAKES_ANY))   /* else it is refused, and sent again */
  :: else -> push(i, arrives, heard)
  fi
}

/* ---- a new vault key ---- */

inline move_head(i) { make_durable(x); dev[i].db.head = x; dev[i].db.counter = dev[i].db.counter + 1 }

/* In one transaction: the generation of the newest keyring version that was pulled is ours, and what was not sent is void, and
   written again after a jump. */
inline follow(i) {
  v = dev[i].db.version; before = NAMED(v, dev[i].db.id);
  printf("device %d follows to generation %d\n", i, G(v));
  if
  :: SEEDED(RESEALS) || SEEDED(JUMPS_BELOW)
  :: else ->
    if
    :: !IS_ON(before, dev[i].db.head) && !IS_ON(dev[i].db.head, before) -> dev[i].db.why = SERVER
    :: before != dev[i].db.head && IS_ON(dev[i].db.head, before) -> dev[i].db.why = SERVER
    :: IS_ON(before, dev[i].db.head) && IS_ON(dev[i].db.acked, before) -> dev[i].db.acked = before
    :: else
    fi
  fi;
  if
  :: dev[i].db.why == 0 && BAD_WAITS(i) -> dev[i].db.why = DAMAGED
  :: dev[i].db.why == 0 && !BAD_WAITS(i) ->
    dev[i].db.g = G(v);
    cut = dev[i].db.acked; known = OWN(i) & ~commit[cut].all;
    if
    :: SEEDED(RESEALS) && dev[i].db.head != dev[i].db.acked && dev[i].db.head != dev[i].sent ->
      if :: IS_ON(cut, dev[i].sent) -> cut = dev[i].sent :: else fi;
      known = OWN(i) & ~commit[cut].all;
      seal(dev[i].db.id, dev[i].db.g, dev[i].db.counter, cut, NO_JUMP, known);
      printf("  (seals set %d again, as commit %d after commit %d)\n", known, x, cut);
      move_head(i)
    :: !SEEDED(RESEALS) && !SEEDED(TWO_STEPS) && dev[i].db.head != dev[i].db.acked ->
      if :: SEEDED(JUMP_FORGETS) -> known = 0 :: else fi;
      MUST(PASSED, IS_ON(before, cut));
      seal(dev[i].db.id, dev[i].db.g, dev[i].db.counter, dev[i].db.head, cut, known);
      printf("  (jumps: commit %d goes on after commit %d, and writes set %d again)\n", x, cut, known);
      move_head(i)
    :: else
    fi;
    MUST(AGREES, IS_ON(before, dev[i].db.head))
  :: else -> printf("  (it needs a new identity: %d)\n", dev[i].db.why)
  fi
}
#define MAY_FOLLOW(i) (dev[i].open && !dev[i].held && !dev[i].staged && !dev[i].db.why && !dev[i].db.unsent && MUST_JUMP(i) && \
  !(SEEDED(NO_SECOND) && dev[i].db.g == G(dev[i].db.version)))

/* Somebody else changes the password: a version with a new vault key, which names what the server has. */
inline change_password() {
  v = server_version;
  MUST(ROOM, versions < VERSIONS);
  versions++;
  keyring[versions].prev = v; keyring[versions].listed = keyring[v].listed; keyring[versions].revoked = keyring[v].revoked;
  keyring[versions].g = G(v) + 1;
  k = 1;
  do
  :: k <= ids -> change[G(v)].head[k] = server_head[k]; k++
  :: else -> break
  od;
  server_version = versions;
  printf("somebody changes the password: keyring version %d\n", versions)
}

#define IN_STEP(i) (dev[i].there && !dev[i].db.why && !dev[i].db.unsent && dev[i].db.head == dev[i].db.acked && \
  dev[i].db.version == server_version && ACTIVE(server_version, dev[i].db.id) && dev[i].db.g == G(server_version))

/* An answer that withholds is one that does not come: it tells the device nothing that it did not know. */
inline pull(i) {
  printf("device %d pulls: keyring version %d\n", i, server_version);
  if
  :: dev[i].db.unsent != 0 && server_version == dev[i].db.unsent ->
    dev[i].db.version = dev[i].db.unsent; dev[i].db.unsent = 0; dev[i].looked = false
  :: dev[i].db.unsent != 0 && server_version != dev[i].db.unsent && server_version != dev[i].db.version -> dev[i].db.why = SUPERSEDED
  :: dev[i].db.unsent != 0 && server_version == dev[i].db.version
  :: dev[i].db.unsent == 0 && OUT_IN(server_version, dev[i].db.id) ->
    dev[i].db.why = OUT; dev[i].db.version = server_version; dev[i].db.safe = applied
  :: dev[i].db.unsent == 0 && !OUT_IN(server_version, dev[i].db.id) && !IS_ON(server_head[dev[i].db.id], dev[i].db.head) ->
    if :: dev[i].db.why == 0 -> dev[i].db.why = SERVER :: else fi
  :: dev[i].db.unsent == 0 && !OUT_IN(server_version, dev[i].db.id) && IS_ON(server_head[dev[i].db.id], dev[i].db.head) ->
    if
    :: IS_ON(dev[i].db.acked, server_head[dev[i].db.id]) ->
      dev[i].db.acked = server_head[dev[i].db.id];
      dev[i].db.safe = applied;
      dev[i].db.version = server_version;
      lacking = HAS(i); k = 1;
      do
      :: k <= ids -> if :: (dev[i].db.formers >> k) & 1 -> lacking = lacking | beyond[k] :: else fi; k++
      :: else -> break
      od;
      MUST(STEP, dev[i].db.why || dev[i].db.head != dev[i].db.acked || MAY_RESCUE(i) || (lacking & ~applied) == 0)
    :: else   /* the server lacks what it had acknowledged: distrusted */
    fi
  fi;
  MUST(REACHED, !(written == OPT(writes) && IN_STEP(0) && IN_STEP(1) && dev[0].db.id > 1 && dev[1].db.id > 1 &&
                  applied == (1 << written) - 1));
  keep(i); nothing_lost()
}

/* ---- the roll ---- */

#define BASE(i, online) ((online && !SEEDED(JUDGES_FIRST)) -> server_version : dev[i].db.version)

/* x, fresh, victim, cut, lacking: what a roll seals again, and for which new identity. */
inline plan_roll(i, online, repeated) {
  v = BASE(i, online);
  victim = (ACTIVE(v, dev[i].db.id) -> dev[i].db.id : (dev[i].db.old != 0 && ACTIVE(v, dev[i].db.old) -> dev[i].db.old : 0));
  cut = 0;
  if
  :: victim != 0 && online -> cut = server_head[victim]
  :: victim != 0 && !online && victim == dev[i].db.id ->
    cut = (IS_ON(dev[i].db.acked, NAMED(v, victim)) -> NAMED(v, victim) : dev[i].db.acked)   /* no version may name less */
  :: victim != 0 && !online && victim != dev[i].db.id -> cut = keyring[dev[i].db.unsent].cut
  :: victim == 0   /* others have revoked us: their cut counts, whatever was acknowledged */ ->
    k = v;
    do
    :: k != 0 && keyring[k].revokes != dev[i].db.id -> k = keyring[k].prev
    :: else -> break
    od;
    cut = keyring[k].cut
  fi;
  known = (online -> applied : dev[i].db.safe | (IS_ON(cut, dev[i].db.head) || victim -> commit[cut].all : 0));
  if :: SEEDED(TRUSTS_ACKS) && !online -> known = known | commit[dev[i].db.acked].all :: else fi;
  lacking = (SEEDED(FORGETS) -> 0 : HAS(i) & ~known);
  if :: victim == 0 -> cut = 0 :: else fi;   /* this version revokes nobody */
  fresh = ids + 1;
  k = 2;
  do
  :: k <= ids ->
    if
    :: repeated && identity[k].old == dev[i].db.id && identity[k].counter == dev[i].db.counter &&
       identity[k].version == v && identity[k].machine == dev[i].machine ->
      fresh = k; set_back = set_back | (1 << k)   /* two devices with one random generator can become one */
    :: else
    fi;
    k++
  :: else -> break
  od;
  if
  :: fresh > ids ->
    MUST(ROOM, ids < IDS);
    ids = fresh;
    identity[fresh].old = dev[i].db.id; identity[fresh].counter = dev[i].db.counter;
    identity[fresh].version = v; identity[fresh].machine = dev[i].machine
  :: else
  fi;
  x = 0;
  printf("device %d rolls (on-line %d) to identity %d, revokes identity %d at commit %d, seals again set %d\n",
         i, online, fresh, victim, cut, lacking);
  if :: lacking != 0 -> seal(fresh, G(v), 0, 0, NO_JUMP, lacking) :: else fi
}

/* made becomes the keyring version of the plan; equal fields from equal random bytes are equal bytes. */
inline make_version(repeated) {
  k = 2;
  do
  :: k <= versions ->
    if
    :: repeated && keyring[k].prev == v && keyring[k].revokes == victim && keyring[k].cut == cut && keyring[k].adds == fresh -> break
    :: else -> k++
    fi
  :: else -> break
  od;
  if
  :: k > versions ->
    MUST(ROOM, versions < VERSIONS);
    versions = k;
    keyring[k].prev = v; keyring[k].revokes = victim; keyring[k].cut = cut; keyring[k].adds = fresh; keyring[k].g = G(v);
    keyring[k].listed = keyring[v].listed | (1 << fresh);
    keyring[k].revoked = keyring[v].revoked | (victim != 0 -> 1 << victim : 0)
  :: else
  fi;
  made = k
}

inline roll(i, online, repeated) {
  plan_roll(i, online, repeated);
  make_version(repeated);
  if :: victim != 0 -> dev[i].db.old = victim :: else fi;
  dev[i].db.formers = dev[i].db.formers | (1 << dev[i].db.id);
  dev[i].db.id = fresh; dev[i].db.head = x; dev[i].db.counter = (x != 0 -> 1 : 0); dev[i].db.acked = 0;
  dev[i].db.safe = known; dev[i].db.version = v; dev[i].db.unsent = made; dev[i].db.why = 0; dev[i].db.g = G(v);
  dev[i].db.bad = 0;
  dev[i].held = false; dev[i].looked = online; dev[i].sent = 0;
  if :: x != 0 -> make_durable(x) :: else fi;
  nothing_lost()
}

#define CUT_HOLDS(i) (keyring[dev[i].db.unsent].revokes == 0 || \
  server_head[keyring[dev[i].db.unsent].revokes] == keyring[dev[i].db.unsent].cut)
#define SWAP_MAY(i) (server_version == keyring[dev[i].db.unsent].prev && \
  (SEEDED(SENDS_BLINDLY) || (OPT(window) -> dev[i].looked : CUT_HOLDS(i))))

inline swap(i, heard) {
  if :: dev[i].open -> write_anchor(i) :: else fi;
  if
  :: server_version != dev[i].db.unsent && SWAP_MAY(i) ->
    server_version = dev[i].db.unsent;
    printf("device %d swaps the keyring to version %d, answer %d\n", i, server_version, heard)
  :: server_version != dev[i].db.unsent && !SWAP_MAY(i) ->
    printf("device %d may not swap the keyring to version %d\n", i, dev[i].db.unsent);
    if :: heard -> dev[i].db.why = SUPERSEDED :: else fi
  :: else -> printf("device %d finds its version %d in place\n", i, server_version)
  fi;
  if
  :: heard && server_version == dev[i].db.unsent ->
    dev[i].db.version = dev[i].db.unsent; dev[i].db.unsent = 0; dev[i].looked = false
  :: else
  fi;
  count_applied(); keep(i); nothing_lost()
}

#define STOPS(i) (SEEDED(GIVES_UP) && dev[i].db.why == SUPERSEDED)
#define MAY_ROLL(i) (dev[i].open && !dev[i].staged && !STOPS(i) && (dev[i].held || dev[i].db.why) && ids < 1 + OPT(rolls))
#define OFFLINE_TOO(i) (dev[i].db.why != SUPERSEDED && (dev[i].db.why != OUT || OUT_IN(dev[i].db.version, dev[i].db.id)))
#define MAY_PUSH(i) (dev[i].there && dev[i].db.head != dev[i].db.acked && dev[i].db.unsent == 0 && !dev[i].held && \
  (!MUST_JUMP(i) || SEEDED(SENDS_OLD)) && (dev[i].db.why == 0 || (SEEDED(REVOKED_PUSHES) && dev[i].db.why == OUT)))
#define FAULT(kind) (faults < OPT(faults) && OPT(kind))

/* ---- who does what ---- */

proctype a_device(byte i) provided (!over) {
end:
  do
  :: d_step { dev[i].there && !dev[i].open ->
       dev[i].open = true; dev[i].held = !SEEDED(NO_ANCHOR) && (BEHIND(i) || dev[i].anchor_machine != dev[i].machine);
       printf("device %d is unlocked, held %d\n", i, dev[i].held); done() }
  :: d_step { dev[i].open && !dev[i].held && !dev[i].staged && dev[i].db.g == G(dev[i].db.version) && written < OPT(writes) ->
       begin_write(i, 1 << written); written++; done() }
  :: d_step { dev[i].open && !dev[i].held && !dev[i].staged && !dev[i].db.why && !dev[i].db.unsent && !MUST_JUMP(i) && MAY_RESCUE(i) ->
       find_stranded(i); printf("device %d finds set %d beyond the cut of an identity it was\n", i, lacking);
       known = lacking; begin_write(i, known); done() }
  :: d_step { dev[i].staged -> end_write(i); keep(i); nothing_lost(); done() }
  :: d_step { dev[i].staged && OPT(cut) -> end_write(i); printf("  (that fsync was lost)\n"); nothing_lost(); done() }
  :: d_step { dev[i].open && !dev[i].held && !dev[i].staged &&
              (dev[i].anchor_id != dev[i].db.id || dev[i].anchor_head != dev[i].db.head) ->
       write_anchor(i); printf("device %d writes its anchor\n", i); done() }
  :: d_step { MAY_PUSH(i) && !dev[i].staged -> send(i, true, true); done() }
  :: d_step { MAY_PUSH(i) && !dev[i].staged -> send(i, true, false); done() }
  :: d_step { MAY_PUSH(i) && !dev[i].staged -> send(i, false, false); done() }
  :: d_step { MAY_PUSH(i) && !dev[i].staged && OPT(lies) -> send(i, false, true); done() }
  :: d_step { MAY_FOLLOW(i) -> follow(i); keep(i); nothing_lost(); done() }
  :: d_step { MAY_FOLLOW(i) && OPT(cut) -> follow(i); printf("  (that fsync was lost)\n"); nothing_lost(); done() }
  :: d_step { MAY_FOLLOW(i) && FAULT(crash) ->
       follow(i); keep(i); nothing_lost(); close(i); faults++; printf("device %d dies before its anchor is written\n", i); done() }
  :: d_step { OPT(changes) && dev[i].there && !dev[i].staged && !dev[i].db.unsent && !dev[i].db.why && dev[i].db.version != server_version &&
              !OUT_IN(server_version, dev[i].db.id) ->
       dev[i].db.version = server_version; keep(i);
       printf("device %d pulls keyring version %d, and no heads\n", i, server_version); done() }
  :: d_step { dev[i].there && !dev[i].staged -> pull(i); done() }
  :: d_step { MAY_ROLL(i) -> roll(i, true, false); keep(i); write_anchor(i); done() }
  :: d_step { MAY_ROLL(i) && OFFLINE_TOO(i) -> roll(i, false, false); keep(i); write_anchor(i); done() }
  :: d_step { MAY_ROLL(i) && OPT(repeats) -> roll(i, true, true); keep(i); write_anchor(i); done() }
  :: d_step { MAY_ROLL(i) && OPT(repeats) && OFFLINE_TOO(i) -> roll(i, false, true); keep(i); write_anchor(i); done() }
  :: d_step { MAY_ROLL(i) && OPT(cut) && OFFLINE_TOO(i) -> roll(i, false, false); write_anchor(i); printf("  (that fsync was lost)\n"); done() }
  :: d_step { MAY_ROLL(i) && OFFLINE_TOO(i) && FAULT(crash) ->
       roll(i, false, false); keep(i); close(i); faults++; printf("device %d dies before its anchor is written\n", i); done() }
  :: d_step { MAY_ROLL(i) && FAULT(crash) ->
       again = OPT(repeats); plan_roll(i, true, again); close(i); faults++;
       printf("device %d dies before that roll is stored\n", i); done() }
  :: d_step { dev[i].db.unsent && dev[i].there && !dev[i].db.why && !dev[i].looked && CUT_HOLDS(i) && OPT(window) ->
       dev[i].looked = true; printf("device %d looks at its old chain on the server\n", i); done() }
  :: d_step { dev[i].there && dev[i].db.unsent && !dev[i].db.why && !dev[i].held && !dev[i].staged -> swap(i, true); done() }
  :: d_step { dev[i].there && dev[i].db.unsent && !dev[i].db.why && !dev[i].held && !dev[i].staged -> swap(i, false); done() }
  :: d_step { dev[i].open && FAULT(crash) -> close(i); accident(); printf("device %d dies\n", i); done() }
  :: d_step { dev[i].there && FAULT(cut) ->
       close(i);
       if :: dev[i].db.head != dev[i].disk.head || dev[i].db.id != dev[i].disk.id -> dev[i].sent = 0 :: else fi;
       set_back = set_back | (dev[i].db.head != dev[i].disk.head -> 1 << dev[i].db.id : 0);
       copy(dev[i].db, dev[i].disk);
       accident(); printf("device %d loses power: identity %d, head %d are left\n", i, dev[i].db.id, dev[i].db.head); done() }
  :: d_step { dev[i].there && dev[i].db.head != dev[i].db.acked && dev[i].db.bad == 0 && FAULT(flip) ->
       dev[i].db.bad = dev[i].db.head;
       if :: dev[i].disk.head == dev[i].db.head -> dev[i].disk.bad = dev[i].db.bad :: else fi;
       accident(); printf("a bit of commit %d flips in the store of device %d\n", dev[i].db.bad, i); done() }
  :: d_step { dev[i].there && FAULT(destroy) ->
       close(i); dev[i].there = false; accident(); printf("device %d is destroyed\n", i); done() }
  od
}

inline forget() {
  c_code {
    memset(now.dev, 0, sizeof now.dev); memset(now.commit, 0, sizeof now.commit); memset(now.keyring, 0, sizeof now.keyring);
    memset(now.identity, 0, sizeof now.identity); memset(now.change, 0, sizeof now.change); memset(&now.backup, 0, sizeof now.backup);
    memset(now.server_head, 0, sizeof now.server_head); memset(now.beyond, 0, sizeof now.beyond);
  };
  sealed = 0; backup_anchor_id = 0; backup_anchor_head = 0; backup_machine = 0; has_backup = false; ids = 0; versions = 0;
  server_version = 0; applied = 0; written = 0; answered = 0; excused = 0; faults = 0; stolen = 0; outside = 0; set_back = 0
}

inline clone() {
  copy(dev[1].db, dev[0].db); copy(dev[1].disk, dev[0].disk);
  dev[1].anchor_id = dev[0].anchor_id; dev[1].anchor_head = dev[0].anchor_head; dev[1].anchor_machine = dev[0].anchor_machine;
  dev[1].machine = dev[0].machine; dev[1].sent = dev[0].sent; dev[1].there = true; faults++;
  set_back = set_back | (1 << dev[0].db.id)
}

/* The server is honest and all arrives; each device does what it can, and what its person is asked for. */
inline attend(i) {
  if
  :: dev[i].there ->
    if :: !dev[i].open -> dev[i].open = true; dev[i].held = BEHIND(i) || dev[i].anchor_machine != dev[i].machine :: else fi;
    if :: dev[i].staged -> end_write(i) :: else fi;
    if   /* a repair */
    :: dev[i].db.unsent == 0 && !dev[i].db.why && IS_ON(server_head[dev[i].db.id], dev[i].db.acked) -> dev[i].db.acked = server_head[dev[i].db.id]
    :: else
    fi;
    pull(i);
    if :: MAY_FOLLOW(i) -> follow(i) :: else fi;
    if :: MAY_PUSH(i) -> send(i, true, true) :: else fi;
    if :: (dev[i].held || dev[i].db.why) && !STOPS(i) -> roll(i, true, false) :: else fi;
    if :: dev[i].db.unsent && !dev[i].db.why -> swap(i, true) :: else fi;
    pull(i);
    if :: MAY_FOLLOW(i) -> follow(i) :: else fi;
    if
    :: !dev[i].held && !dev[i].db.why && !dev[i].db.unsent && !MUST_JUMP(i) && MAY_RESCUE(i) ->
      find_stranded(i); known = lacking; begin_write(i, known); end_write(i)
    :: else
    fi;
    if :: MAY_PUSH(i) -> send(i, true, true) :: else fi;
    pull(i);
    printf("  (device %d at the end of its round: why %d, unsent version %d, head %d, acknowledged %d)\n",
           i, dev[i].db.why, dev[i].db.unsent, dev[i].db.head, dev[i].db.acked)
  :: else
  fi
}

inline all_come_in_step() {
  who = 0; round = 0;
  do
  :: round < 6 -> who = round % 2; attend(who); round++
  :: else -> break
  od;
  MUST(CALM, (IN_STEP(0) || !dev[0].there) && (IN_STEP(1) || !dev[1].there) && (answered & ~excused & ~applied) == 0)
}

proctype the_owner() provided (!over) {
end:
  do
  :: d_step { CHECKED(CALM) -> printf("from here on all is well\n"); all_come_in_step(); over = true; forget(); done() }
  :: d_step { G(server_version) <= OPT(changes) -> change_password(); done() }
  :: d_step { stolen == 0 && dev[0].there && dev[0].db.head != 0 && FAULT(theft) ->
       stolen = dev[0].db.head; faults++; printf("the folder of device 0 is stolen, with commit %d\n", stolen);
       give_away(commit[stolen].line); done() }
  :: d_step { stolen != 0 && ACTIVE(server_version, commit[stolen].key) && !IS_ON(stolen, server_head[commit[stolen].key]) ->
       find_fit(server_head[commit[stolen].key], stolen);
       if :: fits -> server_head[commit[stolen].key] = stolen; printf("the thief sends commit %d\n", stolen) :: else fi;
       count_applied(); nothing_lost(); done() }
  :: d_step { stolen != 0 && SEEDED(TAKES_ANY) -> printf("the thief sends noise\n"); MUST(NOISE, false); done() }
  :: d_step { OPT(restore) && !has_backup && dev[0].there ->
       has_backup = true; copy(backup, dev[0].disk);
       backup_anchor_id = dev[0].anchor_id; backup_anchor_head = dev[0].anchor_head; backup_machine = dev[0].anchor_machine;
       printf("a backup is taken of device 0: head %d\n", backup.head); done() }
  :: d_step { has_backup && dev[0].there && FAULT(restore) ->
       close(0); set_back = set_back | (1 << dev[0].db.id) | (1 << backup.id); copy(dev[0].db, backup); copy(dev[0].disk, backup); dev[0].sent = 0;
       dev[0].anchor_id = backup_anchor_id; dev[0].anchor_head = backup_anchor_head; dev[0].anchor_machine = backup_machine;
       accident(); printf("the backup is restored, anchor too\n"); done() }
  :: d_step { has_backup && dev[0].there && FAULT(restore) ->
       close(0); set_back = set_back | (1 << dev[0].db.id) | (1 << backup.id); copy(dev[0].db, backup); copy(dev[0].disk, backup); dev[0].sent = 0;
       accident(); printf("the backup is restored, the anchor left as it was\n"); done() }
  :: d_step { !dev[1].there && dev[0].there && FAULT(clone) ->   /* a virtual machine is resumed twice */
       clone(); dev[1].open = dev[0].open; dev[1].held = dev[0].held; dev[1].looked = dev[0].looked; dev[1].staged = dev[0].staged;
       printf("device 0 is resumed twice\n"); done() }
  :: d_step { !dev[1].there && dev[0].there && FAULT(clone) ->   /* a folder is copied */
       clone(); dev[1].machine = 2; printf("device 0 is copied to another machine\n"); done() }
  od
}

init {
  c_code {
    opt.writes = option("writes"); opt.faults = option("faults"); opt.rolls = option("rolls"); opt.crash = option("crash");
    opt.cut = option("cut"); opt.lies = option("lies"); opt.restore = option("restore"); opt.clone = option("clone");
    opt.changes = option("changes"); opt.theft = option("theft"); opt.flip = option("flip");
    opt.destroy = option("destroy"); opt.repeats = option("repeats"); opt.window = option("window"); opt.seeded = option("seeded");
    opt.checks = option("checks");
  };
  d_step {
    dev[0].db.id = 1; dev[0].db.version = 1; dev[0].disk.id = 1; dev[0].disk.version = 1;
    dev[0].anchor_id = 1; dev[0].machine = 1; dev[0].anchor_machine = 1; dev[0].there = true;
    dev[0].db.g = 1; dev[0].disk.g = 1; keyring[1].g = 1;
    identity[1].machine = 1; keyring[1].listed = 2; keyring[1].adds = 1
  };
  atomic { run a_device(0); run a_device(1); run the_owner() }
}
