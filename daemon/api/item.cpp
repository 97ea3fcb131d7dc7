// SPDX-License-Identifier: Apache-2.0
#include "ipc/api/item.hpp"
#include "base/input_errc.hpp"
#include "base/limits.hpp"
#include "daemon/api/item_calls.hpp"
#include "daemon/api/methods.hpp"
#include "daemon/errc/errc.hpp"
#include "daemon/os/wall_time.hpp"
#include "ipc/value.hpp"

namespace vault::daemon {
namespace {

using namespace ipc;

constexpr std::size_t page_name_bytes = 256 * 1024;  // of one item.list answer, so that it fits a frame
constexpr std::uint64_t page_opened = 200;           // items opened at a time for a filter by attributes

Result<ItemWrite> write_of(PutParams p) {
  auto value = take_value(p);
  if (!value) return value.error();
  const auto version = version_of(p.if_version);
  if (!version) return version.error();
  return ItemWrite{.name = std::move(p.name),
                   .value = std::move(*value),
                   .content_type = p.content_type.value_or(""),
                   .attributes = std::move(p.attributes).value_or(Attributes{}),
                   .if_version = *version};
}

Result<std::vector<ItemWrite>> writes_of(PutManyParams p) {
  std::vector<ItemWrite> writes;
  for (auto& item : p.items) {
    auto write = write_of(std::move(item));
    if (!write) return write.error();
    writes.push_back(std::move(*write));
  }
  return writes;
}

asio::awaitable<Result<VersionResult>> put(App& app, PutParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  auto write = write_of(std::move(p));
  if (!write) co_return write.error();
  co_return co_await write_single(app, std::move(*write), call);
}

asio::awaitable<Result<PutManyResult>> put_many(App& app, PutManyParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  if (p.items.empty() || p.items.size() > limits::commit_records) co_return InputErrc::batch_too_large;
  auto convert = [p = std::move(p)]() mutable { return writes_of(std::move(p)); };
  auto writes = co_await run_on((*app.device())->threads.reader, std::move(convert));
  if (!writes) co_return writes.error();
  auto ids = co_await write_all(app, std::move(*writes), call);
  if (!ids) co_return ids.error();
  co_return PutManyResult{std::move(*ids)};
}

asio::awaitable<Result<VersionResult>> remove(App& app, RemoveParams p, Call& call) {
  const auto version = version_of(p.if_version);
  if (!version) co_return version.error();
  ItemWrite write{.operation = crypto::Operation::remove, .name = std::move(p.name)};
  write.if_version = *version;
  co_return co_await write_single(app, std::move(write), call);
}

asio::awaitable<Result<GetResult>> get(const App& app, GetParams p, Call& call) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto version = find_version(**vault, p.name, p.version);
  if (!version) co_return version.error();
  auto heads = texts((*vault)->index.heads(p.name));
  auto value = co_await value_of(app, std::move(*vault), version->at);
  if (!value) co_return value.error();
  if (value->blob) {
    call.details["size"] = value->blob->length;
    co_return DaemonErrc::value_is_blob;
  }
  GetResult out;
  out.name = std::move(p.name);
  set_value(out, std::move(value->value));
  out.content_type = std::move(value->content_type);
  out.attributes = std::move(value->attributes);
  out.version = to_text(version->id);
  out.modified = time_text(version->wall);
  out.heads = std::move(heads);
  co_return out;
}

// -- Lists

ListItem list_item(const std::string& name, const std::vector<Version>& heads) {
  const auto& winner = heads.front();
  return {.name = name,
          .version = to_text(winner.id),
          .modified = time_text(winner.wall),
          .content_type = winner.content_type,
          .size = winner.size,
          .heads = heads.size()};
}

struct ListPage {
  ListResult result;
  std::vector<Location> places;  // of the items' values
};

// Returns the items after the cursor, which is the last name looked at. A page ends after `most` existing items, or
// when the names fill an answer.
ListPage page_of(const Index& index, const ListParams& p, std::size_t most) {
  const auto prefix = p.prefix.value_or("");
  const auto first = p.cursor && *p.cursor >= prefix ? *p.cursor + '\0' : prefix;
  ListPage page;
  std::size_t bytes = 0, looked = 0;
  std::string last;
  index.walk(first, [&](const std::string& name, const std::vector<Version>& heads) {
    if (!name.starts_with(prefix)) return false;
    if (page.result.items.size() == most || looked == limits::list_page || bytes > page_name_bytes) {
      page.result.cursor = last;
      return false;
    }
    last = name;
    ++looked;
    if (heads.front().operation == crypto::Operation::remove) return true;
    bytes += name.size();
    page.result.items.push_back(list_item(name, heads));
    page.places.push_back(heads.front().at);
    return true;
  });
  return page;
}

bool has_attributes(const Result<ItemValue>& value, const Attributes& wanted) {
  return value && std::all_of(wanted.begin(), wanted.end(), [&value](const auto& attribute) {
           const auto at = value->attributes.find(attribute.first);
           return at != value->attributes.end() && at->second == attribute.second;
         });
}

// Lists items. A filter by attributes opens each item of a page, so its pages are shorter.
asio::awaitable<Result<ListResult>> list(const App& app, ListParams p) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const auto most = std::clamp<std::uint64_t>(p.limit.value_or(limits::list_page), 1, limits::list_page);
  auto page = page_of((*vault)->index, p, p.attributes ? std::min(most, page_opened) : most);
  if (!p.attributes) co_return std::move(page.result);
  const auto device = *app.device();
  const auto values = co_await read_values(device->threads, device->store, std::move(*vault), std::move(page.places));
  std::vector<ListItem> found;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (has_attributes(values[i], *p.attributes)) found.push_back(std::move(page.result.items[i]));
  page.result.items = std::move(found);
  co_return std::move(page.result);
}

}  // namespace

void register_item_methods(Registry& registry, App& app) {
  registry.on(methods::item_put, [&app](PutParams p, Call& call) { return put(app, std::move(p), call); });
  registry.on(methods::item_put_many,
              [&app](PutManyParams p, Call& call) { return put_many(app, std::move(p), call); });
  registry.on(methods::item_remove, [&app](RemoveParams p, Call& call) { return remove(app, std::move(p), call); });
  registry.on(methods::item_get, [&app](GetParams p, Call& call) { return get(app, std::move(p), call); });
  registry.on(methods::item_list, [&app](ListParams p) { return list(app, std::move(p)); });
}

}  // namespace vault::daemon
