// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/hex.hpp"
#include "daemon/api/item_calls.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/api/transfer_use.hpp"
#include "daemon/blobs/export.hpp"
#include "daemon/blobs/get.hpp"
#include "daemon/blobs/put.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/api/large_value.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;
using namespace asio::experimental::awaitable_operators;

// Turns exceptions into results. If both operands of `||` throw, Asio reports neither, only multiple_exceptions.
template <class T>
asio::awaitable<void> into(std::optional<Result<T>>& out, asio::awaitable<Result<T>> work) {
  try {
    out = co_await std::move(work);
  } catch (const boost::system::system_error& e) {
    out = Result<T>{e.code()};
  }
}

// Ends the work when another transfer takes its place, unless it has finished by then.
template <class T>
asio::awaitable<Result<T>> while_placed(Transfers::Place& place, asio::awaitable<Result<T>> work) {
  std::optional<Result<T>> out;
  auto all = into(out, std::move(work));
  const auto first = co_await (std::move(all) || place.taken_away());
  if (*out || first.index() == 0) co_return std::move(*out);
  if (place) co_return Errc::cancelled;
  co_return DaemonErrc::transfer_idle;
}

// Ends the work also when the vault is locked.
template <class T>
asio::awaitable<Result<T>> unless_locked(std::shared_ptr<LocalVault> device, Transfers::Place& place,
                                         asio::awaitable<Result<T>> work) {
  std::optional<Result<T>> out;
  auto all = into(out, while_placed(place, std::move(work)));
  const auto first = co_await (std::move(all) || device->locked());
  if (*out || first.index() == 0) co_return std::move(*out);
  co_return device->unlocked ? Errc::cancelled : Errc::locked;
}

Result<ItemWrite> write_of(BlobPutParams p) {
  ItemWrite out;
  if (const auto good = take_details(p, out); !good) return good.error();
  return out;
}

// Checks all that can be wrong before any byte of the value has come.
asio::awaitable<Result<void>> check(App& app, BlobPutParams p, Call& call) {
  auto write = write_of(std::move(p));
  if (!write) co_return write.error();
  std::vector<ItemWrite> writes;
  writes.push_back(std::move(*write));
  std::optional<Refusal> refusal;
  const auto good = co_await check_all(app, std::move(writes), refusal);
  tell_heads(call, refusal);
  co_return good;
}

// Writes the commit. It cannot be cancelled: what is durable and what is answered must agree.
asio::awaitable<Result<BlobPutResult>> commit(App& app, std::shared_ptr<LocalVault> device, ItemWrite write,
                                              Incoming value, Call& call) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  BlobPutResult out;
  out.size = value.size();
  write.value = std::move(value.value());
  write.blob = value.ref();
  write.fresh_blob = write.blob != nullptr;
  value.keep();
  auto written = co_await write_single(app, std::move(write), call);
  if (!written && value.ref()) device->blobs.drop(value.ref()->id);
  if (!written) co_return written.error();
  out.version = std::move(written->version);
  co_return out;
}

asio::awaitable<Result<BlobPutResult>> take(App& app, std::shared_ptr<LocalVault> device,
                                            std::shared_ptr<Unlocked> vault, ItemWrite write,
                                            std::optional<std::uint64_t> length, Transfers::Place& place, Call& call) {
  auto from = ClientFile::open(device->executor, device->threads, std::move(call.file), ClientFile::Way::in);
  if (!from) co_return from.error();
  TransferUse use{app, device->executor};
  std::function<void()> moved = [&use, &place] {
    use.moved();
    place.moved();
  };
  std::shared_ptr<const Unlocked> held = std::move(vault);
  auto value = co_await take_in(device->blobs, device->threads, std::move(held), *from, length, std::move(moved));
  if (!value) co_return value.error();
  co_return co_await commit(app, device, std::move(write), std::move(*value), call);
}

asio::awaitable<Result<BlobPutResult>> put(App& app, BlobPutParams p, Call& call) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  if (!call.file) co_return DaemonErrc::fd_missing;
  Transfers::Place place{app.transfers(), device->executor, call.peer};
  if (!place) co_return Errc::busy;
  app.used();
  const auto good = co_await check(app, p, call);
  if (!good) co_return good.error();
  const auto length = p.length;
  auto write = write_of(std::move(p));
  if (!write) co_return write.error();
  auto work = take(app, device, std::move(*vault), std::move(*write), length, place, call);
  co_return co_await unless_locked(device, place, std::move(work));
}

// -- Getting

Result<BlobRange> range_of(const BlobGetParams& p, std::uint64_t size) {
  const auto offset = p.offset.value_or(0);
  if (offset > size) return DaemonErrc::range_bad;
  return BlobRange{offset, std::min(p.length.value_or(size), size - offset)};
}

asio::awaitable<Result<std::uint64_t>> give_small(Secret value, BlobRange range, ClientFile& to) {
  auto part = std::make_shared<const Secret>(Secret::copy_of(
      value.view().subspan(static_cast<std::size_t>(range.offset), static_cast<std::size_t>(range.length))));
  const auto done = co_await to.write(part);
  if (!done) co_return done.error();
  co_return range.length;
}

BlobServer server_of(const App& app, const LocalVault& device) {
  const auto sync = app.sync();
  return {.remote = sync ? &(*sync)->remote() : nullptr,
          .none = sync ? boost::system::error_code{} : sync.error(),
          .vault = device.profile.vault};
}

asio::awaitable<Result<std::uint64_t>> give(App& app, std::shared_ptr<LocalVault> device, ItemValue value,
                                            BlobRange range, Transfers::Place& place, Call& call) {
  if (range.length == 0) co_return std::uint64_t{0};
  if (!call.file) co_return DaemonErrc::fd_missing;
  auto to = ClientFile::open(device->executor, device->threads, std::move(call.file), ClientFile::Way::out);
  if (!to) co_return to.error();
  TransferUse use{app, device->executor};
  if (!value.blob) co_return co_await give_small(std::move(value.value), range, *to);
  std::function<void()> moved = [&use, &place] {
    use.moved();
    place.moved();
  };
  const auto server = server_of(app, *device);
  co_return co_await give_out(device->blobs, device->threads, server, value.blob, range, *to, std::move(moved));
}

// Holds the vault until the last key is gone with the value.
asio::awaitable<Result<BlobGetResult>> find_and_give(App& app, std::shared_ptr<LocalVault> device,
                                                     std::shared_ptr<Unlocked> vault, BlobGetParams p,
                                                     Transfers::Place& place, Call& call) {
  const auto version = find_version(*vault, p.name, p.version);
  if (!version) co_return version.error();
  BlobGetResult out;
  for (const auto& head : vault->index.heads(p.name)) out.heads.push_back(to_text(head.id));
  std::vector<Location> places{version->at};
  std::shared_ptr<const store::Store> store = device->store;
  auto values = co_await read_values(device->threads, std::move(store), vault, std::move(places));
  auto& value = values.front();
  if (!value) co_return value.error();
  out.size = value->blob ? value->blob->length : value->value.size();
  const auto range = range_of(p, out.size);
  if (!range) co_return range.error();
  out.name = std::move(p.name);
  out.version = to_text(version->id);
  out.modified = time_text(version->wall);
  out.content_type = std::move(value->content_type);
  out.attributes = std::move(value->attributes);
  const auto written = co_await give(app, device, std::move(*value), *range, place, call);
  if (!written) co_return written.error();
  out.written = *written;
  co_return out;
}

asio::awaitable<Result<BlobGetResult>> get(App& app, BlobGetParams p, Call& call) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  Transfers::Place place{app.transfers(), device->executor, call.peer};
  if (!place) co_return Errc::busy;
  app.used();
  auto work = find_and_give(app, device, std::move(*vault), std::move(p), place, call);
  co_return co_await unless_locked(device, place, std::move(work));
}

// -- For an export

asio::awaitable<Result<ExportListResult>> list(App& app, ExportListParams p) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  auto large = large_versions((*vault)->index, p.cursor.value_or(""));
  std::vector<Location> places;
  for (const auto& each : large.found) places.push_back(each.version.at);
  const auto values = co_await read_values(device->threads, device->store, std::move(*vault), std::move(places));
  ExportListResult out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) co_return values[i].error();
    const auto& blob = values[i]->blob;
    if (!blob) continue;
    auto& [name, version] = large.found[i];
    out.values.push_back({std::move(name), to_text(version.id), hex(blob->id), shape_of(blob->length).count});
  }
  out.cursor = std::move(large.next);
  co_return out;
}

// Uses no key of the vault while it writes, so a lock does not cut it.
asio::awaitable<Result<ExportBlobResult>> export_blob(App& app, ExportBlobParams p, Call& call) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto device = *app.device();
  if (!call.file) co_return DaemonErrc::fd_missing;
  Transfers::Place place{app.transfers(), device->executor, call.peer};
  if (!place) co_return Errc::busy;
  const auto version = find_version(**vault, p.name, p.version);
  if (!version) co_return version.error();
  std::vector<Location> places{version->at};
  auto values = co_await read_values(device->threads, device->store, *vault, std::move(places));
  if (!values.front()) co_return values.front().error();
  if (!values.front()->blob) co_return DaemonErrc::version_unknown;
  const auto id = values.front()->blob->id;
  const auto row = row_of(*values.front()->blob, store::BlobState::kept);
  values.clear();
  vault->reset();  // only now: a lock waits for the key of the value
  BlobChunks chunks{device->blobs, device->threads, server_of(app, *device), id, row};
  auto work = export_chunks(std::move(chunks), device->threads, std::move(call.file));
  auto done = co_await while_placed(place, std::move(work));
  if (!done) co_return done.error();
  co_return ExportBlobResult{done->files, done->bytes, done->written, std::move(done->missing)};
}

}  // namespace

void register_blob_methods(Registry& registry, App& app) {
  registry.on(methods::blob_put, [&app](BlobPutParams p, Call& call) { return put(app, std::move(p), call); });
  registry.on(methods::blob_get, [&app](BlobGetParams p, Call& call) { return get(app, std::move(p), call); });
  registry.on(methods::blob_list, [&app](ExportListParams p) { return list(app, std::move(p)); });
  registry.on(methods::blob_export,
              [&app](ExportBlobParams p, Call& call) { return export_blob(app, std::move(p), call); });
}

}  // namespace vault::daemon
