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

constexpr std::size_t page_name_bytes = 256 * 1024;       // of one item.list answer, so that it fits a frame
constexpr std::size_t page_attribute_bytes = 256 * 1024;  // after which a page ends: one item's may be as many again
constexpr std::uint64_t page_opened = 200;                // items opened at a time for their attributes

Result<ItemWrite> write_of(PutParams& p) {
  auto value = take_value(p);
  if (!value) return value.error();
  ItemWrite write{.value = std::move(*value)};
  if (const auto good = take_details(p, write); !good) return good.error();
  return write;
}

// Holds the writes of a put_many, up to the first that makes no sense.
struct Writes {
  std::vector<ItemWrite> writes;
  boost::system::error_code error;
  std::optional<Refusal> refusal;
};

Writes writes_of(PutManyParams p) {
  Writes out;
  for (std::size_t i = 0; i < p.items.size(); ++i) {
    auto write = write_of(p.items[i]);
    if (!write) {
      out.error = write.error();
      out.refusal = Refusal{i, std::move(p.items[i].name), {}};
      return out;
    }
    out.writes.push_back(std::move(*write));
  }
  return out;
}

asio::awaitable<Result<VersionResult>> put(App& app, PutParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  auto write = write_of(p);
  if (!write) co_return write.error();
  co_return co_await write_single(app, std::move(*write), call);
}

asio::awaitable<Result<PutManyResult>> write_or_check(App& app, Writes given, bool dry_run,
                                                      std::optional<Refusal>& refusal) {
  refusal = std::move(given.refusal);
  if (given.error) co_return given.error;
  if (!dry_run) {
    auto ids = co_await write_all(app, std::move(given.writes), refusal);
    if (!ids) co_return ids.error();
    co_return PutManyResult{std::move(*ids)};
  }
  const auto good = co_await check_all(app, std::move(given.writes), refusal);
  if (!good) co_return good.error();
  co_return PutManyResult{};
}

asio::awaitable<Result<PutManyResult>> put_many(App& app, PutManyParams p, Call& call) {
  if (const auto vault = app.unlocked(); !vault) co_return vault.error();
  const bool dry_run = p.dry_run.value_or(false);
  if (p.items.size() > limits::commit_records) co_return InputErrc::batch_too_large;
  if (p.items.empty() && !dry_run) co_return InputErrc::batch_empty;
  auto convert = [p = std::move(p)]() mutable { return writes_of(std::move(p)); };
  auto writes = co_await run_on((*app.device())->threads.reader, std::move(convert));
  std::optional<Refusal> refusal;
  auto out = co_await write_or_check(app, std::move(writes), dry_run, refusal);
  tell_heads(call, refusal);
  tell_item(call, refusal);
  co_return out;
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

std::size_t size_of(const Attributes& attributes) {
  std::size_t sum = 0;
  for (const auto& [key, value] : attributes) sum += key.size() + value.size();
  return sum;
}

// Adds their attributes to the items of a page, if they were asked for, and leaves out those that the filter does not
// let through. Ends the page early where the attributes fill an answer.
ListResult with_attributes(ListResult page, const ListParams& p, std::vector<Result<ItemValue>> values) {
  ListResult out;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto& item = page.items[i];
    if (p.attributes && !has_attributes(values[i], *p.attributes)) continue;
    if (bytes > page_attribute_bytes) {
      out.cursor = out.items.back().name;
      return out;
    }
    if (p.with_attributes.value_or(false) && values[i]) {
      bytes += size_of(values[i]->attributes);
      item.attributes = std::move(values[i]->attributes);
    }
    out.items.push_back(std::move(item));
  }
  out.cursor = std::move(page.cursor);
  return out;
}

// Lists items. Where their attributes matter each item of a page is opened, so its pages are shorter.
asio::awaitable<Result<ListResult>> list(const App& app, ListParams p) {
  auto vault = app.unlocked();
  if (!vault) co_return vault.error();
  const bool opens = p.attributes || p.with_attributes.value_or(false);
  const auto most = page_size(p.limit, limits::list_page);
  if (!most) co_return most.error();
  auto page = page_of((*vault)->index, p, opens ? std::min(*most, page_opened) : *most);
  if (!opens) co_return std::move(page.result);
  const auto device = *app.device();
  auto values = co_await read_values(device->threads, device->store, std::move(*vault), std::move(page.places));
  co_return with_attributes(std::move(page.result), p, std::move(values));
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
