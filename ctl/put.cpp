// SPDX-License-Identifier: Apache-2.0
// Implements vaultctl put. Asks the daemon first whether it would write the item, then reads the value.
#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "ctl/commands.hpp"
#include "ctl/files.hpp"
#include "ctl/large.hpp"
#include "ipc/api/item.hpp"
#include "ipc/value.hpp"

namespace vault::ctl {
namespace {

// Holds the source of a value: a descriptor and the first bytes, which are all of them if the value is small.
struct Input {
  File file;
  Secret first;
  bool small = false;
};

std::string what_of(const PutOptions& options) { return options.file.empty() ? "standard input" : options.file; }

ipc::Reply<Input> open_input(const Session& session, const std::string& path) {
  ipc::Reply<Input> out;
  out.result.emplace();
  out.result->file =
      File{path.empty() ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!out.result->file)
    return refused<Input>(file_failure("read", path.empty() ? "standard input" : path, last_error()));
  if (!path.empty() || !is_terminal(STDIN_FILENO)) return out;
  if (session.password_source().no_input)
    return refused<Input>(ipc::malformed(0, "a value is needed: on standard input, or with --file F"));
  write_all(STDERR_FILENO, "Type the value; end it with Ctrl-D on a line of its own.\n");
  return out;
}

// True if a person named a regular file. Anything else that is empty may be a program that failed.
bool is_named_file(const PutOptions& options, int file) { return !options.file.empty() && bytes_left(file); }

// How long input may pause, in ms, before vaultd waits for the rest of it: a call under way keeps the vault open.
constexpr int slow_input = 1000;

// Reads the first bytes of the input, unless it is a large regular file.
ipc::Reply<Input> read_input(const Session& session, const PutOptions& options) {
  auto input = open_input(session, options.file);
  if (!input.result || bytes_left(input.result->file.get()).value_or(0) > limits::value_bytes) return input;
  auto first = read_beginning(input.result->file.get(), what_of(options), limits::value_bytes + 1, slow_input);
  if (!first.result) return refused<Input>(std::move(first.failure));
  if (first.result->bytes.empty() && !options.empty && !is_named_file(options, input.result->file.get()))
    return refused<Input>(
        ipc::malformed(0, what_of(options) + " is empty, so nothing was written: --empty writes an empty value"));
  input.result->small = first.result->whole && first.result->bytes.size() <= limits::value_bytes;
  input.result->first = std::move(first.result->bytes);
  return input;
}

// Reads K=V, which sets an attribute, and K-, which removes one.
Result<ipc::AttributesPatch> read_attributes(const std::vector<std::string>& changes) {
  ipc::AttributesPatch out;
  for (const auto& change : changes) {
    const auto equals = change.find('=');
    const bool removes = equals == std::string::npos && change.ends_with('-');
    const auto key = change.substr(0, removes ? change.size() - 1 : equals);
    if (key.empty() || (equals == std::string::npos && !removes)) return InputErrc::attribute_bad;
    ipc::Nullable<std::string> value;
    if (!removes) value.emplace(change.substr(equals + 1));
    if (!out.emplace(key, std::move(value)).second) return InputErrc::attribute_bad;
  }
  return out;
}

// Fills in all but the value.
template <class Params>
void set_details(Params& params, const PutOptions& options, const ipc::AttributesPatch& attributes) {
  params.name = options.name;
  params.content_type = options.type;
  if (!attributes.empty()) params.attributes_patch = attributes;
  params.if_version = options.fresh ? std::optional<std::string>{ipc::no_version} : unless_empty(options.if_version);
}

// Asks whether the item could be written, before somebody types a value or a program makes a large one.
std::optional<ipc::Failure> try_put(Session& session, const PutOptions& options,
                                    const ipc::AttributesPatch& attributes) {
  ipc::PutManyParams params{.items = {}, .dry_run = true};
  auto& item = params.items.emplace_back();
  set_details(item, options, attributes);
  ipc::set_value(item, Secret{});
  auto reply = session.call(ipc::methods::item_put_many, params, "asking");
  if (reply.result) return std::nullopt;
  reply.failure.details.erase("item");
  reply.failure.details.erase("name");
  return std::move(reply.failure);
}

template <class R>
int say_version(const Session& session, const ipc::Reply<R>& reply) {
  if (!reply.result) return session.fail(reply.failure);
  return session.json() ? session.say_json(*reply.result) : 0;
}

}  // namespace

int put(Session& session, const PutOptions& options) {
  const auto attributes = read_attributes(options.attributes);
  if (!attributes) return session.fail(attributes.error());
  if (const auto failure = try_put(session, options, *attributes)) return session.fail(*failure);
  auto input = read_input(session, options);
  if (!input.result) return session.fail(input.failure);
  if (!input.result->small) {
    ipc::BlobPutParams params;
    set_details(params, options, *attributes);
    return say_version(session, put_large(session, params, std::move(input.result->first), input.result->file.get()));
  }
  ipc::PutParams params;
  set_details(params, options, *attributes);
  ipc::set_value(params, std::move(input.result->first));
  return say_version(session, session.call(ipc::methods::item_put, params, "writing"));
}

}  // namespace vault::ctl
