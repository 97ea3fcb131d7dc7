// SPDX-License-Identifier: Apache-2.0
// Every maximum of the system, each with the reason for its number. A limit is checked before the memory it
// bounds is taken.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace vault::limits {

// Items.
inline constexpr std::size_t name_bytes = 1024;        // a path a person can still read; one LMDB page holds several
inline constexpr std::size_t value_bytes = 64 * 1024;  // larger values are blobs, fetched on demand
inline constexpr std::size_t attributes = 64;          // Secret Service clients use under ten
inline constexpr std::size_t attribute_key_bytes = 128;
inline constexpr std::size_t attribute_value_bytes = 4096;
inline constexpr std::size_t content_type_bytes = 127;  // RFC 6838 §4.2: each of its two names has at most 127
inline constexpr std::size_t item_heads = 1024;         // versions one write may replace
inline constexpr std::size_t merged_heads = 16;     // of one item; more than that were not made by people, or want them
inline constexpr std::size_t merged_ancestors = 8;  // that are nearest: two devices that merge in turn have two
inline constexpr std::size_t merges_round = 64;     // items opened after a pull: under 20 MiB of values in memory

// Commits.
inline constexpr std::size_t segment_bytes =
    16 * 1024;  // unit of AEAD: a TLS record's plaintext, fits the L1 cache twice
inline constexpr std::size_t commit_plain_bytes =
    60 * segment_bytes - 4;                               // content before its frame, which is then full and not padded
inline constexpr std::size_t commit_bytes = 984'264;      // what that makes, sealed and signed: it passes every proxy
inline constexpr std::size_t commit_records = 1000;       // of one put_many
inline constexpr std::size_t keyring_bytes = 256 * 1024;  // 256 devices with slots and names take 138 KiB
inline constexpr std::size_t keyrings_bytes = 64 << 20;   // of all versions in one pull: 256 joins take 17 MiB
inline constexpr std::size_t keyring_versions = 16 * 1024;  // in one pull; four for every generation
inline constexpr std::uint64_t wall_end = 1ull << 48;       // ms, of a record: the year 10889; §6 of FORMAT.md
inline constexpr std::uint64_t counter_end = 1ull << 48;    // far below 2^64; §4 of FORMAT.md

// Large values.
inline constexpr std::size_t chunk_bytes = 60 * segment_bytes;  // of a large value, in one seal, which is a request
inline constexpr std::size_t sealed_chunk_bytes = 984'152;      // what that makes
inline constexpr std::size_t blob_chunks = 64 * 1024;           // of one value: its hashes are 2 MiB and fit one answer
inline constexpr std::uint64_t blob_bytes = std::uint64_t{chunk_bytes} * blob_chunks;  // 60 GiB
inline constexpr std::size_t blob_transfers = 4;          // chunks fetched or sent at a time: fills a link, costs 4 MiB
inline constexpr std::size_t waiting_tries = 32;          // programs that wait to try a password: half a second each
inline constexpr std::chrono::seconds idle_transfer{30};  // after which one that does not move gives way to another
inline constexpr std::size_t blob_calls = 8;  // blob.put and blob.get at a time: each has a thread that may wait
inline constexpr std::uint64_t blob_cache_bytes = 1ull
                                                  << 30;  // of chunks that the server has too, unless told otherwise

// The vault.
inline constexpr std::size_t devices = 256;       // revoked ones included: a seen vector of all fits one segment
inline constexpr std::size_t generations = 4096;  // older vault keys kept in a keyring body: 128 KiB
inline constexpr std::size_t account_bytes = 128;
inline constexpr std::size_t device_name_bytes = 64;
inline constexpr std::size_t password_bytes = 1024;
inline constexpr std::size_t sheet_line_bytes = 1024;  // of a QR code that a camera still reads; most have 120

inline constexpr std::uint64_t unverified_bytes = 1ull << 30;  // pulled while locked, when nobody can tell what is real

// The local socket.
inline constexpr std::size_t frame_bytes = 1 << 20;
inline constexpr std::size_t json_depth = 32;
inline constexpr std::size_t batch_requests = 100;
inline constexpr std::size_t connections = 64;
inline constexpr std::size_t answer_bytes = 16 << 20;   // the history of an item written ten thousand times
inline constexpr std::size_t unsent_bytes = 1 << 20;    // of answers nobody reads, before a connection's requests wait
inline constexpr std::size_t clients_bytes = 64 << 20;  // of all answers in memory, that are being made or taken
inline constexpr std::size_t client_bytes = answer_bytes;    // of those of one connection: one of the largest
inline constexpr std::size_t small_answer_bytes = 4 * 1024;  // of a status, a version, an error: waits for no room
inline constexpr std::size_t asked_bytes = 2 << 20;  // of requests at work, before a connection's further ones wait
inline constexpr std::chrono::hours transfer_use{
    1};  // a large value on its way counts as use so long after its last MiB
inline constexpr std::chrono::milliseconds lock_grace{500};  // for clients to take values, before a lock drops them
inline constexpr std::size_t bulk_bytes = 32 * 1024;  // of a message: larger ones are read and written off the loop
inline constexpr std::size_t calls = 128;             // of one connection at once: enough to fill a group commit
inline constexpr std::size_t profile_bytes = 32;   // leaves room for a runtime folder in the 107 bytes of a socket path
inline constexpr std::size_t list_page = 1000;     // items in one answer of item.list
inline constexpr std::size_t history_page = 1500;  // versions in one answer of item.history: 1 MiB if each replaces one
inline constexpr std::size_t conflicts_page = 50;  // items in one answer of item.conflicts, each of which is opened

// The server.
inline constexpr std::size_t request_bytes = 1'000'000;  // of a body that a device sends: proxies stop 1 MiB and more
inline constexpr std::size_t page_bytes = 1 << 20;  // of commits in one pull answer, unless one commit alone is larger
inline constexpr std::size_t page_commits = 1000;
inline constexpr std::size_t account_versions = 256;       // of keyrings in one repair: each is a signature to check
inline constexpr std::size_t body_bytes = 4 << 20;         // of any request or answer: a page and one commit over it
inline constexpr std::uint64_t quota_bytes = 10ull << 30;  // of one account, unless its operator says otherwise
inline constexpr std::uint64_t quota_reserve_bytes =
    16ull << 20;  // for keyrings above it: a full account can revoke a device
inline constexpr std::size_t server_connections = 10'000;
inline constexpr std::size_t tls_strangers = 1024;         // over TLS and without a session: 90 KB each
inline constexpr std::size_t bodies_bytes = 128 << 20;     // of all bodies in memory, by what has come of them
inline constexpr std::size_t slow_body_bytes = 16 * 1024;  // a second: a body that comes slower gives way first
inline constexpr std::chrono::seconds slow_grace{2};       // before a body is judged by that
inline constexpr std::size_t answers_bytes = 64 << 20;     // of all answers in memory, that are being made or taken
inline constexpr std::size_t account_answers_bytes = 16 << 20;  // of those of one account: a page for 15 devices
inline constexpr std::size_t account_waits = 512;        // requests of one account that wait, for room or a change
inline constexpr std::size_t stranger_body_bytes = 512;  // of a prelogin or a session: ours have 162
inline constexpr std::chrono::seconds request_deadline{30};
inline constexpr std::chrono::seconds round_deadline{120};   // of a round of sync, beside what it takes to read
inline constexpr std::size_t slow_answer_bytes = 16 * 1024;  // a second: for what comes slower a round has less time
inline constexpr std::chrono::seconds long_poll{55};         // below the minute after which proxies cut idle requests
inline constexpr std::size_t http_header_bytes =
    16 * 1024;  // start line and headers, ours take under 2 KiB: room for a proxy's
inline constexpr std::chrono::seconds header_deadline{
    10};  // of a TLS handshake, and of the headers after their first byte
inline constexpr std::chrono::seconds idle_connection{
    75};                                              // kept alive without a request: longer than long_poll and a pause
inline constexpr std::chrono::seconds stop_grace{3};  // of running requests at a stop, out of the 5 s a stop may take

// The client's TLS.
inline constexpr std::size_t ca_file_bytes = 1 << 20;  // of --ca: the system's, with 140 authorities, has 220 KB
inline constexpr std::chrono::seconds ca_file_patience{
    5};                                       // of one connection with it; it may lie on a mount that hangs
inline constexpr int tls_security_level = 2;  // OpenSSL's: 112 bits, which is RSA of 2048, and no SHA-1 in signatures

// The WebSocket by which a server says that there is something new.
inline constexpr std::size_t notice_bytes = 16;
inline constexpr std::size_t watch_bytes_a_second = 4096;         // either way: a hundred notices, or pings
inline constexpr std::size_t watches = 2 * devices;               // of one vault: each device, and a reconnect of it
inline constexpr std::chrono::milliseconds notice_pause{50};      // between two: a burst of writes is a few notices
inline constexpr std::chrono::seconds watch_silence_client{30};   // a ping after half of it: a dead server is noticed
inline constexpr std::chrono::seconds watch_silence_server{120};  // a device that is gone costs a connection meanwhile
inline constexpr std::chrono::seconds watch_check{15};            // how soon a watch ends whose account is removed
inline constexpr std::chrono::seconds probe_deadline{3};          // after a network change: three losses of a ping

}  // namespace vault::limits
