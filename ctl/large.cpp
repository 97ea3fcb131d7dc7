// SPDX-License-Identifier: Apache-2.0
#include "ctl/large.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.hpp"
#include "ctl/files.hpp"
#include "ctl/output_place.hpp"
#include "ctl/progress.hpp"
#include "ctl/pump.hpp"
#include "ipc/api/large_value.hpp"

namespace vault::ctl {
namespace {

namespace fs = std::filesystem;

std::uint64_t place_of(int file) { return static_cast<std::uint64_t>(std::max<off_t>(lseek(file, 0, SEEK_CUR), 0)); }

bool is_regular(int file) {
  struct stat info {};
  return fstat(file, &info) == 0 && S_ISREG(info.st_mode);
}

// Calls a method that moves a file. The offset of a regular file tells how far the daemon is.
template <class P, class R>
ipc::Reply<R> call_with_file(Session& session, const ipc::Method<P, R>& method, const P& params, int file,
                             Progress& progress) {
  const auto begin = place_of(file);
  return session.call_with(file, method, params, [&] { progress.show(place_of(file) - begin); });
}

}  // namespace

std::optional<std::uint64_t> bytes_left(int file) {
  struct stat info {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(info.st_size) - std::min(static_cast<std::uint64_t>(info.st_size), place_of(file));
}

ipc::Reply<ipc::BlobPutResult> put_large(Session& session, const ipc::BlobPutParams& params, Secret first, int from) {
  if (const auto left = bytes_left(from); left && first.empty()) {
    Progress progress{"writing", *left, session.json()};
    return call_with_file(session, ipc::methods::blob_put, params, from, progress);
  }
  auto pump = Pump::into_daemon(std::move(first), from);
  if (!pump) return refused<ipc::BlobPutResult>(ipc::failure_of(pump.error()));
  Progress progress{"writing", 0, session.json()};
  auto reply =
      session.call_with(pump->daemon_end(), ipc::methods::blob_put, params, [&] { progress.show(pump->moved()); });
  const auto error = pump->finish();
  if (reply.result && error) return refused<ipc::BlobPutResult>(file_failure("read", "standard input", error));
  return reply;
}

namespace {

// Writes the value to an open file, a regular one or not. Returns the exit code.
int get_into(Session& session, const ipc::BlobGetParams& params, int to, const std::string& what,
             const ipc::BlobGetResult& there) {
  const auto size = there.size - std::min(there.size, params.offset.value_or(0));
  Progress progress{"reading", std::min(size, params.length.value_or(size)), session.json()};
  if (is_regular(to)) {
    const auto reply = call_with_file(session, ipc::methods::blob_get, params, to, progress);
    return reply.result ? 0 : session.fail(reply.failure);
  }
  auto pump = Pump::out_of_daemon(to);
  if (!pump) return session.fail(pump.error());
  const auto reply =
      session.call_with(pump->daemon_end(), ipc::methods::blob_get, params, [&] { progress.show(pump->moved()); });
  const auto error = pump->finish();
  if (error.value() == EPIPE) return 1;  // a reader that had enough, as in Session::say()
  if (error) return session.fail(file_failure("write", what, error));
  return reply.result ? 0 : session.fail(reply.failure);
}

ipc::Reply<ipc::BlobGetResult> facts_of(Session& session, ipc::BlobGetParams params) {
  params.length = 0;
  return session.call(ipc::methods::blob_get, params, "reading");
}

}  // namespace

int get_to_stdout(Session& session, const ipc::BlobGetParams& params) {
  const auto there = facts_of(session, params);
  if (!there.result) return session.fail(there.failure);
  return get_into(session, params, STDOUT_FILENO, "standard output", *there.result);
}

namespace {

// Returns the name of the partial file, beside the target and named after the version, so that another version's rest
// is never continued.
fs::path part_of(const fs::path& path, const std::string& version) {
  return path.parent_path() / (".vaultctl-" + version + ".part");
}

// True if nobody else has put the file there, or can read it.
bool is_own(int file) {
  struct stat info {};
  return fstat(file, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() && info.st_nlink == 1 &&
         fchmod(file, 0600) == 0;
}

// Opens the partial file at its end and locks it. The reply has no result if that fails.
ipc::Reply<File> open_part(const fs::path& part) {
  File file{open(part.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)};
  if (!file) return refused<File>(file_failure("write", part.string(), last_error()));
  if (!is_own(file.get())) return refused<File>(ipc::malformed(0, part.string() + " is no file of this user's"));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) return refused<File>(ipc::failure_of(Errc::busy));
  if (lseek(file.get(), 0, SEEK_END) < 0) return refused<File>(file_failure("write", part.string(), last_error()));
  ipc::Reply<File> out;
  out.result = std::move(file);
  return out;
}

int get_to_stream(Session& session, const ipc::BlobGetParams& params, const OutputPlace& place,
                  const ipc::BlobGetResult& there) {
  const auto stream = open_stream(place);
  if (!stream.result) return session.fail(stream.failure);
  return get_into(session, params, stream.result->get(), place.path.string(), there);
}

}  // namespace

int get_to_file(Session& session, ipc::BlobGetParams params, const std::string& path, bool force) {
  const auto place = place_at(path, force);
  if (!place.result) return session.fail(place.failure);
  auto there = facts_of(session, params);
  if (!there.result) return session.fail(there.failure);
  params.version = there.result->version;
  if (place.result->is_stream) return get_to_stream(session, params, *place.result, *there.result);
  const bool range = params.offset || params.length;
  const auto part = part_of(place.result->path, there.result->version + (range ? ".range" : ""));
  auto file = open_part(part);
  if (!file.result) return session.fail(file.failure);
  const int fd = file.result->get();
  if (range || place_of(fd) > there.result->size) {
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) return session.fail(last_error());
  }
  const auto have = place_of(fd);
  if (!range) params.offset = have;
  Progress progress{"reading", params.length.value_or(there.result->size - params.offset.value_or(0)), session.json()};
  auto reply = call_with_file(session, ipc::methods::blob_get, params, fd, progress);
  if (!reply.result) return session.fail(reply.failure);
  if (const auto failure = put_in_place(*file.result, part, *place.result)) return session.fail(*failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

}  // namespace vault::ctl
